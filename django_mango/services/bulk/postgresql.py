"""The writer for PostgreSQL: COPY into a temporary table, then one statement.

COPY is the fastest way in, but knows no conflicts; so it fills a table of the session,
which costs no write-ahead log, and the server moves its rows on. The table stays with the
session, empty between transactions: making one for each batch would bloat the catalogue.
Where nearly always all rows are new, COPY goes right into the table, and takes the other way
if it was wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from .columns import Column, prepared
from .plan import Plan, Values

#: So many rows are sent sooner as values of one statement.
_FEW = 20
_NULL = r"\N"
_UNIQUE_VIOLATION = "23505"
#: The backslash first: the others bring their own.
_ESCAPES = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}


def is_able() -> bool:
    """Whether the driver has the COPY we use: psycopg 3."""
    from django.db.backends.postgresql.psycopg_any import is_psycopg3

    return bool(is_psycopg3)


@dataclass(slots=True)
class _Made:
    """Columns as texts and numbers, the constants, and all of them as one text for COPY.

    A column that comes late has its places in the text, as ``%`` takes them.
    """

    columns: Sequence[Column]
    fixed: Values
    text: str


def make(
    connection: BaseDatabaseWrapper, plan: Plan, rows: Sequence[Values], constants: Values
) -> _Made:
    """See ``Writer.make``."""
    columns = [
        prepared(field, column, connection)
        for field, column in zip(plan.fields, zip(*rows, strict=True), strict=True)
    ]
    fixed = tuple(
        prepared(field, [value], connection)[0]
        for field, value in zip(plan.constants, constants, strict=True)
    )
    if len(rows) <= _FEW:
        return _Made(columns, fixed, "")
    ends = fixed if plan.expects_new else ()
    return _Made(columns, fixed, _copy_text(columns, ends, is_late=plan.is_late))


def write(connection: BaseDatabaseWrapper, plan: Plan, made: _Made, late: Sequence[int]) -> None:
    """See ``Writer.write``."""
    columns, fixed, text = made.columns, made.fixed, made.text
    if plan.is_late:
        columns, text = [late, *columns[1:]], text % tuple(late) if text else ""
    with connection.cursor() as cursor:
        if not text:
            values = [value for row in zip(*columns, strict=True) for value in (*row, *fixed)]
            marks = f"({', '.join(['%s'] * len(plan.all_fields))})"
            many = ", ".join([marks] * len(columns[0]))
            cursor.execute(_insert(plan, f"VALUES {many}"), values)
            return
        if plan.expects_new:
            if _copied(connection, plan, text):
                return
            text = _copy_text(columns)
        make, copy, move = _statements(plan)
        with transaction.atomic(connection.alias, savepoint=False):
            cursor.execute(make)
            with connection.wrap_database_errors, cursor.copy(copy) as channel:
                channel.write(text)
            cursor.execute(move, fixed)


def write_new(connection: BaseDatabaseWrapper, plan: Plan, made: _Made) -> bool:
    """See ``Writer.write_new``."""
    return bool(made.text) and plan.expects_new and _copied(connection, plan, made.text)


def _copied(connection: BaseDatabaseWrapper, plan: Plan, text: str) -> bool:
    """COPY right into the table; nothing is left of it if one of the rows is there already."""
    table = _quoted(plan.model._meta.db_table)
    copy = f"COPY {table} ({_names(plan.all_fields)}) FROM STDIN"
    try:
        with (
            transaction.atomic(connection.alias),
            connection.cursor() as cursor,
            connection.wrap_database_errors,
            cursor.copy(copy) as channel,
        ):
            channel.write(text)
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlstate", "") != _UNIQUE_VIOLATION:
            raise
        return False
    return True


def _copy_text(columns: Sequence[Column], fixed: Values = (), *, is_late: bool = False) -> str:
    ready = [_escaped(column) for column in columns[is_late:]]
    lines = map("\t".join, zip(*ready, strict=True))
    end = "".join(f"\t{_escaped([value])[0]}" for value in fixed) + "\n"
    if not is_late:
        return end.join(lines) + end
    body = f"{end}\t".join(lines).replace("%", "%%") + end
    return "%d\t" + body[:-1].replace("\n\t", "\n%d\t") + "\n"


def _escaped(values: Column) -> Column:
    """The texts of a column; nearly never is there anything to escape."""
    nulls = None in values
    if isinstance(values[0], str) and not nulls:
        texts = values
    else:
        texts = ["" if value is None else str(value) for value in values]
    together = "".join(texts)
    for special, escape in _ESCAPES.items():
        if special in together:
            texts = [text.replace(special, escape) for text in texts]
    if nulls:
        texts = [
            _NULL if value is None else text for value, text in zip(values, texts, strict=True)
        ]
    return texts


@lru_cache(maxsize=64)
def _statements(plan: Plan) -> tuple[str, str, str]:
    """Make the table, empty it of a batch before in this transaction, fill it, move its rows on."""
    table = _quoted(plan.model._meta.db_table)
    columns = _names(plan.fields)
    mark = hashlib.sha256(f"{table} {columns}".encode()).hexdigest()[:16]
    stage = _quoted(f"mango_stage_{mark}")
    constants = "".join([", %s"] * len(plan.constants))
    create = f"CREATE TEMPORARY TABLE IF NOT EXISTS {stage} ON COMMIT DELETE ROWS"
    create = f"{create} AS SELECT {columns} FROM {table} WITH NO DATA"  # noqa: S608 - names only
    move = _insert(plan, f"SELECT {columns}{constants} FROM {stage}")  # noqa: S608
    return f"{create}; DELETE FROM {stage}", f"COPY {stage} ({columns}) FROM STDIN", move  # noqa: S608


def _insert(plan: Plan, source: str) -> str:
    table = _quoted(plan.model._meta.db_table)
    return (
        f"INSERT INTO {table} ({_names(plan.all_fields)}) {source}"
        f" ON CONFLICT ({_names(plan.key)}) DO UPDATE SET"
        f" {', '.join(_changes(plan))} WHERE {_differs(plan, table)}"
    )


def _changes(plan: Plan) -> Iterator[str]:
    for field in (*plan.update, *plan.stamps) if plan.update else plan.key[-1:]:
        yield f"{_quoted(field.column)} = EXCLUDED.{_quoted(field.column)}"


def _differs(plan: Plan, table: str) -> str:
    """A row that does not differ is locked all the same."""
    if not plan.update:
        return "FALSE"
    stored = ", ".join(f"{table}.{_quoted(field.column)}" for field in plan.update)
    fresh = ", ".join(f"EXCLUDED.{_quoted(field.column)}" for field in plan.update)
    return f"({stored}) IS DISTINCT FROM ({fresh})"


def _names(fields: Sequence[Any]) -> str:
    return ", ".join(_quoted(field.column) for field in fields)


def _quoted(name: str) -> str:
    return f'"{name}"'
