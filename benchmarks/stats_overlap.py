"""A month that is known from webhooks already, and then from its statistics as well.

Each row of the body was a leg: its notifications are stored as they would have come and
projected, so that every call is there before the import. Afterwards everything is counted
again from the bytes: no call and no record twice, no leg without its participant.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from django_mango.models import Account, Call, CallParty, CallRecord, Notification
from django_mango.protocol.statistics import Record, read_rows
from django_mango.services.bulk import block_of
from django_mango.services.projecting import project_entries

from .statistics_body import read_chunks

_COLUMNS = ("kind", "path", "json", "entry_id", "call_id", "seq", "digest", "received_at")
_AT_ONCE = 500
Legs = dict[str, list[Record]]


def store_webhooks(body: Path, account: Account) -> dict[str, Any]:
    """Store and project the notifications of every row; how many, and of how many calls."""
    legs, stored = _legs(body), 0
    entries = iter(sorted(legs))
    while part := list(islice(entries, _AT_ONCE)):
        rows = sorted(
            (_row(*told) for entry_id in part for told in _told(entry_id, legs[entry_id])),
            key=lambda row: row[6],
        )
        with transaction.atomic():
            block_of(
                connection,
                Notification,
                _COLUMNS,
                rows,
                key=("account_id", "digest"),
                update=(),
                constants={"account_id": account.pk},
            ).write()
        project_entries(account, part)
        stored += len(rows)
    return {"rows": stored, "calls": Call.objects.filter(account=account).count()}


def wrong(body: Path, account: Account) -> dict[str, int]:
    """What is twice, lost or without one of its two sources."""
    legs = _legs(body)
    calls = Call.objects.filter(account=account)
    records = CallRecord.objects.filter(account=account)
    keys = {row.key for rows in legs.values() for row in rows}
    parties = set(
        CallParty.objects.filter(account=account).values_list("call__entry_id", "extension")
    )
    rang = {
        (entry_id, extension)
        for entry_id, rows in legs.items()
        for row in rows
        for extension in (row.from_extension, row.to_extension)
        if extension
    }
    of_calls = dict(records.order_by().values_list("entry_id").annotate(Count("pk")))
    return {
        "calls twice": calls.count() - calls.values("entry_id").distinct().count(),
        "calls more or less than conversations": abs(calls.count() - len(legs)),
        "records more or less than rows": abs(records.count() - len(keys)),
        "conversations that lack a leg": sum(
            of_calls.get(entry_id) != len({row.key for row in rows})
            for entry_id, rows in legs.items()
        ),
        "people who rang and take no part": len(rang - parties),
        "calls not confirmed by statistics": calls.exclude(sources__contains="basic").count(),
        "calls not confirmed by webhooks": calls.exclude(sources__contains="summary").count(),
    }


def _legs(body: Path) -> Legs:
    found: Legs = {}
    for row in read_rows(read_chunks(body)):
        if isinstance(row, Record):
            found.setdefault(row.entry_id, []).append(row)
    return found


def _told(entry_id: str, rows: list[Record]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the service told of these legs while the call went on."""
    for number, row in enumerate(rows, 1):
        steps = [("Appeared", row.start), ("Connected", row.answer), ("Disconnected", row.finish)]
        for seq, (state, at) in enumerate([step for step in steps if step[1]], 1):
            event = {
                "entry_id": entry_id,
                "call_id": f"{entry_id}{number}",
                "timestamp": at,
                "seq": seq,
                "call_state": state,
                "location": row.location,
                "from": {"extension": row.from_extension, "number": row.from_number},
                "to": {
                    "extension": row.to_extension,
                    "number": row.to_number,
                    "line_number": row.line_number,
                },
            }
            if state == "Disconnected":
                event["disconnect_reason"] = int(row.disconnect_reason or 1100)
            yield "events/call", event
    yield "events/summary", _summary(entry_id, rows)


def _summary(entry_id: str, rows: list[Record]) -> dict[str, Any]:
    last = max(rows, key=lambda row: (bool(row.answer), row.finish))
    return {
        "entry_id": entry_id,
        "call_direction": 0 if not last.line_number else 2 if last.from_extension else 1,
        "from": {"extension": last.from_extension, "number": last.from_number},
        "to": {"extension": last.to_extension, "number": last.to_number},
        "line_number": last.line_number,
        "create_time": min(row.create or row.start for row in rows),
        "forward_time": last.start,
        "talk_time": last.answer,
        "end_time": max(row.finish for row in rows),
        "entry_result": int(bool(last.answer)),
        "disconnect_reason": int(last.disconnect_reason or 1100),
    }


def _row(kind: str, told: dict[str, Any]) -> tuple[Any, ...]:
    text = json.dumps(told, separators=(",", ":"))
    digest = hashlib.sha256(f"{kind}\n{text}".encode()).hexdigest()
    entry_id, call_id = told["entry_id"], told.get("call_id", "")
    path = f"default/{kind}"
    return kind, path, text, entry_id, call_id, told.get("seq"), digest, timezone.now()
