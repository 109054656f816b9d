"""Basic statistics: ask, wait, read as a stream (§3.4.1, Q21-Q24)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

from ..protocol import answers
from ..protocol.commands import StatsRequest, StatsResult
from ..protocol.errors import AnswerLost, NotReady, RateLimited, ResultGone, ServiceError
from .client import Client
from .transport import Reply

#: Seconds; asking for a result more often is not allowed (§3.4.1.2).
INTERVAL: Final = 5.0
# Seconds between two looks whether the readiness notification has come.
_LOOK: Final = 0.5
# An empty 200 may come before the report (Q21); the third one in a row is an empty report.
_EMPTY_IS_NOT_READY: Final = 2
_LONGEST_ERROR: Final = 64 * 1024


class StatisticsClient:
    """Fetches basic statistics through a ``Client``.

    ``max_wait`` bounds the waiting for one report, in seconds.
    """

    def __init__(self, client: Client, *, max_wait: float = 600.0) -> None:
        self._client = client
        self._max_wait = max_wait

    def request(self, command: StatsRequest) -> str:
        """Start a report and return its key; fetch it soon, it is kept for a minute (Q22)."""
        return self._client.send(command).key

    @contextmanager
    def wait(
        self, key: str, *, hurry: Callable[[], bool] | None = None
    ) -> Iterator[Iterator[bytes]]:
        """Wait for the report behind ``key`` and give its CSV in pieces, as they arrive.

        Asks at once, then every 5 s at most; once ``hurry()`` says that the readiness
        notification has come (§3.4.1.2), the next question is asked at once. It is asked
        twice a second through every pause, whatever it said before. A 204 means
        not ready, so do two empty 200 (Q21); the third, or a 404 after one, means an empty
        report. Failures that pass (no connection, 429, 503, 5xx) are waited out within
        ``max_wait``.

        Raises ``ResultGone`` when the key is unknown (ask anew once), ``NotReady`` after
        ``max_wait`` seconds, ``UnexpectedAnswer`` or ``Refused`` for HTML or JSON in place
        of the CSV, ``LockedOut`` as ever, and ``AnswerLost``, here or among the pieces, when
        the body is cut: what was read so far is no report, and the key is spent (Q23).
        """
        command = StatsResult(key)
        report = self._wait(command, hurry)
        try:
            yield self._pieces(command, report)
        finally:
            report.reply.close()

    def _wait(self, command: StatsResult, hurry: Callable[[], bool] | None) -> _Report:
        waiting = _Waiting(self._client, self._max_wait, hurry)
        empties = failures = 0
        report: _Report | None = None
        while True:
            try:
                report = self._ask(command)
            except ServiceError as error:
                if report is not None and isinstance(error, ResultGone):
                    # The empty 200 before was the report itself, and its key is spent (Q23).
                    return report
                failures += 1
                pause = self._pause(command, error, failures)
                if pause is None:
                    raise
                waiting.after_failure(error, pause)
                continue
            empties = empties + 1 if report and not report.start else 0
            if report and (report.start or empties > _EMPTY_IS_NOT_READY):
                return report
            failures = 0
            waiting.until_ready(command.path)

    def _ask(self, command: StatsResult) -> _Report | None:
        """One question: the report, a report without a byte, or ``None`` for a 204."""
        reply = self._client.open(command)
        chunks = reply.chunks()
        try:
            start = _read(chunks, whole=reply.status != 200)
            if reply.status != 200 or not start.strip() or not answers.looks_like_csv(start):
                start += _read(chunks, whole=True)
                answer = answers.decode(command, reply.status, reply.headers, start)
                start = answer.body.strip()
        except ServiceError as error:
            reply.close()
            raise self._client.told(command, error, reply) from None
        self._client.gate.told(command, None)
        return None if reply.status == 204 else _Report(reply, start, chunks)

    def _pieces(self, command: StatsResult, report: _Report) -> Iterator[bytes]:
        if report.start:
            yield report.start
        with closing(report.rest):
            try:
                yield from report.rest
            except ServiceError as error:
                raise self._client.told(command, error, report.reply) from None

    def _pause(self, command: StatsResult, error: ServiceError, failures: int) -> float | None:
        """Seconds until the next question after a failure; ``None``: let it out.

        A rate limit is waited out as long as there is time, other failures are
        borne as often as the client's policy bears them. A report that broke off on its
        way is not asked for again: its key is spent (Q23).
        """
        if isinstance(error, AnswerLost) and error.status == 200:
            return None
        attempt = 1 if isinstance(error, RateLimited) else failures
        pause = self._client.policy.pause(command, error, attempt)
        return None if pause is None else max(INTERVAL, pause)


@dataclass(frozen=True, slots=True)
class _Report:
    """An open reply: the beginning of its body and what is still on the wire."""

    reply: Reply
    start: bytes
    rest: Generator[bytes]


class _Waiting:
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


def _read(chunks: Iterator[bytes], *, whole: bool) -> bytes:
    """The body up to its first character that is not blank, or all of it (64 KiB at most)."""
    read = bytearray()
    for chunk in chunks:
        read += chunk
        if len(read) > _LONGEST_ERROR or (not whole and read.strip()):
            break
    return bytes(read)
