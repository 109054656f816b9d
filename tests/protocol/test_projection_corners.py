"""Corners of the table that only odd facts reach."""

from __future__ import annotations

import pytest

from django_mango.protocol.projection import Address, Directory
from tests.protocol.flows import ANNA, BORIS, CLIENT, HIDDEN, T0, Flow, call, event, row, summary


def test_legs_of_a_callback_within_one_second_are_final() -> None:
    """A phone that answers by itself, a client who is busy: nothing lasted a second."""
    rows = [
        row(CLIENT, ANNA, 0, 0, answer=0, reason=1000),
        row(ANNA, CLIENT, 0, 0, reason=1121),
    ]
    for records in (rows, rows[::-1]):
        result = call(records=records)
        assert (result.direction, result.outcome, result.is_final) == ("outgoing", "busy", True)


@pytest.mark.parametrize(
    ("talked", "ended", "started"), [(40, 60, 40), (None, 60, 60), (40, None, 40)]
)
def test_start_that_nobody_knows_is_the_next_moment(
    talked: int | None, ended: int | None, started: int
) -> None:
    result = call(summaries=[summary(1, CLIENT, ANNA, created=None, talked=talked, ended=ended)])
    assert (result.started_at - T0, result.wait_seconds) == (started, 0)


@pytest.mark.parametrize(("talked", "direction"), [(40, "incoming"), (60, "internal")])
def test_directory_is_asked_at_the_first_moment_a_summary_knows(
    talked: int, direction: str
) -> None:
    mobile = {"number": "79031112233"}
    directory = Directory([Address("number", "+79031112233", 7, valid_from=T0 + 50)])
    result = call(
        summaries=[summary(None, mobile, ANNA, created=None, talked=talked, ended=90)],
        directory=directory,
    )
    assert result.direction == direction


def test_client_the_summary_does_not_name_is_taken_from_the_legs() -> None:
    told = summary(2, ANNA, {}, ended=9)
    by_events = call(summaries=[told], events=[event("L1", "Appeared", 0, ANNA, CLIENT)])
    by_rows = call(summaries=[told], records=[row(ANNA, CLIENT, 0, 9)])
    assert by_events.client_number == by_rows.client_number == "+79161234567"
    assert call(summaries=[told]).client_number == ""


def test_hidden_client_is_in_the_leg_with_one_of_us_only() -> None:
    flow = Flow()
    flow.leg("L1", HIDDEN, ANNA).rings(0).talks(5).holds(10)
    consult = flow.leg("L2", ANNA, BORIS, taken="L1", transfer="consultative").rings(11).talks(14)
    result = flow.call()
    assert (result.state, [leg.with_client for leg in result.legs]) == ("on_hold", [True, False])
    consult.talks(20, source=HIDDEN)
    result = flow.call()
    assert (result.state, [(leg.call_id, leg.with_client) for leg in result.legs]) == (
        "talking",
        [("L2", True)],
    )
    assert result.legs[0].extensions == ("102",)


def test_leg_order_is_by_the_link_then_time_then_place() -> None:
    """The root leg decides who called whom, whatever its id."""
    events = [
        event("A", "Appeared", 0, ANNA, BORIS, taken="X"),
        event("Z", "Appeared", 5, CLIENT, ANNA),
    ]
    assert call(events=events).direction == "incoming"
    events = [event("A", "Appeared", 5, ANNA, BORIS), event("Z", "Appeared", 0, CLIENT, ANNA)]
    assert call(events=events).direction == "incoming"
    events = [
        event("A", "Appeared", 0, ANNA, BORIS),
        event("M", "Appeared", 0, {"number": "74957777777"}, ANNA, location="queue"),
        event("Z", "Appeared", 0, CLIENT, ANNA, location="ivr"),
    ]
    assert call(events=events).client_number == "+79161234567"
    events = [event("A", "Appeared", None, ANNA, BORIS), event("Z", "Appeared", 0, CLIENT, ANNA)]
    assert call(events=events).direction == "incoming"
