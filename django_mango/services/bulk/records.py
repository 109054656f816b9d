"""Rows of basic statistics as they are stored, and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ...models import CallRecord
from ...protocol.statistics import Record
from .plan import Values
from .reports import RowKind

#: What a report tells of a row, in the order of ``_values``.
_COLUMNS = (
    "key",
    "row_digest",
    "entry_id",
    "created_at",
    "started_at",
    "answered_at",
    "finished_at",
    "from_extension",
    "from_number",
    "to_extension",
    "to_number",
    "line_number",
    "location",
    "disconnect_reason",
    "recording_ids",
)
#: What a later report of the same row may change; the digest tells whether it does.
_CHANGEABLE = ("recording_ids", "line_number", "created_at", "disconnect_reason", "changed_at")


def record_of(row: CallRecord) -> Record:
    """A stored row as the protocol's value."""
    return Record(
        entry_id=row.entry_id,
        start=_seconds(row.started_at),
        finish=_seconds(row.finished_at),
        answer=_seconds(row.answered_at),
        from_extension=row.from_extension,
        from_number=row.from_number,
        to_extension=row.to_extension,
        to_number=row.to_number,
        disconnect_reason=row.disconnect_reason,
        line_number=row.line_number,
        location=row.location,
        create=_seconds(row.created_at),
        records=tuple(row.recording_ids),
    )


def _merged(earlier: Record, later: Record) -> Record:
    """The later report of a row, with what only the earlier one knew."""
    return replace(
        later,
        records=tuple(dict.fromkeys((*earlier.records, *later.records))),
        line_number=later.line_number or earlier.line_number,
        create=later.create or earlier.create,
        disconnect_reason=later.disconnect_reason or earlier.disconnect_reason,
    )


def _values(key: str, digest: str, record: Record) -> Values:
    return (
        key,
        digest,
        record.entry_id,
        record.create,
        record.start,
        record.answer,
        record.finish,
        record.from_extension,
        record.from_number,
        record.to_extension,
        record.to_number,
        record.line_number,
        record.location,
        record.disconnect_reason,
        record.records,
    )


def _seconds(moment: datetime | None) -> int:
    return int(moment.timestamp()) if moment else 0


BASIC: RowKind[Record] = RowKind(
    columns=_COLUMNS,
    changeable=_CHANGEABLE,
    constants={},
    values=_values,
    stored=record_of,
    merged=_merged,
    is_by_time=True,
)
