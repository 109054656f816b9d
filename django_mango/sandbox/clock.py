"""The two clocks of the sandbox: wall time for stamps, monotonic time for waiting."""

from __future__ import annotations

import time


class Clock:
    """The machine's clock."""

    def now(self) -> float:
        """Unix seconds, UTC: what events and statistics are stamped with (Q52)."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never jump: calls, limits and the lock-out are timed by it."""
        return time.monotonic()


class ManualClock(Clock):
    """A clock that stands still until it is told to move, for tests without waiting."""

    def __init__(self, now: float = 1_748_090_923.0) -> None:
        self._now = now
        self._elapsed = 0.0

    def now(self) -> float:
        return self._now + self._elapsed

    def monotonic(self) -> float:
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Move both clocks forward; a clock never goes back."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        self._elapsed += seconds
