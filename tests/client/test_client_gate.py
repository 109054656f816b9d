"""The gate: limits by group, holding back after refusals, the lock-out."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.client import LIMITS, Client, Gate, Limit
from django_mango.protocol.commands import Callback, Command, Hangup, StatsRequest, StatsResult
from django_mango.protocol.errors import LockedOut, RateLimited, refusal
from django_mango.protocol.signing import Credentials

CALLBACK = Callback("c", "101", "7")
HANGUP = Hangup("c", "x")
START = StatsRequest(1, 2)
FETCH = StatsResult("k")
MINUTES_2 = timedelta(minutes=2)


@pytest.fixture
def gate(clock: Any) -> Gate:
    return Gate(clock=clock, now=clock.now, sleep=clock.sleep)


def pass_times(gate: Gate, clock: Any, command: Any, times: int) -> list[float]:
    began = clock.seconds
    passed = []
    for _ in range(times):
        gate.before(command)
        passed.append(clock.seconds - began)
    return passed


def test_four_callbacks_a_second(gate: Gate, clock: Any) -> None:
    assert pass_times(gate, clock, CALLBACK, 9) == pytest.approx([0] * 4 + [1.05] * 4 + [2.1])


def test_statistics_start_every_two_seconds(gate: Gate, clock: Any) -> None:
    assert pass_times(gate, clock, START, 3) == pytest.approx([0, 2.05, 4.1])


def test_ten_requests_a_second_of_whatever_kind(gate: Gate, clock: Any) -> None:
    commands = [CALLBACK, HANGUP, FETCH, FETCH] * 3
    passed = [pass_times(gate, clock, command, 1)[0] for command in commands]
    assert passed == pytest.approx([0] * 10 + [1.05, 0])


def test_groups_do_not_wait_for_each_other(gate: Gate, clock: Any) -> None:
    pass_times(gate, clock, START, 1)
    pass_times(gate, clock, CALLBACK, 4)
    pass_times(gate, clock, HANGUP, 4)
    assert clock.slept == []


@pytest.mark.parametrize("group", ["general", "callback", "hangup", "stats_request"])
def test_no_window_ever_holds_too_many(clock: Any, group: str) -> None:
    """Slots booked ahead by one group must not open the general limit for another."""
    gate = Gate(clock=clock, now=clock.now, sleep=clock.sleep)
    sent: list[tuple[str, float]] = []
    for index in range(120):
        command = (CALLBACK, START, HANGUP, FETCH, FETCH)[index % 5]
        gate.before(command)
        sent.append((command.group, clock.seconds))
        clock.seconds += (index % 7) * 0.03
    times = [moment for name, moment in sent if group in (name, "general")]
    limit = LIMITS[group]
    for first, later in zip(times, times[limit.requests :], strict=False):
        assert later - first >= limit.seconds


@given(st.lists(st.sampled_from([START, START, FETCH, CALLBACK]), min_size=10, max_size=60))
def test_slots_booked_ahead_open_no_window_for_others(commands: list[Command]) -> None:
    """Many threads ask in one moment: waits are promised before anybody has waited."""
    promised: list[float] = []
    limits = {"general": Limit(3, 1.0), "stats_request": Limit(1, 2.0), "callback": Limit(2, 1.0)}
    slept: list[float] = []
    gate = Gate(limits, max_wait=1e9, clock=lambda: 0.0, sleep=slept.append)
    for command in commands:
        slept.clear()
        gate.before(command)
        promised.append(sum(slept))
    for group, limit in limits.items():
        slots = sorted(
            slot
            for slot, command in zip(promised, commands, strict=True)
            if group in (command.group, "general")
        )
        for first, later in zip(slots, slots[limit.requests :], strict=False):
            assert later - first >= limit.seconds


def test_a_click_does_not_queue_behind_reports_booked_ahead(clock: Any) -> None:
    waits: list[float] = []
    gate = Gate(clock=lambda: 0.0, now=clock.now, sleep=waits.append)
    for command in [START] * 3 + [FETCH] * 7:
        gate.before(command)
    waits.clear()
    gate.before(CALLBACK)
    gate.before(CALLBACK)
    assert waits == pytest.approx([1.05, 1.05])


def test_threads_share_the_limit(clock: Any) -> None:
    waits: list[float] = []
    gate = Gate({"general": Limit(1, 1.0)}, clock=lambda: 0.0, now=clock.now, sleep=waits.append)
    threads = [threading.Thread(target=gate.before, args=(FETCH,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == pytest.approx([1.05 * turn for turn in range(1, 8)])


def test_an_endless_queue_is_refused_and_books_nothing(clock: Any) -> None:
    waits: list[float] = []
    gate = Gate(
        {"stats_request": Limit(1, 2.0)},
        max_wait=5.0,
        clock=lambda: 0.0,
        now=clock.now,
        sleep=waits.append,
    )
    for _ in range(3):
        gate.before(START)
    for _ in range(2):
        with pytest.raises(RateLimited) as caught:
            gate.before(START)
        assert caught.value.status is None
        assert caught.value.path == START.path
    assert waits == pytest.approx([2.05, 4.1])


def test_a_refused_group_is_held_back_longer_each_time(gate: Gate, clock: Any) -> None:
    waited = []
    for _ in range(6):
        gate.told(CALLBACK, RateLimited("429", status=429))
        waited.append(pass_times(gate, clock, CALLBACK, 1)[0])
    assert waited == pytest.approx([2, 4, 8, 16, 30, 30])
    gate.told(CALLBACK, None)
    assert pass_times(gate, clock, CALLBACK, 1) == [0]


def test_a_refused_group_does_not_hold_the_others(gate: Gate, clock: Any) -> None:
    gate.told(START, RateLimited("429", status=429))
    assert pass_times(gate, clock, HANGUP, 1) == [0]


def test_one_wrong_request_blocks_nothing(gate: Gate, clock: Any) -> None:
    gate.told(CALLBACK, refusal(3100))
    pass_times(gate, clock, HANGUP, 2)
    assert gate.locked_until() is None


def test_a_lock_out_ends_two_minutes_after_the_first_wrong_request(gate: Gate, clock: Any) -> None:
    first = clock.now()
    gate.told(CALLBACK, refusal(3100))
    clock.seconds += 30
    gate.told(CALLBACK, refusal(3103))
    clock.seconds += 30
    error = LockedOut("401", status=401)
    gate.told(HANGUP, error)
    assert error.until == gate.locked_until() == first + MINUTES_2
    for command in (CALLBACK, HANGUP, START, FETCH):
        with pytest.raises(LockedOut) as caught:
            gate.before(command)
        assert caught.value.until == first + MINUTES_2
        assert caught.value.status is None
    clock.seconds += 60
    gate.before(HANGUP)


def test_a_lock_out_of_unknown_origin_lasts_two_minutes_from_now(gate: Gate, clock: Any) -> None:
    gate.told(CALLBACK, refusal(3100))
    clock.seconds += 121
    error = LockedOut("401", status=401, code=3102)
    gate.told(HANGUP, error)
    assert error.until == clock.now() + MINUTES_2


def test_a_lock_out_that_comes_while_waiting_is_respected(clock: Any) -> None:
    gate: Gate

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        gate.lock(clock.now() + MINUTES_2)

    gate = Gate(clock=clock, now=clock.now, sleep=sleep)
    gate.before(START)
    with pytest.raises(LockedOut):
        gate.before(START)


def test_the_lock_out_can_live_elsewhere(clock: Any) -> None:
    """As services share it among processes, through the database."""
    shared: dict[str, datetime] = {}

    class Shared(Gate):
        def locked_until(self) -> datetime | None:
            return shared.get("until")

        def lock(self, until: datetime) -> None:
            shared["until"] = until

    one, other = (Shared(clock=clock, now=clock.now, sleep=clock.sleep) for _ in range(2))
    one.told(CALLBACK, LockedOut("401", status=401))
    assert shared["until"] == clock.now() + MINUTES_2
    with pytest.raises(LockedOut):
        other.before(HANGUP)


def test_the_client_asks_first_and_tells_afterwards(
    credentials: Credentials, wire: Any, answer: Any, clock: Any
) -> None:
    wire.replies = [answer(b'{"result":3100}'), answer(b"", "401 Unauthorized")]
    gate = Gate(clock=clock, now=clock.now, sleep=clock.sleep)
    first = clock.now()
    with Client(credentials, api_url=wire.url, gate=gate, sleep=clock.sleep) as client:
        with pytest.raises(Exception, match="3100"):
            client.send(CALLBACK)
        clock.seconds += 10
        for sent in (2, 2, 2):
            with pytest.raises(LockedOut) as caught:
                client.send(CALLBACK)
            assert caught.value.until == first + MINUTES_2
            assert len(wire.requests) == sent


def test_the_client_tells_of_success_too(
    credentials: Credentials, wire: Any, answer: Any, clock: Any
) -> None:
    """A group that is served again is not held back any longer than at first."""
    done, too_fast = answer(b'{"result":1000}'), answer(b"", "429 Too Many Requests")
    wire.replies = [too_fast, done, too_fast, done]
    gate = Gate({}, clock=clock, now=clock.now, sleep=clock.sleep)
    with Client(credentials, api_url=wire.url, gate=gate) as client:
        for _ in range(2):
            with pytest.raises(RateLimited):
                client.send(CALLBACK)
            client.send(CALLBACK)
    assert clock.slept == [2, 2]


def test_defaults_are_the_real_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """``time.sleep`` is looked up late, so that tests of integrators can replace it."""
    waits: list[float] = []
    gate = Gate({"general": Limit(1, 50.0)}, max_wait=60)
    monkeypatch.setattr("time.sleep", waits.append)
    gate.before(FETCH)
    gate.before(FETCH)
    assert len(waits) == 1
    assert 0 < waits[0] <= 50.05
    gate.told(FETCH, LockedOut("401", status=401))
    until = gate.locked_until()
    assert until is not None
    assert until.tzinfo is UTC
    with pytest.raises(LockedOut):
        gate.before(FETCH)
