"""Batches of rows into the database: records, and the calls of their entries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction

from ...models import Account, Call, CallRecord, StatsImport
from ...protocol.errors import AnswerLost, ServiceError, UnexpectedAnswer
from ...protocol.extended import ExtendedRecord
from ...protocol.projection import Directory
from ...protocol.statistics import BadRow
from ...protocol.times import moment_or_none
from ..bulk import (
    BASIC,
    EXTENDED,
    Counters,
    Report,
    RowKind,
    Target,
    note_growth,
    prepare,
    write_report,
)
from ..directory import directory_of, with_directory
from ..following import News
from ..foreseeing import Foreseen, foresee
from ..transactions import commit_soon
from ..unfolding import Unfolded, unfold
from .ahead import computed_ahead
from .collecting import collector_paused
from .loading import Good, Row
from .wake import Wake

#: Rows whose records and calls are written in one transaction.
BATCH = 4000
_BAD_ROWS_KEPT = 20
#: The database is told of its growth after so many calls, and when they are so many times more.
#: Of an empty table it thinks that an account has few rows, and looks through all of them.
_FEW, _TIMES = 1000, 30
#: How rows of each kind are stored; the rows of a window are all of its kind.
_KINDS: dict[str, RowKind[Any]] = {
    CallRecord.Kind.BASIC: BASIC,
    CallRecord.Kind.EXTENDED: EXTENDED,
}


@dataclass(slots=True)
class Batch:
    """Rows of a window with all that can be computed of them without a database."""

    rows: list[Row]
    good: list[Good]
    bad: list[BadRow]
    report: Report[Any]
    foreseen: Foreseen


def prepared(
    rows: list[Row], kind: str, target: Target, directory: Directory, begun: Collection[str]
) -> Batch:
    """A batch ready to be written, after one with the conversations ``begun``. No database."""
    bad = [row for row in rows if isinstance(row, BadRow)]
    good = [row for row in rows if not isinstance(row, BadRow)]
    report = prepare(_KINDS[kind], target, good)
    foreseen = foresee(target, report.rows.values(), directory, begun)
    return Batch(rows, good, bad, report, foreseen)


class Writer:
    """Writes the rows of windows and counts what becomes of them.

    ``calls`` is the number of calls created or changed so far.
    """

    def __init__(self, account: Account, news: News) -> None:
        self._account = account
        self._wake = Wake(account, news)
        self.calls = 0
        self._planned_for = 0

    def store(self, window: StatsImport, rows: Iterable[Row]) -> Generator[None]:
        """Write rows batch by batch; yields after each one, when its counters are saved.

        Raises ``AnswerLost`` after the last one where a line was cut off, ``UnexpectedAnswer``
        where not one of many rows was understood: that is no report in our columns.
        """
        is_cut = False
        try:
            with closing(computed_ahead(self._works(window, rows))) as batches:
                while batch := self._next(window, batches):
                    is_cut = is_cut or any(row.reason == "cut" for row in batch.bad)
                    yield
        finally:
            self._wake.follow()
        if window.bad == window.rows > _BAD_ROWS_KEPT:
            raise UnexpectedAnswer("not one row was understood")
        if is_cut:
            raise AnswerLost("the last line of the statistics is cut off")

    def _works(self, window: StatsImport, rows: Iterable[Row]) -> Iterator[Callable[[], Batch]]:
        begun: frozenset[str] = frozenset()
        for batch in in_batches(rows):
            target, directory = Target.of(self._account), directory_of(self._account)
            yield partial(prepared, batch, window.kind, target, directory, begun)
            begun = frozenset(row.entry_id for row in batch if not isinstance(row, BadRow))

    def _next(self, window: StatsImport, batches: Iterator[Batch]) -> Batch | None:
        """Take the next batch and write it; ``None`` at the end."""
        with collector_paused():
            batch = next(batches, None)
            if batch is not None:
                counters = self._write(window, batch) if batch.good else Counters()
                _reach(window, batch.good)
                count(window, len(batch.rows), counters, batch.bad)
                _save_soon(window)
        return batch

    def _write(self, window: StatsImport, batch: Batch) -> Counters:
        counters, unfolded = self._write_together(window, batch)
        self.calls += unfolded.calls
        if self.calls >= max(_FEW, _TIMES * self._planned_for):
            self._planned_for = self.calls
            note_growth(Call)
        self._wake.take(batch.good, counters, unfolded)
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


def _reach(window: StatsImport, records: list[Good]) -> None:
    """Note the latest start of a call, for who wants to know how far the import is."""
    latest = moment_or_none(max((record.start for record in records), default=0))
    if latest and (window.reached_at is None or latest > window.reached_at):
        window.reached_at = latest


def in_batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Lists of at most ``BATCH`` rows. What came before the rows broke off is given too.

    The legs of an extended conversation stay with it, up to as many again: no call is made
    of a part of what one report tells.
    """
    batch: list[Row] = []
    try:
        for row in rows:
            is_full = len(batch) >= BATCH
            if is_full and (not _goes_on(row) or len(batch) >= 2 * BATCH):
                yield batch
                batch = []
            batch.append(row)
    except ServiceError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _goes_on(row: Row) -> bool:
    """Whether the row is a leg of the conversation before it."""
    return isinstance(row, ExtendedRecord) and row.level != CallRecord.Level.CONVERSATION
