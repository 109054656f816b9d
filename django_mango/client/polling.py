"""Waiting for statistics, within bounds (§3.4.1.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ..protocol.commands import Command
from ..protocol.errors import AnswerLost, NotReady, RateLimited, ServiceError
from .client import Client
from .transport import CHUNK

#: Seconds; asking for a result more often is not allowed (§3.4.1.2).
INTERVAL: Final = 5.0
# Seconds between two looks whether the readiness notification has come.
_LOOK: Final = 0.5


def pause_after(
    client: Client, command: Command, error: ServiceError, failures: int
) -> float | None:
    """Seconds until the next question after a failure; ``None``: let it out.

    A rate limit is waited out as long as there is time, other failures are borne as
    often as the client's policy bears them.
    """
    attempt = 1 if isinstance(error, RateLimited) else failures
    pause = client.policy.pause(command, error, attempt)
    return None if pause is None else max(INTERVAL, pause)


def in_time(client: Client, chunks: Iterator[bytes], max_wait: float) -> Iterator[bytes]:
    """A body, given up when 64 KiB of it take longer than ``max_wait`` seconds.

    No read of one that trickles times out. The time our caller takes does not count. Raises
    ``AnswerLost``.
    """
    spent, got = 0.0, 0
    while True:
        asked = client.clock()
        chunk = next(chunks, None)
        if chunk is None:
            return
        spent, got = spent + client.clock() - asked, got + len(chunk)
        yield chunk
        if got >= CHUNK:
            spent, got = 0.0, 0
        elif spent > max_wait:
            raise AnswerLost(f"{got} bytes in {spent:.0f} s are too few", status=200)


class Waiting:
    """The pauses of one poll, within ``max_wait`` seconds altogether."""

    def __init__(self, client: Client, max_wait: float, hurry: Callable[[], bool] | None) -> None:
        self._client = client
        self._max_wait = max_wait
        self._hurry = hurry
        self._is_ready = False
        self._deadline = client.clock() + max_wait

    def after_failure(self, error: ServiceError, pause: float) -> None:
        """Wait before the next try, or let the failure out when time is up."""
        if self._client.clock() + pause > self._deadline:
            raise error
        self._pause_until(self._client.clock() + pause, may_end_early=False)

    def until_ready(self, path: str) -> None:
        """Wait for 5 s or until ``hurry()``, which shortens one pause only."""
        end = self._client.clock() + INTERVAL
        if end > self._deadline:
            raise NotReady(f"no statistics within {self._max_wait:g} s", path=path)
        self._pause_until(end, may_end_early=not self._is_ready)

    def _pause_until(self, end: float, *, may_end_early: bool) -> None:
        """Sleep; the caller's ``hurry`` goes on being asked, he may do his housekeeping there."""
        while (left := end - self._client.clock()) > 0:
            if self._hurry is None:
                self._client.sleep(left)
                continue
            if self._hurry() and may_end_early:
                self._is_ready = True
                return
            self._client.sleep(min(_LOOK, left))
