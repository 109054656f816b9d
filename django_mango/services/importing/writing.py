"""Batches of rows into the database: records, and the calls of their entries."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from typing import Any

from ...models import Account, Call, StatsImport
from ...protocol.errors import AnswerLost, ServiceError, UnexpectedAnswer
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
            with closing(computed_ahead(works)) as batches:
                for batch in batches:
                    if not batch.rows:
                        continue
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

        def work(batch: Sequence[Arriving]) -> Callable[[], Batch]:
            target, directory = Target.of(self._account), directory_of(self._account)
            return partial(preparing.batch, batch, target, directory, expects=self._expects)

        try:
            for batch in in_batches(arriving):
                yield work(batch)
        except ServiceError:
            yield work(())
            raise
        yield work(())  # what was kept of the last one

    def _take(self, window: StatsImport, batch: Batch) -> None:
        """Write a batch and what follows from it."""
        with collector_paused():
            counters, unfolded, counted = self._write(window, batch)
            for name, value in counted.items():
                setattr(window, name, value)
            if not batch.good:
                return
            self._expects = Expected(
                new_rows=counters.new > counters.unchanged,
                new_calls=2 * len(unfolded.new_calls) > len(counters.entry_ids),
            )
            self.calls += unfolded.calls
            if self.calls >= max(_FEW, _TIMES * self._planned_for):
                self._planned_for = self.calls
                note_growth(Call)
            self._wake.take(batch, counters, unfolded)

    def _write(
        self, window: StatsImport, batch: Batch
    ) -> tuple[Counters, Unfolded, dict[str, Any]]:
        """Records, the calls of their entries, counters, in one transaction: no kill parts them."""
        stored = StatsImport.objects.filter(pk=window.pk)

        def work(directory: Directory) -> tuple[Counters, Unfolded, dict[str, Any]]:
            # A write first: SQLite cannot turn a transaction that has read into a writer.
            stored.update(state=StatsImport.State.LOADING)
            commit_soon()
            counters = write_report(self._account, batch.report)
            unfolded = unfold(self._account, counters, batch.foreseen, directory)
            counted = counted_with(window, batch.rows, counters, batch.bad) | _reached(
                window, batch
            )
            stored.update(**counted)
            return counters, unfolded, counted

        return with_directory(self._account, work)


def save(window: StatsImport) -> None:
    """Write what we know; ``ready_at`` is the inbox's, which may have written it meanwhile."""
    fields = [field.name for field in StatsImport._meta.concrete_fields if not field.primary_key]
    window.save(update_fields=[name for name in fields if name != "ready_at"])


def printable(text: str) -> str:
    """Text every database takes: no NUL, JSON columns included, and no half of a pair."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def counted_with(
    window: StatsImport, rows: int, counters: Counters, bad: Sequence[BadRow]
) -> dict[str, Any]:
    """The counters of a window with those of a batch, and the first bad rows."""
    kept = _BAD_ROWS_KEPT - len(window.bad_rows)
    return {
        "rows": window.rows + rows,
        "new": window.new + counters.new,
        "changed": window.changed + counters.changed,
        "unchanged": window.unchanged + counters.unchanged,
        "bad": window.bad + len(bad),
        "bad_rows": [
            *window.bad_rows,
            *(
                {"line": row.line, "reason": row.reason, "text": printable(row.text)}
                for row in bad[:kept]
            ),
        ],
    }


def _reached(window: StatsImport, batch: Batch) -> dict[str, datetime]:
    """The latest start of a call, for who wants to know how far the import is."""
    moment = moment_or_none(batch.latest)
    is_later = moment and (window.reached_at is None or moment > window.reached_at)
    return {"reached_at": moment} if moment and is_later else {}
