"""When a leg is over, when a call is final, and how a closing is taken back."""

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
    Side,
    call,
    event,
    queue_answered_by_boris,
    row,
    summary,
)


def _menu_then_talk(*, menu_ends: bool = True) -> Flow:
    flow = Flow()
    menu = flow.leg("L1", CLIENT, DID, "ivr").rings(0)
    if menu_ends:
        menu.ends(5, 1100)
    flow.leg("L2", CLIENT, ANNA, taken="L1").rings(5).talks(9)
    return flow


def test_routed_leg_closes_the_menu_whose_end_was_lost() -> None:
    result = _menu_then_talk(menu_ends=False).call()
    assert (result.state, [leg.call_id for leg in result.legs]) == ("talking", ["L2"])


def test_a_leg_of_another_client_closes_nothing() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, DID, "ivr").rings(0)
    flow.leg("L2", {"number": "74957777777"}, ANNA, taken="L1").rings(5)
    assert [leg.call_id for leg in flow.call().legs] == ["L1", "L2"]


def test_consult_leg_does_not_end_the_held_leg() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, ANNA).rings(0).talks(5).holds(10)
    flow.leg("L2", ANNA, BORIS, taken="L1").rings(11).talks(14)
    result = flow.call()
    assert (result.state, len(result.legs)) == ("on_hold", 2)


def test_consult_leg_of_an_outgoing_call_does_not_end_it_either() -> None:
    flow = Flow()
    flow.leg("L1", ANNA, CLIENT).rings(0).talks(5).holds(10)
    flow.leg("L2", ANNA, BORIS, taken="L1", transfer="consultative").rings(11)
    assert (flow.call().state, len(flow.call().legs)) == ("on_hold", 2)


@pytest.mark.parametrize("transfer", ["consultative", ""])
def test_consultation_inside_an_internal_call(transfer: str) -> None:
    """The word ``transfer`` needs "api v.2" (T-39); the hold tells as much."""
    flow = Flow()
    flow.leg("L1", ANNA, BORIS).rings(0).talks(5).holds(10)
    flow.leg("L2", ANNA, VERA, taken="L1", transfer=transfer).rings(11)
    assert (flow.call().state, len(flow.call().legs)) == ("on_hold", 2)


def test_internal_caller_routed_on_leaves_his_first_leg() -> None:
    flow = Flow()
    flow.leg("L1", ANNA, BORIS).rings(0)
    flow.leg("L2", ANNA, VERA, taken="L1").rings(8)
    assert [leg.call_id for leg in flow.call().legs] == ["L2"]


def test_colleague_in_our_own_menu_is_routed_like_a_client() -> None:
    flow = Flow()
    flow.leg("L1", ANNA, DID, "ivr").rings(0)
    flow.leg("L2", ANNA, BORIS, taken="L1").rings(5).talks(9)
    assert [leg.call_id for leg in flow.call().legs] == ["L2"]


def test_transfer_done_closes_the_held_leg_whose_end_was_lost() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, ANNA).rings(0).talks(5).holds(10)
    consult = flow.leg("L2", ANNA, BORIS, taken="L1", transfer="consultative").rings(11).talks(14)
    consult.talks(20, source=CLIENT)
    result = flow.call()
    assert (result.state, [leg.call_id for leg in result.legs]) == ("talking", ["L2"])


@pytest.mark.parametrize(("finish", "state"), [(39, "talking"), (40, "finished"), (60, "finished")])
def test_row_closes_a_leg_only_with_a_finish_not_before_its_last_event(
    finish: int, state: str
) -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, ANNA).rings(0).talks(5)
    flow.events.append(event("L1", "Connected", 40, CLIENT, ANNA, seq=3))
    result = call(events=flow.events, records=[row(CLIENT, ANNA, 0, finish, answer=5)])
    assert (result.state, result.is_final) == (state, state == "finished")


@pytest.mark.parametrize(
    ("source", "target", "closes"),
    [
        (CLIENT, ANNA, True),
        (CLIENT, {"number": ANNA["number"]}, True),
        (CLIENT, {"extension": "101"}, True),
        ({"number": "+7 (916) 123-45-67"}, ANNA, True),
        (CLIENT, BORIS, False),
        ({"number": "74957777777"}, ANNA, False),
        ({}, ANNA, False),
        (ANNA, CLIENT, False),
    ],
)
def test_row_closes_the_leg_of_the_same_parties_only(
    source: Side, target: Side, closes: bool
) -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, ANNA).rings(0)
    result = call(events=flow.events, records=[row(source, target, 0, 60)])
    assert (result.state == "finished") is closes


def test_row_of_the_menu_does_not_close_the_queue_entered_in_that_second() -> None:
    """Both legs run from the client to the number he dialled."""
    flow = Flow()
    flow.leg("L1", CLIENT, DID, "ivr").rings(0).ends(5, 1100)
    flow.leg("L2", CLIENT, DID, "queue", taken="L1").rings(5)
    result = flow.call(records=True)
    assert (result.state, [leg.call_id for leg in result.legs]) == ("ringing", ["L2"])


def test_row_of_an_earlier_ring_does_not_close_the_next_one() -> None:
    """The same phone rings once more in the second in which it fell silent."""
    flow = Flow()
    flow.leg("L1", CLIENT, ANNA).rings(0).ends(20, 1111)
    second = flow.leg("L2", CLIENT, ANNA, taken="L1").rings(20)
    assert (flow.call(records=True).state, flow.call(records=True).is_final) == ("ringing", False)
    second.talks(20)
    flow.events.append(event("L2", "Disconnected", 40, CLIENT, ANNA, seq=3))
    result = flow.call(records=True)  # the row of the talk is not imported yet
    assert (result.outcome, result.is_final) == ("answered", False)


@pytest.mark.parametrize("location", ["", "abonent"])
def test_row_or_leg_without_a_location_may_still_be_one(location: str) -> None:
    events = [event("L1", "Appeared", 0, CLIENT, ANNA, location="abonent" if not location else "")]
    rows = [row(CLIENT, ANNA, 0, 20, location=location)]
    assert call(events=events, records=rows).state == "finished"


def test_row_of_a_leg_that_lasted_no_second_closes_it() -> None:
    events = [event("L1", "Appeared", 7, CLIENT, ANNA)]
    assert call(events=events, records=[row(CLIENT, ANNA, 7, 7)]).state == "finished"


def test_hold_and_back() -> None:
    flow = Flow()
    leg = flow.leg("L1", CLIENT, ANNA).rings(0).talks(5).holds(10)
    assert flow.call().state == "on_hold"
    leg.talks(20)
    result = flow.call()
    assert (result.state, result.answered_at - T0) == ("talking", 5)


def test_row_closes_the_leg_of_a_hidden_caller() -> None:
    events = [event("L1", "Appeared", 0, {}, ANNA)]
    assert call(events=events, records=[row({}, ANNA, 0, 20)]).state == "finished"


def test_row_knows_a_transferred_leg_by_its_first_or_its_last_caller() -> None:
    flow = Flow()
    leg = flow.leg("L2", ANNA, BORIS, taken="L1").rings(11).talks(14)
    leg.talks(20, source=CLIENT)
    for source in (ANNA, CLIENT):
        result = call(events=flow.events, records=[row(source, BORIS, 11, 60, answer=14)])
        assert result.state == "finished"


def test_events_alone_end_a_call_provisionally() -> None:
    result = queue_answered_by_boris().call()
    assert (result.state, result.is_final) == ("finished", False)


def test_between_menu_and_employee_the_end_is_provisional() -> None:
    flow = _menu_then_talk()
    first = call(events=flow.events[:2], records=flow.records)
    assert (first.state, first.outcome, first.is_final) == ("finished", "missed", False)
    reopened = flow.call(records=True)
    assert (reopened.state, reopened.outcome) == ("talking", "")


@pytest.mark.parametrize(
    ("location", "reason", "is_final"),
    [
        ("ivr", 1000, False),
        ("ivr", 1100, False),
        ("queue", 1000, False),
        ("queue", 1100, False),
        ("abonent", 1182, False),
        ("abonent", 1183, False),
        ("queue", 1182, False),
        ("ivr", 1110, True),
        ("ivr", 1170, True),
        ("queue", 1163, True),
        ("abonent", 1100, True),
        ("abonent", 1111, True),
    ],
)
def test_last_leg_that_hands_over_keeps_a_call_open(
    location: str, reason: int, is_final: bool
) -> None:
    target = ANNA if location == "abonent" else DID
    assert call(records=[row(CLIENT, target, 0, 9, location=location, reason=reason)]).is_final is (
        is_final
    )


def test_hand_over_that_is_followed_is_none() -> None:
    rows = [
        row(CLIENT, DID, 0, 5, location="ivr", reason=1100),
        row(CLIENT, ANNA, 5, 20, reason=1111),
    ]
    assert call(records=rows).is_final
    assert call(records=rows[::-1]).is_final


def test_rows_do_not_make_final_what_events_know_to_go_on() -> None:
    flow = _menu_then_talk()
    extra = [*flow.records, row(CLIENT, BORIS, 5, 9, reason=1111)]
    result = call(events=flow.events, records=extra)
    assert (result.state, result.is_final) == ("talking", False)


def test_summary_makes_final_even_after_a_hand_over() -> None:
    flow = _menu_then_talk()
    flow.summaries.append(summary(1, CLIENT, ANNA, talked=9, ended=30))
    assert flow.call().is_final


def test_stale_closing_ends_a_call_at_its_last_fact() -> None:
    flow = _menu_then_talk()
    closed = flow.call(stale_closed_at=T0 + 7200)
    assert (closed.state, closed.is_final, closed.outcome) == ("finished", True, "answered")
    assert (closed.ended_at - T0, closed.talk_seconds, closed.legs) == (9, 0, ())
    assert closed.live_call_id == ""


def test_stale_closing_of_a_call_that_only_rang() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, DID, "ivr").rings(0).ends(5, 1100)
    flow.leg("L2", CLIENT, ANNA, taken="L1").rings(8)
    closed = flow.call(stale_closed_at=T0 + 7200)
    assert (closed.outcome, closed.ended_at - T0, closed.wait_seconds) == ("missed", 8, 8)


@pytest.mark.parametrize(("closed_at", "is_closed"), [(8, False), (9, True), (10, True)])
def test_a_fact_newer_than_the_closing_takes_it_back(closed_at: int, is_closed: bool) -> None:
    result = _menu_then_talk().call(stale_closed_at=T0 + closed_at)
    assert (result.state, result.is_final) == (
        ("finished", True) if is_closed else ("talking", False)
    )


def test_a_closed_call_is_reopened_by_a_new_event_and_closed_for_good_by_its_summary() -> None:
    flow = _menu_then_talk()
    flow.events.append(event("L2", "OnHold", 7300, CLIENT, ANNA, seq=3))
    reopened = flow.call(stale_closed_at=T0 + 7200)
    assert (reopened.state, reopened.is_final) == ("on_hold", False)
    flow.summaries.append(summary(1, CLIENT, ANNA, talked=9, ended=7400))
    assert flow.call(stale_closed_at=T0 + 7200).is_final


def test_a_leg_that_ended_is_not_reopened_by_a_late_or_unnumbered_event() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, ANNA).rings(0).talks(5).ends(20)
    flow.events.append(event("L1", "Connected", 25, CLIENT, ANNA, seq=4))
    flow.events.append(event("L1", "OnHold", 26, CLIENT, ANNA, seq=0))
    assert flow.call().state == "finished"


@pytest.mark.parametrize(
    ("location", "state", "expected"),
    [
        ("ivr", "Connected", "ringing"),
        ("queue", "Connected", "ringing"),
        ("queue", "Appeared", "ringing"),
        ("abonent", "Appeared", "ringing"),
        ("abonent", "Connected", "talking"),
        ("", "Connected", "talking"),
        ("abonent", "OnHold", "on_hold"),
    ],
)
def test_state_of_one_open_leg(location: str, state: str, expected: str) -> None:
    result = call(events=[event("L1", state, 0, CLIENT, ANNA, location=location)])
    assert result.state == expected


def test_words_with_cyrillic_letters_are_understood() -> None:
    """T-12: "АРPEARED" may be printed with look-alikes, in any case."""
    result = call(events=[event("L1", "Арреared", 0, CLIENT, ANNA, location="аbonеnt")])
    assert (result.state, result.reached) == ("ringing", "person")
