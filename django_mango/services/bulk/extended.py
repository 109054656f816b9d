"""Rows of extended statistics into the database, by key, and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from ...models import Account, CallRecord
from ...protocol.extended import ExtendedRecord
from ..lists import among
from .plan import Values
from .records import Counters
from .upserts import upsert_values

#: Attributes of a record, which columns of the same meaning hold.
_PLAIN = {
    "entry_id": "entry_id",
    "level": "level",
    "path": "path",
    "external_call_id": "external_call_id",
    "from_number": "from_number",
    "to_number": "to_number",
    "abonent_type": "abonent_type",
    "abonent_id": "abonent_id",
    "context_type": "context_type",
    "context_status": "context_status",
    "init_type": "init_type",
    "recall_status": "recall_status",
    "duration": "duration_seconds",
    "talk": "talk_seconds",
    "cost": "cost",
    "cost_full": "cost_full",
    "cost_tariff": "cost_tariff",
    "disconnect_reason": "disconnect_reason",
}
_TIMES = {"start": "started_at", "answer": "answered_at", "finish": "finished_at"}
_COLUMNS = (
    "key", "row_digest", "recording_ids", "details", *_PLAIN.values(), *_TIMES.values(),
)  # fmt: skip
_OF_THE_KEY = frozenset({"key", "row_digest", "entry_id", "level"})
#: Once a call is a success there is nobody to call back.
_MAY_GO = frozenset({"recall_status"})
#: What a later report of the same row may change; the digest tells whether it does.
_CHANGEABLE = (*(name for name in _COLUMNS if name not in _OF_THE_KEY), "changed_at")


def write_extended(account: Account, records: Iterable[ExtendedRecord], now: datetime) -> Counters:
    """Store a batch of extended rows by key. An unchanged row costs no write.

    Recordings never shrink, a value once known is not blanked out. A report that tells
    nothing new is unchanged, and so is a second row of one key: a conversation may
    stand on two pages.
    """
    reported = list(records)
    batch: dict[str, ExtendedRecord] = {}
    for record in reported:
        known = batch.get(record.key)
        batch[record.key] = record if known is None else _merged(known, record)
    keys = sorted(batch)
    digests = {key: batch[key].digest for key in keys}
    rows = CallRecord.objects.filter(account=account, key__in=among(keys)).order_by()
    stored = dict(rows.values_list("key", "row_digest"))
    differing = [key for key, digest in stored.items() if digest != digests[key]]
    for row in CallRecord.objects.filter(account=account, key__in=differing) if differing else ():
        batch[row.key] = merged = _merged(extended_of(row), batch[row.key])
        digests[row.key] = merged.digest
    fresh = [key for key in keys if stored.get(key) != digests[key]]
    upsert_values(
        CallRecord,
        _COLUMNS,
        [_values(digests[key], batch[key]) for key in fresh],
        key=("account_id", "key"),
        update=("row_digest",),
        stamps=_CHANGEABLE,
        constants={
            "account_id": account.pk,
            "kind": CallRecord.Kind.EXTENDED.value,
            "first_seen_at": now,
            "changed_at": now,
        },
    )
    new = [batch[key] for key in fresh if key not in stored]
    return Counters(
        new=len(new),
        changed=len(fresh) - len(new),
        unchanged=len(reported) - len(fresh),
        fresh=new,
        entry_ids={batch[key].entry_id for key in fresh},
    )


def extended_of(row: CallRecord) -> ExtendedRecord:
    """A stored row as the protocol's value."""
    return ExtendedRecord(
        key=row.key,
        entry_id=row.entry_id,
        level=row.level,
        path=row.path or "",
        external_call_id=row.external_call_id or "",
        start=_seconds(row.started_at),
        answer=_seconds(row.answered_at),
        finish=_seconds(row.finished_at),
        from_number=row.from_number,
        to_number=row.to_number,
        abonent_type=row.abonent_type or "",
        abonent_id=row.abonent_id,
        context_type=row.context_type,
        context_status=row.context_status,
        init_type=row.init_type,
        recall_status=row.recall_status,
        duration=row.duration_seconds,
        talk=row.talk_seconds,
        cost=row.cost,
        cost_full=row.cost_full,
        cost_tariff=row.cost_tariff,
        disconnect_reason=row.disconnect_reason,
        records=tuple(row.recording_ids),
        details=row.details or {},
    )


def _merged(earlier: ExtendedRecord, later: ExtendedRecord) -> ExtendedRecord:
    """The later report of a row, with what only the earlier one knew."""
    known = {
        name: getattr(earlier, name)
        for name in (*_PLAIN, *_TIMES)
        if name not in _MAY_GO and _is_unknown(name, getattr(later, name))
    }
    return replace(
        later,
        **known,
        records=tuple(dict.fromkeys((*earlier.records, *later.records))),
        details={**earlier.details, **later.details},
    )


def _is_unknown(name: str, value: object) -> bool:
    """Whether a report tells nothing: a length or a code of 0 is known, a moment of 0 is not."""
    return value is None or value == "" or (name in _TIMES and value == 0)


def _values(digest: str, record: ExtendedRecord) -> Values:
    return (
        record.key,
        digest,
        record.records,
        record.details,
        *(getattr(record, name) for name in _PLAIN),
        *(getattr(record, name) for name in _TIMES),
    )


def _seconds(moment: datetime | None) -> int:
    return int(moment.timestamp()) if moment else 0
