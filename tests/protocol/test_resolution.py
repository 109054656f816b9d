"""Block M of the decision table as a pure function."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol.resolution import ClientCall, Resolution, resolve


def missed(key: object, at: float, answered_at: float = 0) -> ClientCall:
    return ClientCall(key, is_missed=True, started_at=at, answered_at=answered_at)


def talk(key: object, answered_at: float, started_at: float | None = None) -> ClientCall:
    began = answered_at - 5 if started_at is None else started_at
    return ClientCall(key, is_missed=False, started_at=began, answered_at=answered_at)


def attempt(key: object, at: float) -> ClientCall:
    return ClientCall(key, is_missed=False, started_at=at)


def test_nothing_resolves_nothing() -> None:
    assert resolve([]) == []
    assert resolve([missed("m", 100)]) == []
    assert resolve([talk("t", 100)]) == []


def test_the_earliest_talk_after_it_resolves_a_missed_call() -> None:
    calls = [talk("third", 300), missed("m", 100), talk("second", 200), talk("before", 50)]
    assert resolve(calls) == [Resolution("m", "second", 200)]


def test_an_attempt_resolves_nothing() -> None:
    assert resolve([missed("m", 100), attempt("a", 200)]) == []


def test_another_missed_call_resolves_nothing() -> None:
    assert resolve([missed("one", 100), missed("two", 200, answered_at=205)]) == []


def test_one_talk_resolves_all_earlier_misses() -> None:
    calls = [missed("one", 100), missed("two", 150), missed("late", 400), talk("t", 300)]
    assert resolve(calls) == [Resolution("one", "t", 300), Resolution("two", "t", 300)]


def test_a_parallel_call_counts_by_its_answer_not_by_its_start() -> None:
    assert resolve([missed("m", 100), talk("t", 110, started_at=90)])


@pytest.mark.parametrize(("answered", "resolves"), [(99, False), (100, False), (101, True)])
def test_the_answer_must_be_later_than_the_start(answered: int, resolves: bool) -> None:
    assert bool(resolve([missed("m", 100), talk("t", answered)])) is resolves


def test_of_two_answered_in_one_second_the_one_that_began_first() -> None:
    calls = [missed("m", 100), talk(1, 200, started_at=199), talk(2, 200, started_at=150)]
    assert resolve(calls) == [Resolution("m", 2, 200)]


MOMENTS = st.integers(1, 30)
CALLS = st.lists(
    st.one_of(
        st.builds(lambda at: (True, at, 0), MOMENTS),
        st.builds(lambda at, late: (False, at, at + late), MOMENTS, st.integers(0, 9)),
        st.builds(lambda at: (False, at, 0), MOMENTS),
    ),
    max_size=12,
).map(
    lambda items: [
        ClientCall(key, is_missed, at, answered)
        for key, (is_missed, at, answered) in enumerate(items)
    ]
)


@given(calls=CALLS)
def test_it_is_what_the_table_says(calls: list[ClientCall]) -> None:
    """The rule in its own words, without any cleverness."""
    found = {one.missed: one for one in resolve(calls)}
    for call in calls:
        later = [c for c in calls if not c.is_missed and c.answered_at > call.started_at]
        if not call.is_missed or not later:
            assert call.key not in found
            continue
        assert found[call.key].at == min(c.answered_at for c in later)
        assert found[call.key].by in {c.key for c in later if c.answered_at == found[call.key].at}


@given(calls=CALLS, chance=st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters(calls: list[ClientCall], chance: object) -> None:
    shuffled = [*calls, *calls[:3]]
    chance.shuffle(shuffled)  # type: ignore[attr-defined] # a random.Random
    assert set(resolve(shuffled)) == set(resolve(calls))


@given(calls=CALLS, late=CALLS)
def test_a_later_known_talk_only_brings_the_settling_forward(
    calls: list[ClientCall], late: list[ClientCall]
) -> None:
    before = {one.missed: one.at for one in resolve(calls)}
    more = [ClientCall(("late", c.key), False, c.started_at, c.answered_at) for c in late]
    after = {one.missed: one.at for one in resolve([*calls, *more])}
    assert before.keys() <= after.keys()
    assert all(after[key] <= at for key, at in before.items())
