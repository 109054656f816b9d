"""Who of us took part, and for how long: per-employee figures rest on it."""

from __future__ import annotations

from django_mango.protocol.projection import Address, Directory, ProjectedCall
from tests.protocol.flows import (
    ANNA,
    BORIS,
    CLIENT,
    DID,
    T0,
    TEAM,
    Flow,
    blind_transfer,
    call,
    callback,
    consultation,
    event,
    queue_answered_by_boris,
    row,
    summary,
)

Times = tuple[int | None, int | None, int | None]


def _at(moment: int) -> int | None:
    return moment - T0 if moment else None


def _times(result: ProjectedCall) -> dict[str, Times]:
    """Rang, answered and ended after ``T0`` by extension."""
    return {
        party.extension or party.number: (
            _at(party.rang_at),
            _at(party.answered_at),
            _at(party.ended_at),
        )
        for party in result.parties
    }


def test_ring_group() -> None:
    flow = queue_answered_by_boris()
    expected: dict[str, Times] = {"101": (6, None, 15), "102": (6, 15, 60), "103": (6, None, 15)}
    assert _times(flow.call()) == expected
    assert _times(flow.call(events=False, records=True)) == expected
    assert _times(flow.call(records=True)) == expected


def test_roles_and_owners() -> None:
    result = queue_answered_by_boris().call()
    assert [(p.extension, p.role, p.owner) for p in result.parties] == [
        ("101", "callee", "101"), ("102", "callee", "102"), ("103", "callee", "103"),
    ]  # fmt: skip


def test_callback_counts_from_the_first_ring_and_talks_from_the_second_leg() -> None:
    assert _times(callback().call()) == {"101": (0, 12, 60)}
    assert callback().call().parties[0].role == "caller"
    assert _times(callback(client_answers=False).call()) == {"101": (0, None, 60)}


def test_who_handed_the_client_over_leaves_with_the_consultation() -> None:
    """Q66: the consult leg goes on with the client in the employee's place."""
    assert _times(consultation().call()) == {"101": (0, 5, 40), "102": (21, 25, 70)}


def test_who_transferred_blindly_does_not_talk_in_the_new_leg() -> None:
    assert _times(blind_transfer().call()) == {"101": (0, 5, 22), "102": (21, 30, 70)}


def test_blind_transfer_whose_first_leg_was_lost() -> None:
    events = [one for one in blind_transfer().events if one.call_id == "L2"]
    assert _times(call(events=events)) == {"101": (21, None, 22), "102": (21, 30, 70)}


def test_who_is_still_in_one_leg_has_not_ended() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, ANNA).rings(0).talks(5).holds(10)
    flow.leg("L2", ANNA, BORIS, taken="L1").rings(11).ends(20, 1122)
    assert _times(flow.call()) == {"101": (0, 5, None), "102": (11, None, 20)}


def test_end_that_was_lost_is_the_end_of_the_call() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, ANNA).rings(0).talks(5)
    assert _times(flow.call()) == {"101": (0, 5, None)}
    flow.summaries.append(summary(1, CLIENT, ANNA, talked=5, ended=60))
    assert _times(flow.call()) == {"101": (0, 5, 60)}


def test_called_side_named_only_when_the_call_is_given_to_somebody() -> None:
    """§3.1.2: ``to.extension`` is absent while the call is not yet distributed."""
    events = [
        event("L1", "Appeared", 0, CLIENT, DID, seq=1),
        event("L1", "Connected", 8, CLIENT, ANNA, seq=2),
        event("L1", "Disconnected", 30, CLIENT, ANNA, seq=3),
    ]
    result = call(events=events)
    assert (result.extension, result.outcome) == ("101", "answered")
    assert _times(result) == {"101": (8, 8, 30)}


def test_nobody_of_us_in_menu_and_queue() -> None:
    rows = [row(CLIENT, ANNA, 0, 5, location="ivr"), row(CLIENT, BORIS, 5, 9, location="queue")]
    assert call(records=rows).parties == ()


def test_unknown_sip_address_is_a_party_without_an_extension() -> None:
    target = {"number": "SIP:Guest@team.mangosip.ru"}
    (party,) = call(records=[row(CLIENT, target, 0, 20, answer=4)]).parties
    assert (party.extension, party.number, party.owner) == ("", "guest@team.mangosip.ru", None)


def test_one_person_by_extension_and_by_sip_address_is_one_party() -> None:
    rows = [
        row(CLIENT, ANNA, 0, 10, reason=1111),
        row(CLIENT, {"number": ANNA["number"]}, 10, 30, answer=14),
    ]
    result = call(records=rows)
    assert (_times(result), result.extension) == ({"101": (0, 14, 30)}, "101")


def test_mobile_of_an_employee_is_the_employee() -> None:
    directory = Directory([Address("extension", "101", 7), Address("number", "+79031112233", 7)])
    rows = [row(CLIENT, {"number": "79031112233"}, 0, 30, answer=6)]
    result = call(records=rows, directory=directory)
    assert (result.direction, result.extension, result.owner) == ("incoming", "101", 7)
    assert [(p.extension, p.owner) for p in result.parties] == [("101", 7)]


def test_summary_alone_names_our_side() -> None:
    result = call(summaries=[summary(1, CLIENT, ANNA, talked=10, ended=60)])
    assert _times(result) == {"101": (None, 10, 60)}
    assert result.parties[0].role == "callee"
    (caller,) = call(summaries=[summary(2, ANNA, CLIENT)]).parties
    assert (caller.role, caller.extension) == ("caller", "101")


def test_group_named_by_the_summary_of_a_missed_call_is_nobody() -> None:
    """§3.1.6: ``to.extension`` may be the short number of a group."""
    result = call(summaries=[summary(1, CLIENT, {"extension": "303"})])
    assert (result.parties, result.owner) == ((), None)


def test_employee_named_by_the_summary_of_a_missed_call_is_a_party() -> None:
    result = call(summaries=[summary(1, CLIENT, ANNA)])
    assert [(p.extension, p.answered_at) for p in result.parties] == [("101", 0)]


def test_parties_are_listed_in_a_fixed_order() -> None:
    flow = queue_answered_by_boris()
    assert [p.extension for p in call(events=flow.events[::-1]).parties] == ["101", "102", "103"]
    assert (
        call(events=flow.events, directory=TEAM).parties == call(events=flow.events[::-1]).parties
    )
