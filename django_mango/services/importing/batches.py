"""Rows of a window in batches, each with all that can be computed of it without a database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ...models import CallRecord
from ...protocol.errors import ServiceError
from ...protocol.extended import ExtendedRecord
from ...protocol.projection import Directory
from ...protocol.statistics import BadRow
from ..bulk import BASIC, EXTENDED, Report, RowKind, Target, prepare
from ..foreseeing import Foreseen, foresee
from .loading import Good, Row

#: Rows whose records and calls are written in one transaction.
BATCH = 4000
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
    rows: list[Row],
    kind: str,
    target: Target,
    directory: Directory,
    begun: Collection[str],
    *,
    expects_new: bool,
) -> Batch:
    """A batch ready to be written, after one with the conversations ``begun``. No database.

    Only of rows that are expected to be new anything is foreseen.
    """
    bad = [row for row in rows if isinstance(row, BadRow)]
    good = [row for row in rows if not isinstance(row, BadRow)]
    report = prepare(_KINDS[kind], target, good, expects_new=expects_new)
    new = report.rows.values() if expects_new else ()
    foreseen = foresee(target, new, directory, begun)
    return Batch(rows, good, bad, report, foreseen)


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
