"""The loop a Django developer writes first: one flat table, ``update_or_create`` for each row."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

from django.db import transaction

from django_mango.protocol.statistics import OUR_FIELDS

from .bare.models import FlatRow


def run(body: Path) -> int:
    """Store a body in one transaction; the number of rows."""
    count = 0
    with body.open(encoding="utf-8", newline="") as text, transaction.atomic():
        for row in csv.DictReader(text, fieldnames=OUR_FIELDS, delimiter=";"):
            FlatRow._default_manager.update_or_create(
                entry_id=row["entry_id"],
                start=_moment(row["start"]),
                from_number=row["from_number"],
                to_number=row["to_number"],
                location=row["location"],
                defaults={
                    "finish": _moment(row["finish"]),
                    "answer": _moment(row["answer"]),
                    "create": _moment(row["create"]),
                    "from_extension": row["from_extension"],
                    "to_extension": row["to_extension"],
                    "line_number": row["line_number"],
                    "disconnect_reason": row["disconnect_reason"],
                    "records": row["records"].strip("[]"),
                },
            )
            count += 1
    return count


def _moment(cell: str) -> datetime | None:
    return datetime.fromtimestamp(int(cell), UTC) if int(cell or 0) else None
