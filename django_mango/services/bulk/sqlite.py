"""The writer for SQLite: some hundred rows in each statement, prepared once.

Nothing goes over a wire here, yet running a statement costs more than a row of it: the
driver lets other threads in before each run. So a statement takes many rows, always as
many, and its text is always the same: it stays prepared.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, repeat

from django.db.backends.base.base import BaseDatabaseWrapper

from .columns import prepared
from .plan import Plan, Values

_AT_ONCE = 200


def write(
    connection: BaseDatabaseWrapper, plan: Plan, rows: Sequence[Values], constants: Values
) -> None:
    """See ``Writer.write``. The lock is that of the whole database, taken by any write."""
    columns = [*zip(*rows, strict=True), *((value,) for value in constants)]
    ready = [
        prepared(field, column, connection)
        for field, column in zip(plan.all_fields, columns, strict=True)
    ]
    given = len(plan.fields)
    fixed = (repeat(column[0], len(rows)) for column in ready[given:])
    values = list(zip(*ready[:given], *fixed, strict=True))
    at_once = min(_AT_ONCE, _most_parameters(connection) // len(plan.all_fields))
    whole = len(values) // at_once * at_once
    with connection.cursor() as cursor:
        for start in range(0, whole, at_once):
            part = values[start : start + at_once]
            cursor.execute(_statement(plan, at_once), [*chain.from_iterable(part)])
        if whole < len(values):
            cursor.executemany(_statement(plan, 1), values[whole:])


def _most_parameters(connection: BaseDatabaseWrapper) -> int:
    limit: int = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
    return limit


@lru_cache(maxsize=64)
def _statement(plan: Plan, rows: int) -> str:
    table = _quoted(plan.model._meta.db_table)
    columns = [_quoted(field.column) for field in plan.all_fields]
    marks = f"({', '.join(['%s'] * len(columns))})"
    key = ", ".join(_quoted(field.column) for field in plan.key)
    insert = (
        f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 - names only
        f" VALUES {', '.join([marks] * rows)} ON CONFLICT ({key})"
    )
    if not plan.update:
        return f"{insert} DO NOTHING"
    update = [_quoted(field.column) for field in plan.update]
    stamps = [_quoted(field.column) for field in plan.stamps]
    changes = ", ".join(f"{name} = excluded.{name}" for name in (*update, *stamps))
    differs = " OR ".join(f"{table}.{name} IS NOT excluded.{name}" for name in update)
    return f"{insert} DO UPDATE SET {changes} WHERE {differs}"


def _quoted(name: str) -> str:
    return f'"{name}"'
