"""Whole conversations: the flows of the document's appendix (11.7) and of the captured log."""

from __future__ import annotations

from django_mango.protocol.projection import Directory, ProjectedCall
from tests.protocol.flows import (
    ANNA,
    BORIS,
    CLIENT,
    DID,
    HIDDEN,
    T0,
    VERA,
    Flow,
    Side,
    blind_transfer,
    call,
    callback,
    consultation,
    event,
    queue_answered_by_boris,
    row,
    summary,
)


def _times(result: ProjectedCall) -> tuple[int, int, int]:
    """Start, answer and end after ``T0``; -1 where there is none."""
    return tuple(
        at - T0 if at else -1 for at in (result.started_at, result.answered_at, result.ended_at)
    )  # type: ignore[return-value]


def test_direct_outgoing_call_completes_the_callers_number_later() -> None:
    """11.7.1: the first event knows the extension only, the next one the number too."""
    source: Side = {"extension": "1234"}
    known: Side = {"extension": "1234", "number": "74955404444"}
    target: Side = {"number": "12345678"}
    result = call(
        events=[
            event("100:500:256", "Appeared", 0, source, target, seq=1),
            event("100:500:256", "Connected", 4, known, target, seq=2),
            event("100:500:256", "Disconnected", 9, known, target, seq=3, disconnect_reason="1120"),
        ],
        directory=Directory(),
    )
    assert (result.direction, result.outcome) == ("outgoing", "answered")
    assert (result.client_number, result.client_number_raw) == ("", "12345678")
    assert result.extension == "1234"
    assert _times(result) == (0, 4, 9)
    assert (result.wait_seconds, result.talk_seconds) == (4, 5)
    assert [(party.extension, party.role) for party in result.parties] == [("1234", "caller")]


def test_callback_of_the_document_to_a_colleague_who_rejects() -> None:
    """11.7.2 literally: both ends are ours, the second leg is rejected with 1124."""
    consultee: Side = {"extension": "5555", "number": "74955404444"}
    initiator: Side = {"extension": "1234", "number": "12345678"}
    result = call(
        events=[
            event("100:500:251", "Appeared", 0, consultee, initiator, seq=1, command_id="C"),
            event("100:500:251", "Connected", 3, consultee, initiator, seq=2, command_id="C"),
            event(
                "100:500:251", "Disconnected", 4, consultee, initiator,
                seq=3, command_id="C", disconnect_reason=1000,
            ),
            event(
                "100:500:258", "Appeared", 4, initiator, consultee,
                seq=1, command_id="C", taken="100:500:251",
            ),
            event(
                "100:500:258", "Disconnected", 9, initiator, consultee,
                seq=2, command_id="C", disconnect_reason=1124,
            ),
        ],
        commands={"C": "callback"},
        directory=Directory(),
    )  # fmt: skip
    assert (result.direction, result.outcome, result.client_number) == ("internal", "busy", "")
    assert _times(result) == (0, -1, 9)
    assert (result.wait_seconds, result.talk_seconds) == (9, 0)
    assert (result.extension, result.command_id) == ("1234", "C")
    assert [(p.extension, p.role, p.answered_at) for p in result.parties] == [
        ("1234", "caller", 0),
        ("5555", "callee", 0),
    ]


def test_routing_from_the_menu_to_an_employee() -> None:
    """11.7.3: ``command_id`` of a route command does not make the call outgoing."""
    flow = Flow(commands={"c111": "route"})
    flow.leg("L1", CLIENT, DID, "ivr", line="74951234567").rings(0).ends(5, 1100)
    flow.leg("L2", CLIENT, ANNA, taken="L1", command_id="c111", line="74951234567").rings(5).talks(
        9
    ).ends(30, 1120)
    result = flow.call()
    assert (result.direction, result.outcome) == ("incoming", "answered")
    assert _times(result) == (0, 9, 30)
    assert (result.wait_seconds, result.talk_seconds) == (9, 21)
    assert (result.client_number, result.line_number) == ("+79161234567", "74951234567")
    assert (result.extension, result.owner, result.reached) == ("101", "101", "person")
    assert (result.command_id, result.is_final) == ("", False)


def test_an_unknown_route_command_does_not_make_a_call_outgoing_either() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, DID, "ivr").rings(0).ends(5, 1100)
    flow.leg("L2", CLIENT, ANNA, taken="L1", command_id="elsewhere").rings(5).talks(9).ends(30)
    assert (flow.call().direction, flow.call().outcome) == ("incoming", "answered")


def test_consultative_transfer_keeps_the_client_and_counts_one_talk() -> None:
    result = consultation().call()
    assert (result.direction, result.outcome) == ("incoming", "answered")
    assert result.client_number == "+79161234567"
    assert (result.extension, result.disconnect_reason) == ("101", "1110")
    assert _times(result) == (0, 5, 70)
    assert (result.wait_seconds, result.talk_seconds) == (5, 65)


def test_consultative_transfer_step_by_step() -> None:
    events = consultation().events
    states = [call(events=events[:count]).state for count in range(1, len(events) + 1)]
    assert states == [
        "ringing", "talking", "on_hold", "on_hold", "on_hold",  # the consultant is asked
        "ringing",  # between two facts nobody holds the client
        "talking", "finished",
    ]  # fmt: skip
    asking = call(events=events[:5])
    assert [(leg.call_id, leg.with_client) for leg in asking.legs] == [("L1", True), ("L2", False)]


def test_blind_transfer_with_the_caller_replaced() -> None:
    result = blind_transfer().call()
    assert (result.direction, result.client_number) == ("incoming", "+79161234567")
    assert _times(result) == (0, 5, 70)
    assert (result.extension, result.disconnect_reason) == ("101", "1110")


def test_blind_transfer_rings_between_two_talks_and_keeps_the_answer() -> None:
    events = blind_transfer().events
    ringing = call(events=events[:6])
    assert (ringing.state, ringing.answered_at, ringing.outcome) == ("ringing", T0 + 5, "")
    assert [leg.extensions for leg in ringing.legs] == [("102",)]
    assert call(events=events[:7]).state == "talking"


def test_caller_replaced_by_one_known_only_by_number_does_not_get_the_extension() -> None:
    """The consulting side may be known by its extension alone (11.7.1)."""
    flow = Flow()
    first = flow.leg("L1", CLIENT, ANNA).rings(0).talks(5)
    second = flow.leg("L2", {"extension": "101"}, BORIS, taken="L1").rings(10).talks(12)
    first.ends(20, 1120)
    second.talks(20, source=CLIENT, taken="L1")
    result = flow.call()
    assert result.state == "talking"
    (leg,) = result.legs
    assert (leg.extensions, leg.with_client) == (("102",), True)


def test_return_of_a_blind_transfer() -> None:
    """Boris does not answer: the client is connected back to Anna (``return_blind``)."""
    flow = Flow()
    flow.leg("L1", CLIENT, ANNA).rings(0).talks(5).ends(20, 1180)
    flow.leg("L2", CLIENT, BORIS, taken="L1", transfer="blind").rings(20).ends(40, 1111)
    flow.leg("L3", CLIENT, ANNA, taken="L2", transfer="return_blind").rings(40).talks(44).ends(80)
    result = flow.call()
    assert (result.direction, result.outcome, result.extension) == ("incoming", "answered", "101")
    assert _times(result) == (0, 5, 80)
    assert [(p.extension, p.answered_at - T0 if p.answered_at else 0) for p in result.parties] == [
        ("101", 5),
        ("102", 0),
    ]
    assert flow.call(records=True).parties == result.parties


def test_menu_queue_and_ring_group_answered_by_one() -> None:
    result = queue_answered_by_boris().call()
    assert (result.direction, result.outcome, result.reached) == ("incoming", "answered", "person")
    assert (result.extension, result.group_number) == ("102", "303")
    assert _times(result) == (0, 15, 60)
    assert (result.wait_seconds, result.talk_seconds) == (15, 45)
    assert result.disconnect_reason == "1110"
    assert [(p.extension, bool(p.answered_at)) for p in result.parties] == [
        ("101", False),
        ("102", True),
        ("103", False),
    ]


def test_ring_group_nobody_answers() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, DID, "ivr").rings(0).ends(5, 1100)
    queue = flow.leg("L2", CLIENT, DID, "queue", taken="L1", group="303").rings(5)
    phones = [
        flow.leg(f"L{n}", CLIENT, one, taken="L2").rings(6) for n, one in ((3, ANNA), (4, VERA))
    ]
    for phone in phones:
        phone.ends(30, 1110)
    queue.ends(30, 1110)
    result = flow.call()
    assert (result.outcome, result.reached, result.talk_seconds) == ("missed", "person", 0)
    assert (result.wait_seconds, result.extension, result.group_number) == (30, "101", "303")


def test_waiting_in_a_queue_whose_phone_rang_in_vain_is_not_over() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, DID, "queue", group="303").rings(0)
    flow.leg("L2", CLIENT, ANNA, taken="L1").rings(2).ends(10, 1122)
    result = flow.call()
    assert (result.state, [leg.call_id for leg in result.legs]) == ("ringing", ["L1"])
    flow.leg("L3", CLIENT, BORIS, taken="L1").rings(12).talks(15)
    result = flow.call()  # the end of the queue leg was lost
    assert (result.state, [leg.call_id for leg in result.legs]) == ("talking", ["L3"])


def test_given_up_in_the_queue() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, DID, "ivr").rings(0).ends(5, 1100)
    flow.leg("L2", CLIENT, DID, "queue", taken="L1").rings(5).ends(40, 1110)
    result = flow.call()
    assert (result.outcome, result.reached, result.extension) == ("missed", "queue", "")
    assert result.parties == ()


def test_a_call_that_ends_in_the_menu_is_missed() -> None:
    """T-20: the summary calls it successful, ``to`` is empty (§3.1.6)."""
    flow = Flow()
    flow.leg("L1", CLIENT, DID, "ivr").rings(0).talks(0).ends(9, 1170)
    flow.summaries.append(summary(1, CLIENT, {}, ended=9, reason=1170, result=1))
    result = flow.call()
    assert (result.outcome, result.reached, result.is_final) == ("missed", "ivr", True)
    assert (result.answered_at, result.wait_seconds) == (0, 9)
    alone = call(summaries=flow.summaries)
    assert (alone.outcome, alone.reached) == ("missed", "ivr")


def test_summary_without_a_called_party_is_not_answered_even_with_a_talk_time() -> None:
    result = call(summaries=[summary(1, CLIENT, {}, talked=3, ended=9)])
    assert (result.outcome, result.answered_at) == ("missed", 0)


def test_pick_up_by_a_colleague() -> None:
    """Boris takes the call that rings at Anna: her leg ends with 1182."""
    flow = Flow()
    first = flow.leg("L1", CLIENT, ANNA).rings(0)
    second = flow.leg("L2", CLIENT, BORIS, taken="L1").rings(8)
    assert [leg.call_id for leg in flow.call().legs] == ["L2"]  # her end is still to come
    first.ends(8, 1182)
    second.talks(8).ends(50)
    result = flow.call()
    assert (result.outcome, result.extension, result.wait_seconds) == ("answered", "102", 8)
    assert {p.extension: p.answered_at for p in result.parties} == {"101": 0, "102": T0 + 8}


def test_internal_call() -> None:
    flow = Flow()
    flow.leg("L1", ANNA, BORIS).rings(0).talks(4).ends(20, 1120)
    result = flow.call()
    assert (result.direction, result.outcome) == ("internal", "answered")
    assert (result.client_number, result.client_number_raw) == ("", "")
    assert result.extension == "101"
    assert [(p.extension, p.role) for p in result.parties] == [("101", "caller"), ("102", "callee")]


def test_hidden_caller_through_the_menu() -> None:
    """Q61: ``from.number`` is simply absent; the routed leg has no caller either."""
    flow = Flow()
    flow.leg("L1", HIDDEN, DID, "ivr").rings(0)  # its end is lost
    flow.leg("L2", HIDDEN, ANNA, taken="L1").rings(5).talks(9)
    result = flow.call()
    assert (result.direction, result.state) == ("incoming", "talking")
    assert (result.client_number, result.client_number_raw) == ("", "")
    assert [leg.call_id for leg in result.legs] == ["L2"]


def test_client_by_a_number_that_is_no_e164_is_kept_raw() -> None:
    result = call(
        summaries=[summary(1, {"number": "sip:friend@elsewhere.example"}, ANNA, talked=4)]
    )
    assert (result.client_number, result.client_number_raw) == ("", "sip:friend@elsewhere.example")
    assert result.direction == "incoming"


def test_group_dials_by_rows_alone_look_like_one_call() -> None:
    result = queue_answered_by_boris().call(events=False, records=True)
    assert (result.direction, result.outcome, result.extension) == ("incoming", "answered", "102")
    assert (_times(result), result.is_final) == ((0, 15, 60), True)
    assert result.sources == ("basic",)


def test_a_phone_that_joined_late_and_rang_in_vain_is_not_the_last_leg() -> None:
    """Phones of a group may join one after another; whose began last need not end last."""
    rows = [
        row(CLIENT, ANNA, 0, 60, answer=20),
        row(CLIENT, BORIS, 10, 20, reason=1183),
    ]
    result = call(records=rows)
    assert (result.outcome, result.extension, result.is_final) == ("answered", "101", True)


def test_callback_of_the_captured_log() -> None:
    result = callback().call()
    assert (result.direction, result.outcome, result.command_id) == ("outgoing", "answered", "C")
    assert (result.client_number, result.extension) == ("+79161234567", "101")
    assert _times(result) == (0, 12, 60)
    assert (result.wait_seconds, result.talk_seconds) == (12, 48)
