"""Extended statistics of the service, or of a file (§3.4.2)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import timedelta

from ... import conf
from ...client import Client, ExtendedClient
from ...models import CallRecord, StatsImport
from ...protocol.errors import AnswerLost, ReadError
from ...protocol.extended import Page
from ...protocol.extended_requests import LONGEST_PERIOD
from .loading import Row, begun


class ExtendedLoader:
    """Pages of conversations with their legs; each page has a key of its own.

    No notification tells when a page is ready (T-15): it is asked for every five seconds.
    """

    kind: str = CallRecord.Kind.EXTENDED
    #: Of thirty days the service takes a second less (Q41).
    longest = timedelta(seconds=LONGEST_PERIOD)
    covers = True

    def __init__(self, client: Client) -> None:
        self._extended = ExtendedClient(
            client, max_wait=conf.seconds("STATS_MAX_WAIT_SECONDS").total_seconds()
        )

    def rows(self, window: StatsImport, is_ready: Callable[[], bool]) -> Generator[Row]:
        window.attempts += 1
        yield from self._extended.rows(
            window.since,
            window.until,
            begun=lambda key: begun(window, key),
            hurry=is_ready,
        )


def json_rows(chunks: Iterator[bytes], _fields: Sequence[str]) -> Iterator[Row]:
    """Rows of a saved ``stats/calls/result``; raises ``AnswerLost`` where it is no JSON."""
    try:
        yield from Page(chunks)
    except ReadError as error:
        raise AnswerLost(f"the file holds no extended statistics: {error}") from error
