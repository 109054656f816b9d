"""The generated past: the same for the same seed, in pieces as in whole, lazy (Q31-Q33)."""

import tracemalloc
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_mango.sandbox import staff
from django_mango.sandbox.history import History

END = 1_748_090_923
DAY = 86_400
BEGIN = END - 30 * DAY


@pytest.fixture(scope="module")
def rows():
    return list(History(7, 2000, 30, END).rows(BEGIN, END))


def test_the_same_seed_tells_the_same_story(rows):
    assert list(History(7, 2000, 30, END).rows(BEGIN, END)) == rows
    assert list(History(8, 2000, 30, END).rows(BEGIN, END)) != rows


@pytest.mark.parametrize(("calls", "days"), [(0, 30), (1, 1), (777, 3), (2000, 30), (5000, 400)])
def test_exactly_as_many_calls_as_asked_for(calls, days):
    history = History(1, calls, days, END)
    found = {row.entry_id for row in history.rows(END - days * DAY, END)}
    assert len(found) == calls


def test_rows_come_by_start_and_lie_inside_the_past(rows):
    assert all(one.start <= two.start for one, two in pairwise(rows))
    for row in rows:
        assert BEGIN <= row.create <= row.start <= row.finish <= END
        assert row.answer == 0 or row.start <= row.answer <= row.finish


@settings(deadline=None, max_examples=25)
@given(cuts=st.lists(st.integers(BEGIN, END), min_size=1, max_size=4))
def test_windows_put_together_are_the_whole(cuts):
    history = History(3, 300, 30, END)
    edges = sorted({BEGIN, *cuts, END + 1})
    pieces = [row for one, two in pairwise(edges) for row in history.rows(one, two - 1)]
    assert Counter(pieces) == Counter(history.rows(BEGIN, END))


def test_conversations_straddle_the_edges_of_windows(rows):
    """An importer that takes rows of one window for whole calls must be caught."""
    several = next(row for row in rows if row.start > row.create)
    history = History(7, 2000, 30, END)
    before = {row.entry_id for row in history.rows(BEGIN, several.start - 1)}
    after = {row.entry_id for row in history.rows(several.start, END)}
    assert several.entry_id in before & after


def test_the_past_has_every_kind_of_call(rows):
    by_entry = Counter(row.entry_id for row in rows)
    assert max(by_entry.values()) >= 5
    reasons = Counter(row.disconnect_reason for row in rows)
    assert {1000, 1100, 1110, 1111, 1120, 1121, 1122, 1133, 1163, 1170, 1183} <= reasons.keys()
    assert {row.location for row in rows} == {"ivr", "queue", "abonent"}
    assert any(not row.from_number and not row.from_extension for row in rows)  # hidden (Q61)
    assert any(row.to_number.startswith("sip:") and not row.to_extension for row in rows)  # Q32
    assert any(row.to_extension == "0511" for row in rows)
    assert any(row.from_extension and row.to_extension for row in rows)  # internal
    assert any(row.records for row in rows)
    assert {row.line_number for row in rows} == {"", *(line.number for line in staff.LINES)}


def test_half_of_the_outer_world_are_regular_customers(rows):
    numbers = {row.from_number for row in rows} | {row.to_number for row in rows}
    assert set(staff.CUSTOMERS) <= numbers


def test_a_callback_leaves_two_rows_with_parties_reversed(rows):
    firsts = [row for row in rows if row.disconnect_reason == 1000 and row.location == "abonent"]
    assert firsts
    by_entry = {row.entry_id: row for row in rows if row.from_extension and not row.to_extension}
    for first in firsts:
        second = by_entry[first.entry_id]
        assert first.answer > 0
        assert (second.from_number, second.to_number) == (first.to_number, first.from_number)


def test_people_call_in_working_hours(rows):
    moscow = timedelta(hours=3)
    hours = Counter((datetime.fromtimestamp(row.create, UTC) + moscow).hour for row in rows)
    working = sum(count for hour, count in hours.items() if 9 <= hour < 18)
    assert working > 0.85 * hours.total()


def test_recordings_of_the_past_are_known_exactly(rows):
    history = History(7, 2000, 30, END)
    recorded = [row for row in rows if row.records]
    for row in recorded[:20]:
        assert history.has_recording(row.records[0])
    assert not History(8, 2000, 30, END).has_recording(recorded[0].records[0])
    assert not history.has_recording("bm9uc2Vuc2U=")
    assert not history.has_recording("not base64 at all")


def test_a_long_past_is_not_held_in_memory():
    """20,000 rows pass through, and what is held at once is far less than all of them."""
    history = History(1, 8000, 30, END)
    tracemalloc.start()
    try:
        count = sum(1 for _ in history.rows(BEGIN, END))
        flowing = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        held = list(history.rows(BEGIN, END))
        whole = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == len(held) > 20_000
    assert flowing * 10 < whole
