"""What the database itself saw written: triggers count it, whatever our counters say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: What an import writes to, but for its own row with the counters.
TABLES = (
    "django_mango_callrecord",
    "django_mango_call",
    "django_mango_callparty",
    "django_mango_recording",
)
_LOG = "benchmark_writes"
_KINDS = ("INSERT", "UPDATE", "DELETE")


@contextmanager
def counted_writes(connection: Any, *, is_on: bool = True) -> Iterator[Counter[str]]:
    """Count rows inserted, updated and deleted meanwhile; the counter is filled at the end."""
    found: Counter[str] = Counter()
    if not is_on:
        yield found
        return
    with connection.cursor() as cursor:
        for statement in _triggers(connection.vendor):
            cursor.execute(statement)
    try:
        yield found
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT what, count(*) FROM {_LOG} GROUP BY what")
            found.update(dict(cursor.fetchall()))
            # They would slow down whatever is measured next.
            for statement in _removal(connection.vendor):
                cursor.execute(statement)


def _triggers(vendor: str) -> Iterator[str]:
    yield f"CREATE TABLE {_LOG} (what varchar(80))"
    if vendor == "postgresql":
        yield (
            f"CREATE FUNCTION {_LOG}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" INSERT INTO {_LOG} VALUES (TG_OP || ' ' || TG_TABLE_NAME); RETURN NULL; END $$"
        )
    for table in TABLES:
        for kind in _KINDS:
            if vendor == "postgresql":
                action = f"EXECUTE FUNCTION {_LOG}()"
            else:
                action = f"INSERT INTO {_LOG} VALUES ('{kind} {table}')"
            if vendor == "sqlite":
                action = f"BEGIN {action}; END"
            name = _trigger(kind, table)
            yield f"CREATE TRIGGER {name} AFTER {kind} ON {table} FOR EACH ROW {action}"


def _removal(vendor: str) -> Iterator[str]:
    for table in TABLES:
        for kind in _KINDS:
            of_table = f" ON {table}" if vendor == "postgresql" else ""
            yield f"DROP TRIGGER {_trigger(kind, table)}{of_table}"
    if vendor == "postgresql":
        yield f"DROP FUNCTION {_LOG}()"
    yield f"DROP TABLE {_LOG}"


def _trigger(kind: str, table: str) -> str:
    return f"count_{kind}_{table}".lower()


def empty() -> None:
    """Make the tables of imports empty, their space given back as on a new database."""
    from django.core.management.color import no_style
    from django.db import connection

    from django_mango import models

    from .bare.models import FlatRow

    tables = [FlatRow._meta.db_table, *TABLES]
    tables += [model._meta.db_table for model in (models.Notification, models.CallWork)]
    tables += [models.StatsImport._meta.db_table]
    statements = connection.ops.sql_flush(no_style(), tables, allow_cascade=True)
    connection.ops.execute_sql_flush(statements)
