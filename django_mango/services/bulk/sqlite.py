"""The writer for SQLite: up to thousands of rows in each statement, prepared once.

Nothing goes over a wire here, yet running a statement costs more than a row of it: the
driver lets other threads in before each run. So a statement takes many rows, and there are
few sizes of them: its text is one of a few, and stays prepared.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import chain, repeat
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from .columns import prepared
from .plan import Plan, Values

#: Rows of a statement: long ones let other threads work meanwhile. What is left of a batch goes
#: in ever smaller ones.
_SIZES = (2000, 500, 100, 20, 5, 1)
_UNIQUE_VIOLATION = "SQLITE_CONSTRAINT_UNIQUE"


def make(
    connection: BaseDatabaseWrapper, plan: Plan, rows: Sequence[Values], constants: Values
) -> list[Any]:
    """See ``Writer.make``: the values of all rows, one after the other."""
    columns = [*zip(*rows, strict=True), *((value,) for value in constants)]
    ready = [
        prepared(field, column, connection)
        for field, column in zip(plan.all_fields, columns, strict=True)
    ]
    given = len(plan.fields)
    fixed = (repeat(_plain(value), len(rows)) for (value,) in ready[given:])
    return list(chain.from_iterable(zip(*ready[:given], *fixed, strict=True)))


def write(
    connection: BaseDatabaseWrapper, plan: Plan, made: list[Any], late: Sequence[int]
) -> None:
    """See ``Writer.write``. The lock is that of the whole database, taken by any write."""
    if plan.is_late:
        made[:: len(plan.all_fields)] = late
    _write(connection, plan, made, _statement)


def write_new(connection: BaseDatabaseWrapper, plan: Plan, made: list[Any]) -> bool:
    """See ``Writer.write_new``."""
    try:
        with transaction.atomic(connection.alias):
            _write(connection, plan, made, _insert)
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlite_errorname", "") != _UNIQUE_VIOLATION:
            raise
        return False
    return True


def _write(
    connection: BaseDatabaseWrapper,
    plan: Plan,
    made: list[Any],
    statement: Callable[[Plan, int, str], str],
) -> None:
    width = len(plan.all_fields)
    most = _most_parameters(connection) // width
    with connection.cursor() as cursor:
        start = 0
        for size in _sizes(len(made) // width, most):
            end = start + size * width
            _execute(connection, cursor, partial(statement, plan, size), made[start:end])
            start = end


def _execute(
    connection: Any, cursor: CursorWrapper, statement: Callable[[str], str], values: Sequence[Any]
) -> None:
    """Run the statement without Django's way of rewriting it, which costs a tenth of the rows.

    Where somebody looks on (logged queries, wrappers of statements), it goes Django's way.
    """
    own = cursor.cursor
    is_watched = connection.execute_wrappers or type(cursor) is not CursorWrapper
    if is_watched or not isinstance(own, sqlite3.Cursor):
        cursor.execute(statement("%s"), values)
        return
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        sqlite3.Cursor.execute(own, statement("?"), values)


def _plain(value: Any) -> Any:
    """The value without its subclass, a choice: that costs the driver a search in every row."""
    return str(value) if isinstance(value, str) else value


def _sizes(rows: int, most: int) -> Iterator[int]:
    """How many rows each of the statements has; ``most`` are allowed in one."""
    for size in _SIZES:
        # The whole of one statement may be more than an old SQLite takes.
        allowed = max(min(size, most), 1)
        while rows >= allowed:
            yield allowed
            rows -= allowed


def _most_parameters(connection: BaseDatabaseWrapper) -> int:
    limit: int = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
    return limit


@lru_cache(maxsize=128)
def _insert(plan: Plan, rows: int, mark: str) -> str:
    columns = [_quoted(field.column) for field in plan.all_fields]
    marks = f"({', '.join([mark] * len(columns))})"
    return (
        f"INSERT INTO {_quoted(plan.model._meta.db_table)} ({', '.join(columns)})"  # noqa: S608 - names only
        f" VALUES {', '.join([marks] * rows)}"
    )


@lru_cache(maxsize=128)
def _statement(plan: Plan, rows: int, mark: str) -> str:
    key = ", ".join(_quoted(field.column) for field in plan.key)
    insert = f"{_insert(plan, rows, mark)} ON CONFLICT ({key})"
    if not plan.update:
        return f"{insert} DO NOTHING"
    table = _quoted(plan.model._meta.db_table)
    update = [_quoted(field.column) for field in plan.update]
    stamps = [_quoted(field.column) for field in plan.stamps]
    changes = ", ".join(f"{name} = excluded.{name}" for name in (*update, *stamps))
    differs = " OR ".join(f"{table}.{name} IS NOT excluded.{name}" for name in update)
    return f"{insert} DO UPDATE SET {changes} WHERE {differs}"


def _quoted(name: str) -> str:
    return f'"{name}"'
