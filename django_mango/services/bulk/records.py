"""Rows of statistics into the database, by key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from ...models import Account, CallRecord
from ...protocol.statistics import Record
from ...protocol.times import moment_or_none
from .upserts import upsert

#: What a later report of the same row may change.
_CHANGEABLE = (
    "row_digest",
    "recording_ids",
    "line_number",
    "created_at",
    "disconnect_reason",
    "changed_at",
)


@dataclass(slots=True)
class Counters:
    """What became of the rows of a batch.

    ``fresh`` are the new ones as they are stored, ``entry_ids`` the conversations with a new
    or a changed one: only their calls have to be computed anew.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    fresh: list[Record] = field(default_factory=list)
    entry_ids: set[str] = field(default_factory=set)


def write_records(account: Account, records: Iterable[Record], now: datetime) -> Counters:
    """Store a batch of statistics rows by key. An unchanged row costs no write.

    Recordings appear late and never shrink; a value once known is not blanked out. A
    report that tells nothing new is unchanged, and so is a second row of one key.
    """
    reported = list(records)
    batch = _unique(reported)
    keys = sorted(batch)
    stored = {row.key: row for row in CallRecord.objects.filter(account=account, key__in=keys)}
    counters = Counters(unchanged=len(reported) - len(batch))
    rows = []
    for key in keys:
        record, old = batch[key], stored.get(key)
        if old is not None and old.row_digest != record.digest:
            record = _merged(record_of(old), record)
        if old is not None and old.row_digest == record.digest:
            counters.unchanged += 1
            continue
        if old is None:
            counters.new += 1
            counters.fresh.append(record)
        else:
            counters.changed += 1
        if record.entry_id:
            counters.entry_ids.add(record.entry_id)
        rows.append(_row(account, record, old.first_seen_at if old else now, now))
    upsert(CallRecord, rows, key=("account", "key"), update=_CHANGEABLE)
    return counters


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


def _unique(records: Iterable[Record]) -> dict[str, Record]:
    """One report for each key, in which later rows complete earlier ones."""
    found: dict[str, Record] = {}
    for record in records:
        key = record.key
        found[key] = _merged(found[key], record) if key in found else record
    return found


def _merged(earlier: Record, later: Record) -> Record:
    """The later report of a row, with what only the earlier one knew."""
    return replace(
        later,
        records=tuple(dict.fromkeys((*earlier.records, *later.records))),
        line_number=later.line_number or earlier.line_number,
        create=later.create or earlier.create,
        disconnect_reason=later.disconnect_reason or earlier.disconnect_reason,
    )


def _row(account: Account, record: Record, first_seen_at: datetime, now: datetime) -> CallRecord:
    return CallRecord(
        account=account,
        kind=CallRecord.Kind.BASIC,
        level=CallRecord.Level.LEG,
        key=record.key,
        row_digest=record.digest,
        entry_id=record.entry_id,
        created_at=moment_or_none(record.create),
        started_at=moment_or_none(record.start),
        answered_at=moment_or_none(record.answer),
        finished_at=moment_or_none(record.finish),
        from_extension=record.from_extension,
        from_number=record.from_number,
        to_extension=record.to_extension,
        to_number=record.to_number,
        line_number=record.line_number,
        location=record.location,
        disconnect_reason=record.disconnect_reason,
        recording_ids=list(record.records),
        first_seen_at=first_seen_at,
        changed_at=now,
    )


def _seconds(moment: datetime | None) -> int:
    return int(moment.timestamp()) if moment else 0
