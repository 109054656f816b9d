"""What the service refuses: the lock-out of §1.4.1 (Q12) and the rates of §1.4.2 (Q13)."""

from __future__ import annotations

import threading
from collections import deque

from .clock import Clock

LOCKED_FOR = 120.0
GENERAL = "general"

#: At most so many requests in so many seconds, per product (1.6 of the reference).
LIMITS: dict[str, tuple[int, float]] = {
    GENERAL: (10, 1.0),
    "callback": (4, 1.0),
    "hangup": (4, 1.0),
    "recording/start": (4, 1.0),
    "recordings": (10, 1.0),
    "users": (1, 2.0),
    "balance": (2, 1.0),
    "transfer": (1, 2.0),
    "route": (1, 2.0),
    "stats": (1, 2.0),
}


class LockOut:
    """The quota of wrong requests of one product: one in two minutes.

    The first answer with a 3xxx code opens the two minutes, a second one within
    them locks the product until they are over, counted from the first.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._first: float | None = None
        self._locked = False

    def is_locked(self) -> bool:
        """Whether everything of this product is answered with HTTP 401 now."""
        with self._guard:
            self._forget()
            return self._locked

    def wrong_request(self) -> bool:
        """Count a wrong request; whether it is still answered with its own code."""
        with self._guard:
            self._forget()
            if self._first is None:
                self._first = self._clock.monotonic()
                return True
            self._locked = True
            return False

    def _forget(self) -> None:
        if self._first is not None and self._clock.monotonic() - self._first >= LOCKED_FOR:
            self._first = None
            self._locked = False


class RateLimits:
    """Sliding windows by method group; a refused request does not count."""

    def __init__(self, clock: Clock, limits: dict[str, tuple[int, float]] | None = None) -> None:
        self._clock = clock
        self._limits = LIMITS if limits is None else limits
        self._guard = threading.Lock()
        self._seen: dict[str, deque[float]] = {name: deque() for name in self._limits}

    def allow(self, group: str) -> bool:
        """Whether a request of this group may pass; it must fit the general limit as well."""
        now = self._clock.monotonic()
        groups = {GENERAL, group} & self._limits.keys()
        with self._guard:
            if not all(self._fits(name, now) for name in groups):
                return False
            for name in groups:
                self._seen[name].append(now)
            return True

    def _fits(self, name: str, now: float) -> bool:
        most, seconds = self._limits[name]
        seen = self._seen[name]
        while seen and now - seen[0] >= seconds:
            seen.popleft()
        return len(seen) < most
