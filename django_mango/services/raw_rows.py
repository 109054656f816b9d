"""Rows of a query as the driver hands them out, for who reads tens of thousands of them.

To convert the values takes the ORM longer than to read them takes the database.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import F, Func, QuerySet, TextField
from django.db.models.expressions import Combinable
from django.utils import timezone

#: A moment as ``moment_of`` reads it: Unix seconds on PostgreSQL, a text on SQLite, else a
#: datetime, on MySQL a naive one. They compare with each other, and databases take them back.
Moment = Any
#: What the driver makes no datetime of: seconds, exact to the microsecond until 2242, and what
#: is no column any more.
_MOMENTS = {"postgresql": "DATE_PART('epoch', %(expressions)s)", "sqlite": "+%(expressions)s"}
#: Of a list of more than a thousand values MariaDB makes a table, and uses of an index that
#: begins with them their column alone: it would read all years of each client.
_LIST_STAYS_LIST = "SET STATEMENT in_predicate_conversion_threshold=0 FOR "


def raw_rows(
    rows: QuerySet[Any], *columns: str | Combinable, index_on_mysql: str = ""
) -> list[Any]:
    """The columns of these rows, in no order; name the plain ones first, then expressions.

    Texts, numbers and ``moment_of``: no other values.
    """
    connection: Any = connections[DEFAULT_DB_ALIAS]
    unordered = rows if rows.query.is_sliced else rows.order_by()
    sql, values = unordered.values_list(*columns).query.sql_with_params()
    if index_on_mysql and connection.vendor == "mysql":
        table, index = map(connection.ops.quote_name, (rows.model._meta.db_table, index_on_mysql))
        sql = sql.replace(f" FROM {table} ", f" FROM {table} FORCE INDEX ({index}) ", 1)
        if connection.mysql_is_mariadb:
            sql = _LIST_STAYS_LIST + sql
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(_in_one_row(sql, len(columns)), values)
            return list(json.loads(cursor.fetchone()[0]))
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _in_one_row(sql: str, columns: int) -> str:
    """The same query, with all rows as one text of JSON.

    SQLite lets other threads in before each row, and waits for them as often.
    """
    names = ", ".join(f"c{place}" for place in range(columns))
    named = f"WITH found({names}) AS ({sql}) SELECT * FROM found"  # noqa: S608 - names only
    return f"SELECT json_group_array(json_array({names})) FROM ({named})"  # noqa: S608


def moment_of(column: str) -> str | Combinable:
    """A column of moments for ``raw_rows``: its values are each a ``Moment``, or ``None``."""
    template = _MOMENTS.get(connections[DEFAULT_DB_ALIAS].vendor)
    return Func(F(column), template=template, output_field=TextField()) if template else column


def as_datetime(moment: Moment) -> datetime:
    """What the ORM would have read."""
    if isinstance(moment, float):
        return datetime.fromtimestamp(moment, UTC)
    read = datetime.fromisoformat(moment) if isinstance(moment, str) else cast(datetime, moment)
    zone = connections[DEFAULT_DB_ALIAS].timezone
    return timezone.make_aware(read, zone) if timezone.is_naive(read) else read
