"""Rows of a window in batches, each with all that can be computed of it without a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...models import CallRecord
from ...protocol.errors import ServiceError
from ...protocol.extended import ExtendedRecord
from ...protocol.projection import Directory
from ...protocol.statistics import BadRow, Lines
from ..bulk import BASIC, EXTENDED, Report, RowKind, Target, prepare
from ..foreseeing import Foreseen, foresee
from .collecting import collector_paused
from .loading import Arriving, Good, Row

#: Rows whose records and calls are written in one transaction.
BATCH = 4000
#: So large a part of a batch is its end, and so large a one at most is kept for the next.
_LATE, _KEPT = 40, 8
#: How rows of each kind are stored; the rows of a window are all of its kind.
_KINDS: dict[str, RowKind[Any]] = {
    CallRecord.Kind.BASIC: BASIC,
    CallRecord.Kind.EXTENDED: EXTENDED,
}


@dataclass(slots=True)
class Batch:
    """Rows of a window with all that can be computed of them without a database.

    ``latest`` is the last start of a call, in Unix seconds, 0 for none; ``recorded`` are good
    rows that name recordings.
    """

    rows: int
    good: int
    bad: list[BadRow]
    latest: int
    recorded: list[Good]
    report: Report[Any]
    foreseen: Foreseen


@dataclass(frozen=True, slots=True)
class Expected:
    """Of what the next batch is likely to be, as most of the one before was.

    Only of rows that are new, and whose calls are, anything is foreseen.
    """

    new_rows: bool = True
    new_calls: bool = True


class Preparing:
    """Makes the batches of a window ready, one after the other; no database is asked.

    A conversation whose rows lie in two batches is computed twice, the second time from what
    is stored. So of a full batch what may go on is kept for the next one.
    """

    def __init__(self, kind: str) -> None:
        self._kind = _KINDS[kind]
        self._kept: list[Good] = []
        #: Conversations of the batch before.
        self._begun: frozenset[str] = frozenset()

    def batch(
        self,
        arrived: Sequence[Arriving],
        target: Target,
        directory: Directory,
        *,
        expects: Expected,
    ) -> Batch:
        """What arrived, read and ready to be written."""
        with collector_paused():
            rows = rows_of(arrived)
            bad = [row for row in rows if isinstance(row, BadRow)]
            good = [*self._kept, *(row for row in rows if not isinstance(row, BadRow))]
            self._kept = _going_on(good) if len(rows) >= BATCH else []
            if self._kept:
                later = {row.entry_id for row in self._kept}
                good = [row for row in good if row.entry_id not in later]
            return self._batch(good, bad, target, directory, expects)

    def _batch(
        self,
        good: list[Good],
        bad: list[BadRow],
        target: Target,
        directory: Directory,
        expects: Expected,
    ) -> Batch:
        report = prepare(self._kind, target, good, expects_new=expects.new_rows)
        new = report.rows.values() if expects.new_rows and expects.new_calls else ()
        foreseen = foresee(target, new, directory, self._begun)
        self._begun = frozenset(row.entry_id for row in good)
        latest = max((row.start for row in good), default=0)
        recorded = [row for row in good if row.records and row.entry_id]
        rows = len(good) + len(bad)
        return Batch(rows, len(good), bad, latest, recorded, report, foreseen)


def _going_on(rows: Sequence[Good]) -> list[Good]:
    """Rows of the conversations at the end, which may go on in the next batch; not too many."""
    late = {row.entry_id for row in rows[-(BATCH // _LATE) :]} - {""}
    found = [row for row in rows if row.entry_id in late]
    return found if len(found) <= BATCH // _KEPT else []


def rows_of(arrived: Sequence[Arriving]) -> list[Row]:
    """Everything read."""
    rows: list[Row] = []
    for one in arrived:
        if isinstance(one, Lines):
            rows += one.rows()
        else:
            rows.append(one)
    return rows


def in_batches(arriving: Iterable[Arriving]) -> Iterator[list[Arriving]]:
    """Lists of at most ``BATCH`` rows. What came before they broke off is given too.

    The legs of an extended conversation stay with it, up to as many again: no call is made
    of a part of what one report tells.
    """
    batch: list[Arriving] = []
    size = 0
    try:
        for one in arriving:
            is_full = size >= BATCH
            if is_full and (not _goes_on(one) or size >= 2 * BATCH):
                yield batch
                batch, size = [], 0
            while isinstance(one, Lines) and size + one.count > BATCH:
                first, one = one.cut(BATCH - size)
                yield [*batch, first]
                batch, size = [], 0
            batch.append(one)
            size += one.count if isinstance(one, Lines) else 1
    except ServiceError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _goes_on(one: Arriving) -> bool:
    """Whether it is a leg of the conversation before it."""
    return isinstance(one, ExtendedRecord) and one.level != CallRecord.Level.CONVERSATION
