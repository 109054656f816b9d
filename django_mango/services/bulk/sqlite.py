"""The writer for SQLite: one prepared statement, run for each row.

Nothing goes over a wire here, so a statement with many rows wins nothing: SQLite would
parse a long text to do the same. The driver binds the values of row after row to one
prepared statement, without coming back to Python between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import repeat

from django.db.backends.base.base import BaseDatabaseWrapper

from .columns import prepared
from .plan import Plan, Values


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
    with connection.cursor() as cursor:
        cursor.executemany(
            _statement(plan),
            list(zip(*ready[:given], *fixed, strict=True)),
        )


@lru_cache(maxsize=64)
def _statement(plan: Plan) -> str:
    table = _quoted(plan.model._meta.db_table)
    columns = [_quoted(field.column) for field in plan.all_fields]
    key = ", ".join(_quoted(field.column) for field in plan.key)
    insert = (
        f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 - names only
        f" VALUES ({', '.join(['%s'] * len(columns))}) ON CONFLICT ({key})"
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
