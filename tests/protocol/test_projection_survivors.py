"""Rules for calls of which some notifications were lost: what is left must say the same."""

from dataclasses import replace

import pytest

from django_mango.protocol.notifications import Party
from django_mango.protocol.projection import Address, Directory, Facts, project
from tests.protocol.flows import ANNA, BORIS, CLIENT, DID, TEAM, VERA, event, row, summary


def call_of(**facts):
    return project(Facts("E1", directory=TEAM, **facts))


@pytest.mark.parametrize(
    ("reason", "outcome"), [(1111, "cancelled"), (1122, "cancelled"), (2240, "failed")]
)
def test_a_summary_the_other_way_round_shows_that_a_row_is_a_callback_s_first_leg(reason, outcome):
    """All events are lost: the row reads as an incoming call, the summary as an unanswered one."""
    rang_anna = row(CLIENT, ANNA, 0, 15, reason=reason)
    told = summary(2, ANNA, CLIENT, ended=15, reason=reason)
    call = call_of(summaries=(told,), records=(rang_anna,))
    assert (call.direction, call.outcome) == ("outgoing", outcome)
    assert call.client_number == "+79161234567"
    assert not call.is_missed
    assert [(one.extension, one.role) for one in call.parties] == [("101", "caller")]


def test_a_summary_the_same_way_round_shows_nothing_of_the_kind():
    told = summary(1, CLIENT, ANNA, ended=15, reason=1111)
    call = call_of(summaries=(told,), records=(row(CLIENT, ANNA, 0, 15, reason=1111),))
    assert (call.direction, call.outcome) == ("incoming", "missed")
    told = summary(2, ANNA, CLIENT, ended=15, reason=1121)
    call = call_of(summaries=(told,), records=(row(ANNA, CLIENT, 0, 15, reason=1121),))
    assert (call.direction, call.outcome) == ("outgoing", "busy")


def test_a_client_who_was_handed_over_and_called_anew_is_no_callback():
    """The first leg's events are lost; the leg that is left was taken from it."""
    back = event("L2", "Appeared", 20, CLIENT, ANNA, taken="L1", transfer="return_blind")
    told = summary(2, ANNA, CLIENT, ended=30, reason=1121)
    call = call_of(events=(back,), summaries=(told,))
    assert (call.direction, call.outcome) == ("outgoing", "busy")


def consulted(*, last_row):
    """The client talks to Anna, who asks Boris; that the client was joined is lost."""
    return {
        "events": (
            event("L1", "Appeared", 0, CLIENT, ANNA),
            event("L1", "Connected", 5, CLIENT, ANNA, seq=2),
            event("L1", "OnHold", 20, CLIENT, ANNA, seq=3),
            event("L2", "Connected", 25, ANNA, BORIS, seq=2, taken="L1"),
            event("L1", "Disconnected", 35, CLIENT, ANNA, seq=4, disconnect_reason=1120),
        ),
        "records": (row(CLIENT, ANNA, 0, 35, answer=5, reason=1120), last_row),
    }


def test_a_row_with_the_client_closes_the_consultation_he_was_joined_to():
    facts = consulted(last_row=row(CLIENT, BORIS, 21, 60, answer=25))
    call = call_of(**facts)
    assert (call.state, call.outcome, call.is_final) == ("finished", "answered", True)
    assert (call.extension, call.ended_at - call.started_at) == ("101", 60)


@pytest.mark.parametrize(
    "last_row",
    [
        row(CLIENT, BORIS, 26, 60, answer=27),  # it began later: another talk
        row(CLIENT, BORIS, 21, 24, answer=22),  # it was over before
        row(CLIENT, {"extension": "103"}, 21, 60, answer=25),  # with somebody else
        row(CLIENT, BORIS, 21, 60, location="queue"),  # at another place
    ],
)
def test_a_row_of_another_leg_does_not_close_it(last_row):
    assert call_of(**consulted(last_row=last_row)).state != "finished"


def test_a_row_with_the_client_does_not_close_a_leg_that_was_not_taken_from_another():
    facts = consulted(last_row=row(CLIENT, BORIS, 21, 60, answer=25))
    facts["events"] = tuple(replace(one, taken_from="") for one in facts["events"])
    assert call_of(**facts).state != "finished"


def test_a_row_with_a_colleague_closes_the_consultation_he_was_joined_to():
    """The same of an internal call: Vera talks to Anna, who asks Boris."""
    facts = consulted(last_row=row(VERA, BORIS, 21, 60, answer=25))
    facts["events"] = tuple(
        replace(one, caller=Party("103")) if one.call_id == "L1" else one for one in facts["events"]
    )
    call = call_of(**facts)
    assert (call.direction, call.state) == ("internal", "finished")


def test_a_leg_taken_from_another_is_no_first_leg_of_a_callback():
    """Boris was handed the client and handed him back; what came before is lost."""
    asked = event("L2", "Appeared", 20, ANNA, BORIS, taken="L1")
    back = event("L3", "Appeared", 40, BORIS, ANNA, taken="L2")
    rows = (
        row(CLIENT, DID, 0, 3, location="ivr", reason=1100),
        row(CLIENT, ANNA, 3, 30, answer=5),
        row(CLIENT, BORIS, 20, 41, answer=25),
        row(CLIENT, ANNA, 40, 60, answer=44),
    )
    call = call_of(events=(asked, back), records=rows)
    assert (call.direction, call.client_number) == ("incoming", "+79161234567")


MOBILE = {"number": "79265550111"}
BY_MOBILE = Directory(
    [Address("extension", "101", "101"), Address("number", "+79265550111", "101")]
)


@pytest.mark.parametrize("location", ["ivr", "queue"])
def test_who_of_us_calls_one_of_our_lines_calls_internally(location):
    """The line is ours though nobody has its number; it never is the client."""
    event_only = {"events": (event("L", "Appeared", 0, MOBILE, DID, location=location),)}
    row_only = {"records": (row(MOBILE, DID, 0, 9, location=location, reason=1110),)}
    in_menu = {"summaries": (summary(1, MOBILE, {}, ended=9, reason=1170, result=1),)}
    for facts in (event_only, row_only, in_menu):
        call = project(Facts("E1", directory=BY_MOBILE, **facts))
        assert (call.direction, call.client_number, call.is_missed) == ("internal", "", False)


def test_who_of_us_calls_somebody_else_directly_calls_out():
    call = project(Facts("E1", directory=BY_MOBILE, records=(row(MOBILE, CLIENT, 0, 9),)))
    assert (call.direction, call.client_number) == ("outgoing", "+79161234567")


@pytest.mark.parametrize("by_rows", [True, False])
def test_a_queue_ends_after_its_telephones_within_the_same_second(by_rows):
    queue, ring = {"location": "queue", "reason": 1164}, {"reason": 1121}
    if by_rows:
        facts = {"records": (row(CLIENT, DID, 4, 6, **queue), row(CLIENT, ANNA, 5, 6, **ring))}
    else:
        facts = {
            "events": (
                event(
                    "Q", "Disconnected", 6, CLIENT, DID, location="queue", disconnect_reason=1164
                ),
                event("A", "Disconnected", 6, CLIENT, ANNA, taken="Q", disconnect_reason=1121),
            )
        }
    assert call_of(**facts).disconnect_reason == "1164"


def test_a_queue_that_handed_over_within_the_second_is_not_the_last():
    rows = (
        row(CLIENT, DID, 4, 6, location="queue", reason=1000),
        row(CLIENT, ANNA, 5, 6, reason=1121),
    )
    assert call_of(records=rows).disconnect_reason == "1121"
