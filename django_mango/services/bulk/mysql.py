"""The writer for MariaDB and MySQL: rows as literals of few long statements.

The drivers quote value by value, which takes as long as the server takes to write them.
Nearly all our values are plain ASCII: a whole column is looked through at once, and what
needs no escaping is put between quotes as it is. Anything else goes as hexadecimal digits,
which mean the same in any mode and character set of the session. (Measured against
JSON_TABLE, which is slower than the driver.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from .columns import Column, prepared
from .plan import Plan, Values

#: All but a quote and a backslash needs no escaping, in any mode and character set; a percent
#: sign would be taken for a place.
_SPECIAL = re.compile(r"[^ -$&(-\[\]-~]")
#: Far below the smallest limit of a server, a megabyte.
_LONGEST = 500_000


@dataclass(slots=True)
class _Made:
    """Rows as literals, a text for each statement and how many they are.

    A column that comes late has its places in the literals, as ``%`` takes them.
    """

    literals: list[tuple[str, int]]


def make(
    connection: BaseDatabaseWrapper, plan: Plan, rows: Sequence[Values], constants: Values
) -> _Made:
    """See ``Writer.make``."""
    columns = [
        prepared(field, column, connection)
        for field, column in zip(plan.fields, zip(*rows, strict=True), strict=True)
    ]
    fixed = [
        prepared(field, [value], connection)
        for field, value in zip(plan.constants, constants, strict=True)
    ]
    texts = [_literals(column) for column in (*columns, *fixed)]
    if plan.is_late:  # no other literal has a percent sign
        texts[0] = ["%d"] * len(rows)
    tail = "".join(f",{text[0]}" for text in texts[len(columns) :]) + ")"
    bodies = map(",".join, zip(*texts[: len(columns)], strict=True))
    return _Made(list(_parts(f"({body}{tail}" for body in bodies)))


def write(connection: BaseDatabaseWrapper, plan: Plan, made: _Made, late: Sequence[int]) -> None:
    """See ``Writer.write``. The server itself compares before it writes."""
    insert, end = _statement(plan, connection)
    with connection.cursor() as cursor:
        done = 0
        for part, many in made.literals:
            rows = part % tuple(late[done : done + many]) if plan.is_late else part
            cursor.execute(f"{insert} {rows} {end}")
            done += many


def write_new(connection: BaseDatabaseWrapper, plan: Plan, made: _Made) -> bool:
    """See ``Writer.write_new``. A row in the way stays locked: two could wait in a circle."""
    return False


def _literals(values: Column) -> list[str]:
    """The values as SQL."""
    texts = [value for value in values if isinstance(value, str)]
    if texts and _SPECIAL.search("".join(texts)):
        return [_escaped(value) for value in values]
    if len(texts) == len(values):
        return [f"'{value}'" for value in values]
    return [_literal(value) for value in values]


def _escaped(value: Any) -> str:
    if isinstance(value, str) and _SPECIAL.search(value):
        return f"_utf8mb4 x'{value.encode().hex()}'"
    return _literal(value)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return f"'{value}'" if isinstance(value, str) else str(value)


def _parts(rows: Iterator[str]) -> Iterator[tuple[str, int]]:
    """Rows for a ``VALUES``, as many in each as a statement may have, and how many."""
    part: list[str] = []
    length = 0
    for row in rows:
        if length + len(row) > _LONGEST and part:
            yield ",".join(part), len(part)
            part, length = [], 0
        part.append(row)
        length += len(row) + 1
    if part:
        yield ",".join(part), len(part)


def _statement(plan: Plan, connection: Any) -> tuple[str, str]:
    is_mariadb = connection.mysql_is_mariadb
    has_alias = not is_mariadb and connection.mysql_version >= (8, 0, 19)
    return _sql(plan, is_mariadb=is_mariadb, has_alias=has_alias)


@lru_cache(maxsize=64)
def _sql(plan: Plan, *, is_mariadb: bool, has_alias: bool) -> tuple[str, str]:
    """What stands before the rows, and after them."""
    table = _quoted(plan.model._meta.db_table)
    columns = ", ".join(_quoted(field.column) for field in plan.all_fields)

    def fresh(name: str) -> str:
        if has_alias:
            return f"new.{name}"
        return f"VALUE({name})" if is_mariadb else f"VALUES({name})"

    update = [_quoted(field.column) for field in plan.update]
    stamps = [_quoted(field.column) for field in plan.stamps]
    same = " AND ".join(f"{table}.{name} <=> {fresh(name)}" for name in update)
    # Assigned from left to right, each seeing those before: so stamps, which compare, first.
    changes = [f"{name} = IF({same}, {table}.{name}, {fresh(name)})" for name in stamps]
    changes += [f"{name} = {fresh(name)}" for name in update]
    if not update:
        itself = _quoted(plan.key[-1].column)
        changes = [f"{itself} = {table}.{itself}"]
    alias = "AS new " if has_alias else ""
    return (
        f"INSERT INTO {table} ({columns}) VALUES",
        f"{alias}ON DUPLICATE KEY UPDATE {', '.join(changes)}",
    )


def _quoted(name: str) -> str:
    return f"`{name}`"
