"""Many rows into a table, as fast as the database takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import Model

_BATCH = 2000


def load(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of these attributes; the other columns get the defaults of their fields."""
    by_name = {field.attname: field for field in model._meta.concrete_fields}
    fixed = [
        field for name, field in by_name.items() if name not in columns and not field.primary_key
    ]
    rest = [field.get_db_prep_save(field.get_default(), connection) for field in fixed]
    names = [by_name[name].column for name in columns] + [field.column for field in fixed]
    prepared = ((*row, *rest) for row in rows)
    table = connection.ops.quote_name(model._meta.db_table)
    listed = ", ".join(connection.ops.quote_name(name) for name in names)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
                for row in prepared:
                    copy.write_row(row)
            return
        marks = f"({', '.join(['%s'] * len(names))})"
        for part in _parts(prepared):
            values = ", ".join([marks] * len(part))
            cursor.execute(f"INSERT INTO {table} ({listed}) VALUES {values}", [*chain(*part)])


def settle() -> None:
    """Let the database know what it has, as it would after a while by itself."""
    statements = {
        "postgresql": ["VACUUM ANALYZE"],
        "sqlite": ["ANALYZE"],
        "mysql": [
            f"ANALYZE TABLE {connection.ops.quote_name(name)}"
            for name in connection.introspection.table_names()
        ],
    }
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)


def _parts(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Sequence[Any]]]:
    part: list[Sequence[Any]] = []
    for row in rows:
        part.append(row)
        if len(part) == _BATCH:
            yield part
            part = []
    if part:
        yield part
