"""Click-to-call: the first leg rings our own employee and proves nothing (Q67, T-38)."""

from __future__ import annotations

import pytest

from tests.protocol.flows import (
    ANNA,
    BORIS,
    CLIENT,
    DID,
    T0,
    VERA,
    Flow,
    call,
    callback,
    event,
    row,
    summary,
)

WEAK = ["CC", "ObDial", "CallbackWidget", "MissGroupCallCallback", "MissInIvrCallCallback"]


def _ringing_first_leg(**more: object) -> Flow:
    flow = Flow()
    flow.leg("L1", CLIENT, ANNA, **more).rings(0)
    return flow


@pytest.mark.parametrize("kind", ["callback", "callback_group"])
def test_own_callback_command_makes_it_outgoing_at_once(kind: str) -> None:
    flow = _ringing_first_leg(command_id="C")
    flow.commands["C"] = kind
    result = flow.call()
    assert (result.direction, result.state, result.command_id) == ("outgoing", "ringing", "C")
    assert (result.client_number, result.extension) == ("+79161234567", "101")


@pytest.mark.parametrize("kind", ["hangup", "route", "transfer"])
def test_another_command_of_ours_does_not(kind: str) -> None:
    flow = _ringing_first_leg(command_id="C")
    flow.commands["C"] = kind
    assert (flow.call().direction, flow.call().command_id) == ("incoming", "")


def test_unknown_command_on_the_root_leg_is_somebody_elses_callback() -> None:
    result = _ringing_first_leg(command_id="elsewhere").call()
    assert (result.direction, result.command_id) == ("outgoing", "")


@pytest.mark.parametrize("initiator", ["API", "WEB", "SomethingNew"])
def test_initiator_names_a_callback(initiator: str) -> None:
    assert _ringing_first_leg(callback_initiator=initiator).call().direction == "outgoing"


@pytest.mark.parametrize("initiator", [*WEAK, "СС", "MissGroupСallСallback"])
def test_weak_initiator_proves_nothing_by_itself(initiator: str) -> None:
    """Their first leg may ring the client; some are printed with Cyrillic letters (T-12)."""
    flow = _ringing_first_leg(callback_initiator=initiator, command_id="elsewhere")
    assert flow.call().direction == "incoming"


@pytest.mark.parametrize("initiator", WEAK)
def test_weak_initiator_with_the_parties_reversed_later(initiator: str) -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, ANNA, callback_initiator=initiator).rings(0).talks(5).ends(6, 1110)
    assert flow.call().direction == "incoming"
    flow.leg("L2", ANNA, CLIENT, callback_initiator=initiator).rings(6)
    result = flow.call()
    assert (result.direction, result.answered_at) == ("outgoing", 0)


@pytest.mark.parametrize("initiator", WEAK)
def test_weak_initiator_with_end_reason_1000(initiator: str) -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, ANNA, callback_initiator=initiator).rings(0).talks(5).ends(6, 1000)
    assert (flow.call().direction, flow.call().answered_at) == ("outgoing", 0)


def test_first_leg_is_not_answered_and_the_call_rings_until_the_client_answers() -> None:
    events = callback().events
    states = [
        (result.state, result.answered_at, result.live_call_id)
        for result in (
            call(events=events[:count], commands={"C": "callback"}) for count in range(1, 7)
        )
    ]
    assert states == [
        ("ringing", 0, "L1"),
        ("ringing", 0, "L1"),  # the employee took the phone
        ("finished", 0, ""),  # provisional: every known leg is over
        ("ringing", 0, "L2"),
        ("talking", T0 + 12, "L2"),
        ("finished", T0 + 12, ""),
    ]


def test_end_of_the_first_leg_lost() -> None:
    flow = callback()
    del flow.events[2]  # Disconnected of L1
    result = flow.call()
    assert (result.state, result.ended_at - T0) == ("finished", 60)
    assert [leg.call_id for leg in call(events=flow.events[:3], commands=flow.commands).legs] == [
        "L2"
    ]


def test_first_leg_lost_completely() -> None:
    flow = callback()
    del flow.events[:3]
    result = flow.call()
    assert (result.direction, result.outcome, result.answered_at - T0) == (
        "outgoing",
        "answered",
        12,
    )
    assert (result.client_number, result.command_id) == ("+79161234567", "C")


def test_first_leg_lost_and_no_command_known() -> None:
    flow = callback(command="elsewhere")
    del flow.events[:3]
    assert (flow.call().direction, flow.call().outcome) == ("outgoing", "answered")


def test_internal_callback_whose_first_leg_was_lost() -> None:
    """Both ends are ours: only ``taken_from_call_id`` tells that this is the second leg."""
    flow = Flow(commands={"C": "callback"})
    flow.leg("L2", ANNA, BORIS, taken="L1", command_id="C").rings(6).talks(10).ends(30)
    result = flow.call()
    assert (result.direction, result.outcome, result.answered_at - T0) == (
        "internal",
        "answered",
        10,
    )


def test_internal_callback_of_which_the_second_row_is_imported_only() -> None:
    """Rows of one entry may straddle the edge of a window (Q33)."""
    flow = Flow(commands={"C": "callback"})
    flow.leg("L1", BORIS, ANNA, command_id="C").rings(0).talks(5).ends(6, 1000)
    flow.leg("L2", ANNA, BORIS, taken="L1", command_id="C").rings(6).talks(10).ends(30)
    del flow.records[0]
    result = flow.call(records=True)
    assert (result.outcome, result.answered_at - T0) == ("answered", 10)


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (1111, "cancelled"),
        (1110, "cancelled"),
        (1121, "cancelled"),
        (1131, "cancelled"),
        ("", "cancelled"),
        (2210, "failed"),
        (3100, "failed"),
        (3210, "failed"),
        (4210, "failed"),
        (4100, "cancelled"),
        (4501, "failed"),
        (5003, "failed"),
    ],
)
def test_outcome_when_the_client_was_never_rung(reason: int | str, outcome: str) -> None:
    flow = _ringing_first_leg(command_id="C")
    flow.commands["C"] = "callback"
    flow.events.append(
        event("L1", "Disconnected", 20, CLIENT, ANNA, seq=2, disconnect_reason=reason)
    )
    result = flow.call()
    assert (result.direction, result.outcome, result.answered_at) == ("outgoing", outcome, 0)


def test_own_reason_counts_once_the_client_was_rung() -> None:
    assert callback(client_answers=False).call().outcome == "no_answer"


def test_first_leg_done_means_that_the_client_was_rung() -> None:
    """The client's leg was lost whole; the summary knows that his line was busy."""
    flow = callback()
    del flow.events[3:]
    flow.summaries.append(summary(2, ANNA, CLIENT, ended=14, reason=1121))
    assert flow.call().outcome == "busy"


def test_row_of_the_first_leg_has_an_answer_that_proves_nothing() -> None:
    """History from before the installation knows no command."""
    flow = callback(client_answers=False)
    result = flow.call(events=False, records=True)
    assert (result.direction, result.outcome, result.answered_at) == ("outgoing", "no_answer", 0)
    assert (result.client_number, result.extension) == ("+79161234567", "101")
    assert result.is_final


def test_rows_of_an_answered_callback_alone() -> None:
    result = callback().call(events=False, records=True)
    assert (result.direction, result.outcome, result.is_final) == ("outgoing", "answered", True)
    assert (result.started_at - T0, result.answered_at - T0, result.ended_at - T0) == (0, 12, 60)


def test_first_row_alone_is_not_final() -> None:
    """The edge of a window may lie between the two rows: the second one is still to come."""
    flow = callback()
    result = call(records=flow.records[:1])
    assert (result.direction, result.answered_at, result.is_final) == ("outgoing", 0, False)


def test_row_of_an_employee_who_took_the_phone_and_hung_up() -> None:
    """No sign in the row itself: what the events know as a first leg is one in the rows too."""
    flow = Flow()
    first = flow.leg("L1", CLIENT, ANNA, command_id="elsewhere").rings(0).talks(5)
    first.ends(7, 1110)
    result = flow.call(records=True)
    assert (result.direction, result.outcome, result.answered_at) == ("outgoing", "cancelled", 0)


def _callback_of_a_group() -> Flow:
    """§3.2.2: two phones ring for the group, Boris takes his, then the client is rung."""
    flow = Flow(commands={"G": "callback_group"})
    phones = [
        flow.leg(f"L{number}", CLIENT, one, command_id="G").rings(0)
        for number, one in enumerate((ANNA, BORIS), start=1)
    ]
    phones[1].talks(5)
    phones[0].ends(5, 1183)
    phones[1].ends(6, 1000)
    flow.leg("L3", BORIS, CLIENT, taken="L2", command_id="G").rings(6).talks(15).ends(40)
    return flow


@pytest.mark.parametrize(
    "sources", [{"records": False}, {"records": True}, {"events": False, "records": True}]
)
def test_every_phone_of_a_group_callback_is_a_first_leg(sources: dict[str, bool]) -> None:
    result = _callback_of_a_group().call(**sources)
    assert (result.direction, result.outcome) == ("outgoing", "answered")
    assert (result.answered_at - T0, result.extension) == (15, "102")
    assert {p.extension: p.answered_at for p in result.parties} == {"101": 0, "102": T0 + 15}


def test_group_callback_nobody_of_us_takes_is_cancelled() -> None:
    flow = Flow(commands={"G": "callback_group"})
    for number, one in enumerate((ANNA, BORIS), start=1):
        flow.leg(f"L{number}", CLIENT, one, command_id="G").rings(0).ends(20, 1111)
    assert (flow.call().direction, flow.call().outcome) == ("outgoing", "cancelled")


def test_group_callback_rings_while_the_client_is_not_asked() -> None:
    events = _callback_of_a_group().events
    taken = call(events=events[:3], commands={"G": "callback_group"})
    assert (taken.state, taken.answered_at) == ("ringing", 0)


def test_client_handed_on_after_a_callback_is_no_further_first_leg() -> None:
    """In the rows the transferred client stands as the caller once more."""
    flow = callback()
    flow.leg("L3", CLIENT, VERA, taken="L2").rings(60).talks(65).ends(90)
    result = flow.call(events=False, records=True)
    assert {p.extension: p.answered_at for p in result.parties} == {"101": T0 + 12, "103": T0 + 65}
    assert result.disconnect_reason == "1110"


def test_leg_at_the_menu_is_never_the_first_leg_of_a_callback() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, DID, "ivr", command_id="elsewhere").rings(0).ends(5, 1000)
    assert (flow.call().direction, flow.call().outcome) == ("incoming", "missed")


def test_summary_alone_of_a_callback() -> None:
    result = call(summaries=[summary(2, ANNA, CLIENT, talked=12)])
    assert (result.direction, result.outcome, result.client_number) == (
        "outgoing",
        "answered",
        "+79161234567",
    )


def test_records_reversed_without_reason_1000() -> None:
    rows = [
        row(CLIENT, ANNA, 0, 6, answer=5, reason=1110),
        row(ANNA, CLIENT, 6, 30, reason=1121),
    ]
    result = call(records=rows)
    assert (result.direction, result.outcome, result.answered_at) == ("outgoing", "busy", 0)


def test_reversed_parties_are_found_through_the_directory() -> None:
    """Q32: a row may know the employee by the SIP address only."""
    rows = [
        row(CLIENT, {"number": ANNA["number"]}, 0, 6, answer=5, reason=1110),
        row({"extension": "101"}, CLIENT, 6, 30, answer=10),
    ]
    result = call(records=rows)
    assert (result.direction, result.outcome, result.answered_at) == (
        "outgoing",
        "answered",
        T0 + 10,
    )


def test_one_phone_of_a_group_that_is_done_tells_of_all() -> None:
    """The client's row is in the next window; no command is known."""
    rows = _callback_of_a_group().records[:2]
    result = call(records=rows)
    assert (result.direction, result.answered_at, result.is_final) == ("outgoing", 0, False)


def test_group_callback_within_one_second() -> None:
    flow = Flow(commands={"G": "callback_group"})
    phones = [
        flow.leg(f"L{number}", CLIENT, one, command_id="G").rings(0)
        for number, one in enumerate((ANNA, BORIS), start=1)
    ]
    phones[1].talks(0).ends(0, 1000)
    phones[0].talks(0).ends(0, 1183)  # he took the phone as well, a moment too late
    flow.leg("L3", BORIS, CLIENT, taken="L2", command_id="G").rings(0).talks(5).ends(9)
    for sources in ({"records": True}, {"events": False, "records": True}, {}):
        result = flow.call(**sources)
        assert (result.direction, result.answered_at - T0) == ("outgoing", 5), sources


def test_second_leg_known_by_its_parties_ends_all_first_legs() -> None:
    """Both ends of the first legs and the notification with ``taken_from_call_id`` are lost."""
    flow = Flow(commands={"G": "callback_group"})
    for number, one in enumerate((ANNA, BORIS), start=1):
        flow.leg(f"L{number}", CLIENT, one, command_id="G").rings(0)
    flow.leg("L3", BORIS, CLIENT, command_id="G").talks(15)
    result = flow.call()
    assert (result.state, [leg.call_id for leg in result.legs]) == ("talking", ["L3"])


def test_first_legs_go_on_until_there_is_a_second() -> None:
    flow = Flow(commands={"G": "callback_group"})
    for number, one in enumerate((ANNA, BORIS), start=1):
        flow.leg(f"L{number}", CLIENT, one, command_id="G").rings(0)
    assert [leg.call_id for leg in flow.call().legs] == ["L1", "L2"]


def test_client_brought_back_to_the_same_employee_is_a_talk() -> None:
    """Its row has the parties of the first leg; it began after that was over."""
    flow = callback(client_answers=False)
    flow.leg("L3", CLIENT, ANNA, taken="L2").rings(70).talks(75).ends(90)
    for sources in ({"records": True}, {"events": False, "records": True}, {}):
        result = flow.call(**sources)
        assert (result.answered_at - T0, result.outcome) == (75, "answered"), sources
