"""The retry policy: reads only, a few times, with growing pauses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.client import NO_RETRIES, RetryPolicy
from django_mango.protocol.commands import Callback, Command, Hangup, StatsRequest, StatsResult
from django_mango.protocol.errors import (
    AnswerLost,
    LockedOut,
    NotReady,
    NotSent,
    RateLimited,
    ResultGone,
    ServiceError,
    UnexpectedAnswer,
    refusal,
)

EFFECTS: list[Command] = [Callback("c", "101", "7"), Hangup("c", "x")]
READS: list[Command] = [StatsRequest(1, 2), StatsResult("k")]
PASSING = [
    NotSent("x"),
    AnswerLost("x"),
    RateLimited("x"),
    UnexpectedAnswer("x", status=502),
    refusal(5000),
    refusal(5004),
    refusal(5011),
    refusal(5008),
    refusal(4290),
]
FINAL = [
    LockedOut("x"),
    ResultGone("x"),
    NotReady("x"),
    UnexpectedAnswer("x", status=200),
    UnexpectedAnswer("x", status=404),
    UnexpectedAnswer("x"),
    refusal(2240),
    refusal(3100),
    refusal(3102),
    refusal(4101),
    refusal(5001),
    refusal(5201),
    refusal(7777),
    ServiceError("x"),
]


@pytest.mark.parametrize("command", EFFECTS)
@pytest.mark.parametrize("error", PASSING + FINAL)
def test_an_effect_is_never_repeated(command: Command, error: ServiceError) -> None:
    assert RetryPolicy(attempts=100).pause(command, error, 1) is None


@pytest.mark.parametrize("command", READS)
@pytest.mark.parametrize("error", PASSING)
def test_a_read_is_repeated_after_what_passes(command: Command, error: ServiceError) -> None:
    assert RetryPolicy().pause(command, error, 1) is not None


@pytest.mark.parametrize("command", READS)
@pytest.mark.parametrize("error", FINAL)
def test_nothing_is_repeated_after_what_stays(command: Command, error: ServiceError) -> None:
    assert RetryPolicy(attempts=100).pause(command, error, 1) is None


def test_attempts_are_bounded() -> None:
    pauses = [RetryPolicy().pause(READS[0], NotSent("x"), attempt) for attempt in (1, 2, 3, 4)]
    assert [pause is None for pause in pauses] == [False, False, True, True]
    assert NO_RETRIES.pause(READS[0], NotSent("x"), 1) is None


@given(attempt=st.integers(min_value=1, max_value=900), chance=st.floats(0, 1))
def test_pauses_grow_with_jitter_up_to_a_limit(attempt: int, chance: float) -> None:
    policy = RetryPolicy(attempts=1000, chance=lambda: chance)
    longest = min(30.0, 2.0 * 2.0 ** min(attempt - 1, 10))
    pause = policy.pause(READS[0], NotSent("x"), attempt)
    assert pause is not None
    assert longest / 2 <= pause <= longest
