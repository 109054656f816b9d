"""Rows of extended statistics as they are stored, and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ...models import CallRecord
from ...protocol.extended import ExtendedRecord
from .plan import Values
from .reports import RowKind

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


def _values(key: str, digest: str, record: ExtendedRecord) -> Values:
    return (
        key,
        digest,
        record.records,
        record.details,
        *(getattr(record, name) for name in _PLAIN),
        *(getattr(record, name) for name in _TIMES),
    )


def _seconds(moment: datetime | None) -> int:
    return int(moment.timestamp()) if moment else 0


EXTENDED: RowKind[ExtendedRecord] = RowKind(
    columns=_COLUMNS,
    changeable=_CHANGEABLE,
    constants={"kind": CallRecord.Kind.EXTENDED.value},
    values=_values,
    stored=extended_of,
    merged=_merged,
    is_by_time=False,
)
