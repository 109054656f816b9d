"""Extended statistics: ask for a page, wait, read it as a stream, go on (§3.4.2, Q37-Q43)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import datetime
from typing import IO, Final

from ..protocol import answers, extended
from ..protocol.errors import (
    ReadError,
    ResultGone,
    ServerFault,
    ServiceError,
    UnexpectedAnswer,
)
from ..protocol.extended import ExtendedRecord, Head, Page
from ..protocol.extended_requests import LIMITS, StatsCallsRequest, StatsCallsResult
from ..protocol.statistics import BadRow
from .client import Client
from .polling import Waiting, in_time, pause_after
from .transport import CHUNK, Reply

#: Bytes of a page held in memory; what is longer waits in a file without a name.
_IN_MEMORY: Final = 1024 * 1024
#: Bytes; five thousand conversations of a large group take some forty million.
_LONGEST: Final = 512 * 1024 * 1024
#: Bytes; errors are shorter.
_LONGEST_ERROR: Final = 64 * 1024


class ExtendedClient:
    """Fetches extended statistics through a ``Client``, page by page.

    ``max_wait`` bounds the waiting for one page, in seconds; ``limit`` is the number of
    conversations asked for at once, one of ``LIMITS``.
    """

    def __init__(self, client: Client, *, max_wait: float = 600.0, limit: int = LIMITS[-1]) -> None:
        self._client = client
        self._max_wait = max_wait
        self._limit = limit

    def rows(
        self,
        since: int | datetime,
        until: int | datetime,
        *,
        begun: Callable[[str], None] | None = None,
        hurry: Callable[[], bool] | None = None,
    ) -> Generator[ExtendedRecord | BadRow]:
        """All rows of a period below 30 days, both ends included, in the order of the service.

        ``begun`` is told the key of each page asked for, ``hurry`` is called every half
        second while nothing comes. A conversation that moved over the edge of a page while others
        came in is given twice. A key that is gone is asked for anew, once for each page.

        Raises what ``StatisticsClient.wait`` does, ``ServerFault`` where the job failed, and
        ``UnexpectedAnswer`` when the service does not go on from page to page.
        """
        offset, seen = 0, 0
        totals: dict[str, int] = {}
        before: set[str] = set()
        while True:
            request = StatsCallsRequest(since, until, limit=self._limit, offset=offset)
            with self._page(request, begun, hurry) as body:
                page = Page(_pieces(body), offset + 1)
                yield from self._rows_of(page, request)
            if page.entry_ids and page.entry_ids == before:
                raise UnexpectedAnswer("the same page came twice", path=request.path)
            seen += page.count
            totals = {day: max(n, totals.get(day, 0)) for day, n in page.totals.items()} | {
                day: n for day, n in totals.items() if day not in page.totals
            }
            # A short page is the last one, unless the service says that it counts more.
            if not page.count or (page.count < self._limit and seen >= sum(totals.values())):
                return
            before = page.entry_ids
            offset += min(page.count, self._limit)

    def _rows_of(self, page: Page, request: StatsCallsRequest) -> Iterator[ExtendedRecord | BadRow]:
        try:
            yield from page
        except ReadError as error:
            raise self._client.told(
                request, UnexpectedAnswer(f"the statistics are no JSON: {error}", status=200)
            ) from None

    def _page(
        self,
        request: StatsCallsRequest,
        begun: Callable[[str], None] | None,
        hurry: Callable[[], bool] | None,
    ) -> IO[bytes]:
        """The body of one page, complete."""
        try:
            return self._page_once(request, begun, hurry)
        except ResultGone:
            return self._page_once(request, begun, hurry)

    def _page_once(
        self,
        request: StatsCallsRequest,
        begun: Callable[[str], None] | None,
        hurry: Callable[[], bool] | None,
    ) -> IO[bytes]:
        key = self._client.send(request).key
        if begun is not None:
            begun(key)
        command = StatsCallsResult(key)
        waiting = Waiting(self._client, self._max_wait, hurry)
        failures = 0
        while True:
            try:
                body = self._ask(command)
            except ServiceError as error:
                failures += 1
                pause = pause_after(self._client, command, error, failures)
                if pause is None:
                    raise
                waiting.after_failure(error, pause)
                continue
            if body is not None:
                return body
            failures = 0
            waiting.until_ready(command.path)

    def _ask(self, command: StatsCallsResult) -> IO[bytes] | None:
        """One question: the body of the report, or ``None`` while there is none."""
        reply = self._client.open(command)
        body: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - given away
        try:
            size = _receive(self._client, reply, body, self._max_wait)
            head = _head(command, reply, body, size)
        except ServiceError as error:
            body.close()
            raise self._client.told(command, error, reply) from None
        except BaseException:
            body.close()
            raise
        self._client.gate.told(command, None)
        if head is not None and head.is_ready:
            return body
        body.close()
        return None


def _receive(client: Client, reply: Reply, body: IO[bytes], max_wait: float) -> int:
    """The whole answer into ``body``: no half of it is believed, and the line is free again."""
    size = 0
    with closing(reply.chunks()) as chunks:
        for chunk in in_time(client, chunks, max_wait):
            size += len(chunk)
            if size > _LONGEST:
                raise UnexpectedAnswer("an endless answer", status=reply.status)
            body.write(chunk)
    return size


def _head(command: StatsCallsResult, reply: Reply, body: IO[bytes], size: int) -> Head | None:
    """What the answer says; ``None`` for one without a byte. Raises what a failed job means."""
    body.seek(0)
    start = body.read(_LONGEST_ERROR)
    if size <= _LONGEST_ERROR or reply.status != 200 or start.lstrip()[:1] in (b"<", b""):
        # Errors of every kind are known there; the report itself passes.
        answers.decode(command, reply.status, reply.headers, start)
    if not start.strip():
        return None
    try:
        head = extended.read_head(_pieces(body))
    except ReadError as error:
        raise UnexpectedAnswer(f"the statistics are no JSON: {error}", status=200) from None
    if head.is_ready or head.is_coming:
        return head
    if head.status in ("not-found", "cancel"):
        raise ResultGone(f"the job of the statistics is gone: {head.status}", code=head.code)
    if head.status == "error":
        raise ServerFault("the job of the statistics failed", status=200, code=head.code)
    raise UnexpectedAnswer(f"an unknown status: {head.status[:40]}", status=200)


def _pieces(body: IO[bytes]) -> Iterator[bytes]:
    body.seek(0)
    while piece := body.read(CHUNK):
        yield piece
