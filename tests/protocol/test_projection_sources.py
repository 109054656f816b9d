"""Which source decides what: summary before statistics before events."""

from __future__ import annotations

from dataclasses import replace

import pytest

from django_mango.protocol.projection import Facts, project
from tests.protocol.flows import (
    ANNA,
    BORIS,
    CLIENT,
    DID,
    T0,
    VERA,
    Flow,
    blind_transfer,
    call,
    consultation,
    event,
    queue_answered_by_boris,
    row,
    summary,
)


def _talk() -> Flow:
    flow = Flow()
    flow.leg("L1", CLIENT, ANNA, line="74950000001").rings(10).talks(20).ends(50, 1120)
    return flow


def test_summary_decides_answer_and_times_as_a_set() -> None:
    flow = _talk()
    flow.summaries.append(summary(1, CLIENT, BORIS, created=9, talked=21, ended=52, reason=1110))
    result = flow.call(records=True)
    assert [at - T0 for at in (result.started_at, result.answered_at, result.ended_at)] == [
        9,
        21,
        52,
    ]
    assert (result.disconnect_reason, result.line_number) == ("1110", "74951234567")
    assert (result.extension, result.wait_seconds, result.talk_seconds) == ("102", 12, 31)
    assert result.sources == ("summary", "basic", "events")


def test_summary_without_a_talk_decides_against_events_and_rows() -> None:
    flow = _talk()
    flow.summaries.append(summary(1, CLIENT, ANNA))
    result = flow.call(records=True)
    assert (result.outcome, result.answered_at, result.talk_seconds) == ("missed", 0, 0)


def test_single_missing_fields_of_a_summary_come_from_the_next_source() -> None:
    flow = _talk()
    flow.summaries.append(summary(1, CLIENT, {}, created=None, ended=None, reason="", line=""))
    by_rows = flow.call(records=True)
    assert (by_rows.started_at, by_rows.ended_at - T0) == (T0, 50)  # ``create`` of the row
    assert (by_rows.disconnect_reason, by_rows.line_number) == ("1120", "74951234567")
    by_events = flow.call()
    assert (by_events.started_at - T0, by_events.ended_at - T0) == (10, 50)
    assert (by_events.disconnect_reason, by_events.line_number) == ("1120", "74950000001")
    assert (by_events.extension, by_events.outcome) == ("101", "missed")


def test_summary_overtakes_the_last_event_and_is_not_reopened() -> None:
    """Q50: seen live, 64 ms apart."""
    flow = _talk()
    late = flow.events.pop()
    flow.summaries.append(summary(1, CLIENT, ANNA, created=10, talked=20, ended=50))
    before = flow.call()
    assert (before.state, before.is_final, before.legs, before.live_call_id) == (
        "finished", True, (), "",
    )  # fmt: skip
    flow.events.append(late)
    assert flow.call() == before
    flow.events.append(event("L9", "Appeared", 55, CLIENT, BORIS))
    after = flow.call()
    assert (after.state, after.is_final, after.ended_at) == ("finished", True, before.ended_at)


@pytest.mark.parametrize("order", [1, -1])
def test_of_differing_summaries_the_greatest_counts(order: int) -> None:
    short = summary(1, CLIENT, ANNA, ended=40, reason=1111)
    long = summary(1, CLIENT, ANNA, talked=20, ended=50, reason=1110)
    talked = summary(1, CLIENT, ANNA, talked=30, ended=50, reason=1120)
    result = call(summaries=[short, talked, long][::order])
    assert (result.ended_at - T0, result.answered_at - T0) == (50, 30)
    assert result.disconnect_reason == "1120"


def test_summary_alone() -> None:
    result = call(summaries=[summary(1, CLIENT, ANNA, created=0, talked=10, ended=40)])
    assert (result.outcome, result.is_final, result.sources) == ("answered", True, ("summary",))
    assert (result.wait_seconds, result.talk_seconds, result.reached) == (10, 30, "person")


def test_rows_decide_over_events_when_they_know_every_talk() -> None:
    flow = _talk()
    rows = [row(CLIENT, ANNA, 11, 51, answer=21, reason=1110, line="74950000002")]
    result = call(events=flow.events, records=rows)
    assert [at - T0 for at in (result.started_at, result.answered_at, result.ended_at)] == [
        11,
        21,
        51,
    ]
    assert (result.disconnect_reason, result.line_number) == ("1110", "74950000002")
    assert (result.sources, result.is_final) == (("basic", "events"), True)


def test_rows_that_contradict_the_answer_decide_it() -> None:
    """The row of the very leg says that nobody answered."""
    result = call(events=_talk().events, records=[row(CLIENT, ANNA, 10, 50, reason=1111)])
    assert (result.outcome, result.answered_at) == ("missed", 0)


def test_rows_complete_what_events_lost() -> None:
    flow = _talk()
    del flow.events[1]  # Connected
    result = flow.call(records=True)
    assert (result.outcome, result.answered_at - T0) == ("answered", 20)


def test_create_column_is_the_start() -> None:
    rows = [row(CLIENT, ANNA, 10, 50, created=7), row(CLIENT, BORIS, 12, 50, created=6)]
    assert call(records=rows).started_at - T0 == 6
    assert call(records=[replace(one, create=0) for one in rows]).started_at - T0 == 10


def test_answer_of_rows_outside_a_person_is_none() -> None:
    rows = [
        row(CLIENT, DID, 0, 5, answer=1, location="ivr", reason=1100),
        row(CLIENT, DID, 5, 40, answer=6, location="queue"),
    ]
    assert (call(records=rows).answered_at, call(records=rows).outcome) == (0, "missed")


def test_row_without_a_location_counts_as_a_person() -> None:
    """Bodies of 2016 have none (Q72)."""
    assert call(records=[row(CLIENT, ANNA, 0, 40, answer=6, location="")]).answered_at == T0 + 6


def test_import_in_the_middle_of_a_talk_does_not_close_it() -> None:
    """The finished row of the menu comes while the client talks."""
    flow = Flow()
    flow.leg("L1", CLIENT, DID, "ivr").rings(0).ends(5, 1100)
    flow.leg("L2", CLIENT, ANNA, taken="L1").rings(5).talks(9)
    result = flow.call(records=True)
    assert (result.state, result.is_final, result.answered_at - T0) == ("talking", False, 9)
    assert [leg.call_id for leg in result.legs] == ["L2"]


def test_rows_that_miss_the_talk_do_not_decide_the_answer_after_it() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, DID, "ivr").rings(0).ends(5, 1100)
    flow.leg("L2", CLIENT, ANNA, taken="L1").rings(5).talks(9).ends(40)
    result = call(events=flow.events, records=flow.records[:1])
    assert (result.outcome, result.answered_at - T0, result.is_final) == ("answered", 9, False)


def test_rows_that_miss_the_talk_do_not_undo_it_when_the_call_is_closed() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, DID, "ivr").rings(0).ends(5, 1100)
    flow.leg("L2", CLIENT, ANNA, taken="L1").rings(5).talks(9).holds(30)
    result = flow.call(records=True, stale_closed_at=T0 + 7200)
    assert (result.outcome, result.is_final, result.answered_at - T0) == ("answered", True, 9)
    assert result.ended_at - T0 == 30  # the last that is known


def test_rows_equal_but_for_a_later_finish_are_one_leg() -> None:
    early = row(CLIENT, ANNA, 0, 30, answer=5, reason="")
    late = row(CLIENT, ANNA, 0, 50, answer=5, reason=1120)
    for records in ([early, late], [late, early]):
        result = call(records=records)
        assert (result.ended_at - T0, result.disconnect_reason) == (50, "1120")
        assert len(result.parties) == 1


def test_several_talks_take_the_reason_of_the_last() -> None:
    rows = [row(CLIENT, ANNA, 0, 30, answer=5, reason=1120), row(CLIENT, BORIS, 30, 60, answer=31)]
    result = call(records=rows)
    assert (result.disconnect_reason, result.extension, result.ended_at - T0) == ("1110", "101", 60)


def test_line_number_is_the_first_by_leg_order_and_is_never_blanked() -> None:
    """Q63: a later event of the same leg may lack it."""
    flow = Flow()
    flow.leg("L2", CLIENT, ANNA, line="74950000002").rings(5)
    flow.leg("L1", CLIENT, DID, "ivr", line="74950000001").rings(0)
    flow.events.append(event("L1", "Disconnected", 5, CLIENT, DID, seq=2, location="ivr"))
    assert flow.call().line_number == "74950000001"


def test_line_number_of_the_caller_is_second_choice() -> None:
    source = {**ANNA, "line_number": "74950000009"}
    events = [event("L1", "Appeared", 0, source, CLIENT)]
    assert call(events=events).line_number == "74950000009"
    events.append(event("L2", "Appeared", 5, ANNA, CLIENT, line="74950000008"))
    assert call(events=events).line_number == "74950000008"


@pytest.mark.parametrize(
    ("answered", "ended", "expected"), [(40, 30, (40, 0)), (40, 90, (90, 50)), (None, -5, (0, 0))]
)
def test_an_end_before_the_answer_or_the_start_gives_way(
    answered: int | None, ended: int, expected: tuple[int, int]
) -> None:
    """Q64: such moments were captured; durations never go negative."""
    result = call(summaries=[summary(1, CLIENT, ANNA, talked=answered, ended=ended)])
    assert (result.ended_at - T0, result.talk_seconds) == expected
    assert result.wait_seconds == (answered or 0)


def test_start_after_the_answer_waits_nothing() -> None:
    result = call(summaries=[summary(1, CLIENT, ANNA, created=50, talked=40, ended=90)])
    assert (result.wait_seconds, result.talk_seconds) == (0, 50)


@pytest.mark.parametrize("flow", [queue_answered_by_boris, blind_transfer, consultation])
def test_events_and_rows_agree(flow: object) -> None:
    facts = flow()  # type: ignore[operator]
    events, rows = facts.call(), facts.call(events=False, records=True)
    for name in ("direction", "outcome", "client_number", "answered_at", "ended_at", "extension"):
        assert getattr(events, name) == getattr(rows, name), name


def test_transfer_whose_first_leg_was_lost_still_has_its_client() -> None:
    flow = consultation()
    events = [one for one in flow.events if one.call_id == "L2"]
    result = call(events=events)
    assert (result.direction, result.client_number) == ("incoming", "+79161234567")
    result = call(events=events, records=flow.records)
    assert (result.direction, result.client_number) == ("incoming", "+79161234567")


@pytest.mark.parametrize(
    "facts",
    [
        Facts("E1"),
        Facts("", summaries=(summary(1, CLIENT, ANNA),)),
        Facts("E1", events=(event("L1", "Appeared", None, CLIENT, ANNA),)),
        Facts("E1", summaries=(summary(1, CLIENT, ANNA, created=None, ended=None),)),
        Facts("E1", stale_closed_at=T0),
    ],
)
def test_facts_that_make_no_call(facts: Facts) -> None:
    assert project(facts) is None


def test_facts_with_a_single_moment_make_one() -> None:
    result = call(summaries=[summary(1, CLIENT, ANNA, created=None, ended=40)])
    assert (result.started_at - T0, result.ended_at - T0, result.wait_seconds) == (40, 40, 0)


def test_events_without_seq_and_with_odd_times_are_ordered_all_the_same() -> None:
    events = [
        event("L1", "Disconnected", 30, CLIENT, VERA, seq=0),
        event("L1", "Connected", 30, CLIENT, VERA, seq=0),
        event("L1", "Appeared", 30, CLIENT, VERA, seq=0),
    ]
    assert call(events=events) == call(events=events[::-1])
    assert (call(events=events).state, call(events=events).outcome) == ("finished", "answered")


def test_seq_beats_the_timestamp_within_a_leg() -> None:
    """Q49, T-37: a menu's end was received before its beginning, and clocks run backwards."""
    events = [
        event("L1", "Disconnected", 4, CLIENT, ANNA, seq=3, disconnect_reason=1120),
        event("L1", "Connected", 5, CLIENT, ANNA, seq=2),
        event("L1", "Appeared", 6, CLIENT, ANNA, seq=1),
    ]
    result = call(events=events)
    assert (result.state, result.outcome, result.talk_seconds) == ("finished", "answered", 1)


def test_missing_appeared() -> None:
    """Q54: any state may be the first one seen."""
    flow = _talk()
    del flow.events[0]
    result = flow.call()
    assert (result.started_at - T0, result.answered_at - T0, result.outcome) == (20, 20, "answered")
