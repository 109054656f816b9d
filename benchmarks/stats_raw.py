"""The raw limit: the same bytes into the same record table by hand, and nothing else.

The shortest parsing that gives our columns (lines split, nothing checked), the same keys
and digests, then COPY or ``executemany`` on the driver itself, everything in one
transaction. A bad row, a row that is there already or a lost connection ends it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import connection, transaction

_COLUMNS = (
    "account_id", "kind", "level", "key", "row_digest", "entry_id", "created_at", "started_at",
    "answered_at", "finished_at", "from_extension", "from_number", "to_extension", "to_number",
    "line_number", "location", "disconnect_reason", "recording_ids", "first_seen_at", "changed_at",
)  # fmt: skip
_TABLE = "django_mango_callrecord"
_AT_ONCE = 2000
_Row = tuple[Any, ...]


def run(body: Path, account_pk: int) -> int:
    """Store a body; the number of rows."""
    rows = _rows(body, account_pk)
    with transaction.atomic():
        connection.ensure_connection()
        cursor = connection.connection.cursor()
        _WAYS[connection.vendor](cursor, rows)
        cursor.execute(f"SELECT count(*) FROM {_TABLE}")
        return int(cursor.fetchone()[0])


def _rows(body: Path, account_pk: int) -> Iterator[_Row]:
    sha256, dumps, moment = hashlib.sha256, json.dumps, _moment
    now = _moment(str(int(time.time())))
    with body.open(encoding="utf-8", newline="") as text:
        for line in text:
            (
                entry_id, records, create, start, answer, finish, from_extension, from_number,
                to_extension, to_number, reason, line_number, location,
            ) = line.rstrip("\r\n").split(";")  # fmt: skip
            recordings = records[1:-1]
            key = (
                f"basic\x1f{entry_id}\x1f{start}\x1f{from_extension}\x1f{from_number}"
                f"\x1f{to_extension}\x1f{to_number}\x1f{location}\x1f{answer}\x1f{finish}"
            )
            digest = f"{recordings}\x1f{line_number}\x1f{create}\x1f{reason}"
            yield (
                account_pk,
                "basic",
                "leg",
                f"{start:0>10}-{sha256(key.encode()).hexdigest()[:40]}",
                sha256(digest.encode()).hexdigest(),
                entry_id,
                moment(create),
                moment(start),
                moment(answer),
                moment(finish),
                from_extension,
                from_number,
                to_extension,
                to_number,
                line_number,
                location,
                reason,
                dumps(recordings.split(",")) if recordings else "[]",
                now,
                now,
            )


@lru_cache(maxsize=4096)
def _moment(seconds: str) -> str | None:
    if seconds in ("", "0"):
        return None
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(int(seconds)))


def _by_copy(cursor: Any, rows: Iterator[_Row]) -> None:
    cursor.execute("SET LOCAL TIME ZONE 'UTC'")
    with cursor.copy(f"COPY {_TABLE} ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _by_one_statement(cursor: Any, rows: Iterator[_Row]) -> None:
    marks = ", ".join(["?"] * len(_COLUMNS))
    columns = ", ".join(_COLUMNS)
    cursor.executemany(f"INSERT INTO {_TABLE} ({columns}) VALUES ({marks})", rows)


def _by_long_statements(cursor: Any, rows: Iterator[_Row]) -> None:
    marks = ", ".join(["%s"] * len(_COLUMNS))
    columns = ", ".join(f"`{name}`" for name in _COLUMNS)
    while batch := list(islice(rows, _AT_ONCE)):
        cursor.executemany(f"INSERT INTO {_TABLE} ({columns}) VALUES ({marks})", batch)


_WAYS = {"postgresql": _by_copy, "sqlite": _by_one_statement, "mysql": _by_long_statements}
