"""Where the rows of a window come from: the service, or a file."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator
from datetime import timedelta
from typing import Protocol

from ... import conf
from ...client import Client, StatisticsClient
from ...models import CallRecord, StatsImport
from ...protocol import statistics
from ...protocol.commands import StatsRequest
from ...protocol.errors import ResultGone
from ...protocol.extended import ExtendedRecord
from ...protocol.statistics import BadRow, Lines, Record

log = logging.getLogger("django_mango.importing")

#: The service allows a month; neighbours share their edge second (§3.4.1.1, Q25).
LONGEST_WINDOW = timedelta(days=28)

# Seconds.
_BEAT = 5.0

#: A row of a report, good or bad.
Good = Record | ExtendedRecord
Row = Good | BadRow
#: What arrives: rows, or lines that are still to be read.
Arriving = Row | Lines


class Loader(Protocol):
    """A source of rows, one kind of statistics.

    ``rows`` asks for a window and gives its rows as they arrive: memory does not grow with
    their number. It counts its tries in ``window.attempts`` and notes keys with ``begun``.
    ``is_ready`` is to be called at least every few seconds while nothing arrives: it keeps
    the lease, and says whether the readiness notification has come. Raises ``ServiceError``
    where the window cannot be loaded.
    """

    #: The kind of its records, see ``CallRecord.Kind``.
    kind: str
    #: The longest window it takes.
    longest: timedelta
    #: Whether what it gave is everything there is of the period.
    covers: bool

    def rows(self, window: StatsImport, is_ready: Callable[[], bool]) -> Generator[Arriving]: ...


class ServiceLoader(Loader, Protocol):
    """A loader that asks the service."""

    def __init__(self, client: Client) -> None: ...


class BasicLoader:
    """Basic statistics of the service (§3.4.1)."""

    kind: str = CallRecord.Kind.BASIC
    longest = LONGEST_WINDOW
    covers = True

    def __init__(self, client: Client) -> None:
        self._statistics = StatisticsClient(
            client, max_wait=conf.seconds("STATS_MAX_WAIT_SECONDS").total_seconds()
        )

    def rows(self, window: StatsImport, is_ready: Callable[[], bool]) -> Generator[Arriving]:
        """Request, wait and read; a key that is gone is asked for anew, once (Q22)."""
        try:
            yield from self._rows(window, is_ready)
        except ResultGone:
            log.info("the statistics key is gone, asking anew")
            yield from self._rows(window, is_ready)

    def _rows(self, window: StatsImport, is_ready: Callable[[], bool]) -> Generator[Arriving]:
        window.attempts += 1
        request = StatsRequest(window.since, window.until, fields=statistics.OUR_FIELDS)
        begun(window, self._statistics.request(request))
        with self._statistics.wait(window.request_key, hurry=is_ready) as csv:
            yield from statistics.read_lines(_beating(csv, is_ready))


def _beating(pieces: Iterator[bytes], is_ready: Callable[[], bool]) -> Iterator[bytes]:
    """Keep the lease while a report comes slowly: its rows do not fill a batch for long."""
    beaten = time.monotonic()
    for piece in pieces:
        yield piece
        if time.monotonic() - beaten > _BEAT:
            is_ready()
            beaten = time.monotonic()


def begun(window: StatsImport, key: str) -> None:
    """Note that a report was asked for, and by which key it is known."""
    window.request_key = key
    window.ready_at = None
    window.state = StatsImport.State.LOADING
    window.save()
