"""Rows of statistics into the database, by key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ...models import Account, CallRecord
from ...protocol.extended import ExtendedRecord
from ...protocol.statistics import Record
from .plan import Values
from .upserts import upsert_values

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
#: Rows of a period are read together unless more than so many for each one asked for stand there.
_READ_FOR_EACH = 3


@dataclass(slots=True)
class Counters:
    """What became of the rows of a batch.

    ``fresh`` are the new ones as they are stored, ``entry_ids`` the conversations with a new
    or a changed one: only their calls have to be computed anew.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    fresh: Sequence[Record | ExtendedRecord] = field(default_factory=list)
    entry_ids: set[str] = field(default_factory=set)


def write_records(account: Account, records: Iterable[Record], now: datetime) -> Counters:
    """Store a batch of statistics rows by key. An unchanged row costs no write.

    Recordings appear late and never shrink; a value once known is not blanked out. A
    report that tells nothing new is unchanged, and so is a second row of one key.
    """
    reported = list(records)
    if not reported:
        return Counters()
    batch = _unique(reported)
    keys = sorted(batch)
    digests = {key: batch[key].digest for key in keys}
    stored = _stored_digests(account, keys)
    differing = [key for key in keys if key in stored and stored[key] != digests[key]]
    for row in CallRecord.objects.filter(account=account, key__in=differing) if differing else ():
        batch[row.key] = merged = _merged(record_of(row), batch[row.key])
        digests[row.key] = merged.digest
    fresh = [key for key in keys if stored.get(key) != digests[key]]
    upsert_values(
        CallRecord,
        _COLUMNS,
        [_values(key, digests[key], batch[key]) for key in fresh],
        key=("account_id", "key"),
        update=("row_digest",),
        stamps=_CHANGEABLE,
        constants={"account_id": account.pk, "first_seen_at": now, "changed_at": now},
        # The lease keeps other importers away.
        expects_new=not any(key in stored for key in fresh),
    )
    new = [batch[key] for key in fresh if key not in stored]
    return Counters(
        new=len(new),
        changed=len(fresh) - len(new),
        unchanged=len(reported) - len(fresh),
        fresh=new,
        entry_ids={batch[key].entry_id for key in fresh} - {""},
    )


def _stored_digests(account: Account, keys: Sequence[str]) -> dict[str, str]:
    """Digests of those stored, by key; perhaps of some others too. ``keys`` are sorted.

    Keys begin with the start time and a batch with its period, so that what is stored are
    neighbours in the index. Only where a batch picks some rows of many each is looked up.
    """
    rows = CallRecord.objects.filter(account=account).order_by().values_list("key", "row_digest")
    most = _READ_FOR_EACH * len(keys)
    between = list(rows.filter(key__gte=keys[0], key__lte=keys[-1])[: most + 1])
    return dict(between if len(between) <= most else rows.filter(key__in=keys))


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
