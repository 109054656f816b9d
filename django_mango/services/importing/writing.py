"""Batches of rows into the database: records, and the calls of their entries."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from functools import partial

from django.db import connections, router, transaction

from ...models import Account, Call, StatsImport
from ...protocol.errors import AnswerLost, UnexpectedAnswer
from ...protocol.projection import Directory
from ...protocol.statistics import BadRow
from ...protocol.times import moment_or_none
from ..bulk import Counters, Target, note_growth, write_report
from ..directory import directory_of, with_directory
from ..following import News
from ..transactions import commit_soon
from ..unfolding import Unfolded, unfold
from .ahead import computed_ahead
from .batches import Batch, Expected, Preparing, in_batches
from .collecting import collector_paused
from .loading import Arriving
from .wake import Wake

_BAD_ROWS_KEPT = 20
#: The database is told of its growth after so many calls, and when they are so many times more.
#: Of an empty table it thinks that an account has few rows, and looks through all of them.
_FEW, _TIMES = 1000, 30


class Writer:
    """Writes the rows of windows and counts what becomes of them.

    ``calls`` is the number of calls created or changed so far.
    """

    def __init__(self, account: Account, news: News) -> None:
        self._account = account
        self._wake = Wake(account, news)
        self.calls = 0
        self._planned_for = 0
        self._expects = Expected()

    def store(self, window: StatsImport, arriving: Iterable[Arriving]) -> Generator[None]:
        """Write rows batch by batch; yields after each one, when its counters are saved.

        Raises ``AnswerLost`` after the last one where a line was cut off, ``UnexpectedAnswer``
        where not one of many rows was understood: that is no report in our columns.
        """
        is_cut = False
        try:
            works = self._works(window, arriving)
            # SQLite works in our own process: giving way would only cost.
            gives_way = connections[router.db_for_write(StatsImport)].vendor != "sqlite"
            with closing(computed_ahead(works, gives_way=gives_way)) as batches:
                for batch in batches:
                    is_cut = is_cut or any(row.reason == "cut" for row in batch.bad)
                    self._take(window, batch)
                    del batch  # else it stays in memory while the next but one is read
                    yield
        finally:
            self._wake.follow()
        if window.bad == window.rows > _BAD_ROWS_KEPT:
            raise UnexpectedAnswer("not one row was understood")
        if is_cut:
            raise AnswerLost("the last line of the statistics is cut off")

    def _works(
        self, window: StatsImport, arriving: Iterable[Arriving]
    ) -> Iterator[Callable[[], Batch]]:
        preparing = Preparing(window.kind)
        for batch in in_batches(arriving):
            target, directory = Target.of(self._account), directory_of(self._account)
            yield partial(preparing.batch, batch, target, directory, expects=self._expects)

    def _take(self, window: StatsImport, batch: Batch) -> None:
        """Write a batch and count what became of its rows."""
        with collector_paused():
            counters = self._write(window, batch) if batch.good else Counters()
            _reach(window, batch.latest)
            count(window, batch.rows, counters, batch.bad)
            _save_soon(window)

    def _write(self, window: StatsImport, batch: Batch) -> Counters:
        counters, unfolded = self._write_together(window, batch)
        self._expects = Expected(
            new_rows=counters.new > counters.unchanged,
            new_calls=2 * len(unfolded.new_entries) > len(counters.entry_ids),
        )
        self.calls += unfolded.calls
        if self.calls >= max(_FEW, _TIMES * self._planned_for):
            self._planned_for = self.calls
            note_growth(Call)
        self._wake.take(batch, counters, unfolded)
        return counters

    def _write_together(self, window: StatsImport, batch: Batch) -> tuple[Counters, Unfolded]:
        """Records and the calls of their entries, in one transaction: no kill parts them."""

        def work(directory: Directory) -> tuple[Counters, Unfolded]:
            # A write first: SQLite cannot turn a transaction that has read into a writer.
            StatsImport.objects.filter(pk=window.pk).update(state=StatsImport.State.LOADING)
            commit_soon()
            counters = write_report(self._account, batch.report)
            return counters, unfold(self._account, counters, batch.foreseen, directory)

        return with_directory(self._account, work)


def save(window: StatsImport) -> None:
    """Write what we know; ``ready_at`` is the inbox's, which may have written it meanwhile."""
    fields = [field.name for field in StatsImport._meta.concrete_fields if not field.primary_key]
    window.save(update_fields=[name for name in fields if name != "ready_at"])


def _save_soon(window: StatsImport) -> None:
    """Save the counters of a batch; the window's end is saved for good."""
    with transaction.atomic():
        save(window)
        commit_soon()


def printable(text: str) -> str:
    """Text every database takes: no NUL, JSON columns included, and no half of a pair."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def count(window: StatsImport, rows: int, counters: Counters, bad: list[BadRow]) -> None:
    """Add a batch to the counters of a window, and keep the first bad rows."""
    window.rows += rows
    window.new += counters.new
    window.changed += counters.changed
    window.unchanged += counters.unchanged
    window.bad += len(bad)
    kept = _BAD_ROWS_KEPT - len(window.bad_rows)
    window.bad_rows += [
        {"line": row.line, "reason": row.reason, "text": printable(row.text)} for row in bad[:kept]
    ]


def _reach(window: StatsImport, latest: int) -> None:
    """Note the latest start of a call, for who wants to know how far the import is."""
    moment = moment_or_none(latest)
    if moment and (window.reached_at is None or moment > window.reached_at):
        window.reached_at = moment
