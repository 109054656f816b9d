"""Block M of the decision table as a pure function."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol.resolution import Talk, first_after


def test_nothing_resolves_nothing() -> None:
    assert first_after(100, []) is None


def test_the_earliest_talk_after_it_resolves_a_missed_call() -> None:
    assert first_after(100, [(50, 4), (200, 9), (300, 2)]) == (200, 9)


def test_one_talk_resolves_all_earlier_misses() -> None:
    assert [first_after(at, [(300, 1)]) for at in (100, 150, 400)] == [(300, 1), (300, 1), None]


@pytest.mark.parametrize(("answered", "resolves"), [(99, False), (100, False), (101, True)])
def test_the_answer_must_be_later_than_the_start(answered: int, resolves: bool) -> None:
    assert bool(first_after(100, [(answered, 7)])) is resolves


def test_of_two_answered_in_one_second_the_one_stored_first() -> None:
    assert first_after(100, sorted([(200, 10), (200, 9)])) == (200, 9)


TALKS = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 9)), max_size=12)


@given(started_at=st.integers(1, 30), talks=TALKS)
def test_it_is_what_the_table_says(started_at: int, talks: list[Talk]) -> None:
    """The rule in its own words, without any cleverness."""
    later = [talk for talk in talks if talk[0] > started_at]
    assert first_after(started_at, sorted(talks)) == min(later, default=None)


@given(started_at=st.integers(1, 30), talks=TALKS, late=TALKS)
def test_a_later_known_talk_only_brings_the_settling_forward(
    started_at: int, talks: list[Talk], late: list[Talk]
) -> None:
    before, after = first_after(started_at, sorted(talks)), first_after(
        started_at, sorted([*talks, *late])
    )  # fmt: skip
    assert before is None or (after is not None and after <= before)
