"""The gate every request passes: rate limits and the lock-out (§1.4.1, §1.4.2, Q12-Q14)."""

from __future__ import annotations

import threading
import time
from bisect import insort
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from ..protocol.commands import Command
from ..protocol.errors import LockedOut, RateLimited, ServiceError


class Limit(NamedTuple):
    """At most ``requests`` in any ``seconds``."""

    requests: int
    seconds: float


#: Counts every request, whatever its group.
GENERAL: Final = "general"

#: Requests per product, by group of commands (§1.4.2). ``stats_result`` has no limit of its own.
LIMITS: Final[Mapping[str, Limit]] = MappingProxyType(
    {
        GENERAL: Limit(10, 1.0),
        "callback": Limit(4, 1.0),
        "hangup": Limit(4, 1.0),
        "stats_request": Limit(1, 2.0),
        "users": Limit(1, 2.0),
    }
)
#: How long the service refuses everything, from the first wrong request on (§1.4.1).
LOCK_OUT: Final = timedelta(minutes=2)

# Requests sent two seconds apart may arrive a little closer together.
_MARGIN: Final = 0.05
_FIRST_HOLD: Final = 2.0
_LONGEST_HOLD: Final = 30.0


class Gate:
    """Asked before each request and told each outcome; in memory, for the threads of one process.

    ``clock`` gives monotonic seconds, ``now`` aware UTC, ``sleep`` waits seconds. A request that
    would have to wait longer than ``max_wait`` seconds is refused with ``RateLimited``. To share
    the lock-out with other processes, override ``locked_until`` and ``lock``: limits stay local.
    """

    def __init__(
        self,
        limits: Mapping[str, Limit] = LIMITS,
        *,
        max_wait: float = 30.0,
        clock: Callable[[], float] | None = None,
        now: Callable[[], datetime] | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._limits = limits
        self._max_wait = max_wait
        self._clock = clock or time.monotonic
        self._now = now or _utc_now
        self._sleep = sleep or _sleep
        self._guard = threading.Lock()
        self._slots: dict[str, list[float]] = {}
        self._held: dict[str, tuple[float, float]] = {}
        self._first_wrong: datetime | None = None
        self._locked_until: datetime | None = None

    def before(self, command: Command) -> None:
        """Wait until ``command`` may be sent.

        Raises ``LockedOut`` while a lock-out is known and ``RateLimited`` when the queue is
        too long; nothing is sent then.
        """
        self._refuse_if_locked(command)
        wait = self._reserve(command)
        if wait > 0:
            self._sleep(wait)
            # Somebody may have run into the lock-out meanwhile.
            self._refuse_if_locked(command)

    def told(self, command: Command, error: ServiceError | None) -> None:
        """Learn from the outcome of ``command``; ``None`` means that it succeeded.

        A single wrong request (3xxx) blocks nothing: only the next one leads to the
        lock-out, and others are well formed. A 401 does; its ``until`` is filled in.
        """
        if isinstance(error, LockedOut):
            error.until = self._lock_out_end()
            self.lock(error.until)
        elif isinstance(error, RateLimited):
            self._hold(command.group)
        elif error is None:
            with self._guard:
                self._held.pop(command.group, None)
        if error is not None and error.code is not None and error.code // 1000 == 3:
            self._note_wrong_request()

    def locked_until(self) -> datetime | None:
        """When the known lock-out ends, aware UTC; ``None`` or a past time when there is none."""
        return self._locked_until

    def lock(self, until: datetime) -> None:
        """Remember a lock-out that ends at ``until`` (aware UTC)."""
        self._locked_until = until

    def _refuse_if_locked(self, command: Command) -> None:
        until = self.locked_until()
        if until is not None and self._now() < until:
            raise LockedOut(
                "not sent: the service refuses this account for now", until=until, path=command.path
            )

    def _reserve(self, command: Command) -> float:
        """Book the earliest slot all limits allow; seconds until it."""
        groups = [group for group in (GENERAL, command.group) if group in self._limits]
        with self._guard:
            now = self._clock()
            slot = max(now, self._held.get(command.group, (now, 0.0))[0])
            for group in groups:
                limit, taken = self._limits[group], self._slots.setdefault(group, [])
                if len(taken) >= limit.requests:
                    slot = max(slot, taken[-limit.requests] + limit.seconds + _MARGIN)
            if slot - now > self._max_wait:
                raise RateLimited("not sent: too many requests are waiting", path=command.path)
            for group in groups:
                insort(self._slots[group], slot)
                del self._slots[group][: -self._limits[group].requests]
        return slot - now

    def _hold(self, group: str) -> None:
        """Keep a refused group back, twice as long each time it is refused again (§1.4.4)."""
        with self._guard:
            pause = min(_LONGEST_HOLD, self._held.get(group, (0.0, _FIRST_HOLD / 2))[1] * 2)
            self._held[group] = (self._clock() + pause, pause)

    def _note_wrong_request(self) -> None:
        with self._guard:
            now = self._now()
            if self._first_wrong is None or now - self._first_wrong >= LOCK_OUT:
                self._first_wrong = now

    def _lock_out_end(self) -> datetime:
        """Two minutes after the first wrong request we know of, else after now."""
        with self._guard:
            now, first = self._now(), self._first_wrong
            return (first if first is not None and now - first < LOCK_OUT else now) + LOCK_OUT


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _sleep(seconds: float) -> None:
    # Looked up late, so that a test that replaces time.sleep reaches it.
    time.sleep(seconds)
