"""Basic statistics: ask, wait, read as a stream (§3.4.1, Q21-Q24)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

from ..protocol import answers
from ..protocol.commands import StatsRequest, StatsResult
from ..protocol.errors import AnswerLost, ResultGone, ServiceError
from .client import Client
from .polling import Waiting, in_time, pause_after
from .transport import Reply

# An empty 200 may come before the report (Q21); the third one in a row is an empty report.
_EMPTY_IS_NOT_READY: Final = 2
_LONGEST_ERROR: Final = 64 * 1024


class StatisticsClient:
    """Fetches basic statistics through a ``Client``.

    ``max_wait`` bounds the waiting for one report, in seconds, and that for each 64 KiB of it.
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
        waiting = Waiting(self._client, self._max_wait, hurry)
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
                yield from in_time(self._client, report.rest, self._max_wait)
            except ServiceError as error:
                raise self._client.told(command, error, report.reply) from None

    def _pause(self, command: StatsResult, error: ServiceError, failures: int) -> float | None:
        """See ``pause_after``; a report that broke off on its way has spent its key (Q23)."""
        if isinstance(error, AnswerLost) and error.status == 200:
            return None
        return pause_after(self._client, command, error, failures)


@dataclass(frozen=True, slots=True)
class _Report:
    """An open reply: the beginning of its body and what is still on the wire."""

    reply: Reply
    start: bytes
    rest: Generator[bytes]


def _read(chunks: Iterator[bytes], *, whole: bool) -> bytes:
    """The body up to its first character that is not blank, or all of it (64 KiB at most)."""
    read = bytearray()
    for chunk in chunks:
        read += chunk
        if len(read) > _LONGEST_ERROR or (not whole and read.strip()):
            break
    return bytes(read)
