"""Rows of a query as the driver hands them out, for who reads tens of thousands of them.

To convert the values takes the ORM longer than to read them takes the database.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import DateTimeField, F, FloatField, Func, QuerySet
from django.db.models.expressions import Col, Combinable

#: A moment as ``moment_of`` reads it: Unix seconds on PostgreSQL, a text on SQLite, else a
#: datetime, on MySQL a naive one. They compare with each other, and databases take them back.
Moment = Any


def raw_rows(
    rows: QuerySet[Any], *columns: str | Combinable, index_on_mysql: str = ""
) -> list[tuple[Any, ...]]:
    """The columns of these rows, in no order; name the plain ones first, then expressions."""
    connection = connections[DEFAULT_DB_ALIAS]
    sql, values = rows.order_by().values_list(*columns).query.sql_with_params()
    if index_on_mysql and connection.vendor == "mysql":
        table, index = map(connection.ops.quote_name, (rows.model._meta.db_table, index_on_mysql))
        sql = sql.replace(f" FROM {table} ", f" FROM {table} FORCE INDEX ({index}) ", 1)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def moment_of(column: str) -> str | Combinable:
    """A column of moments for ``raw_rows``: its values are each a ``Moment``, or ``None``."""
    if connections[DEFAULT_DB_ALIAS].vendor != "postgresql":
        return column
    epoch = "DATE_PART('epoch', %(expressions)s)"  # exact to the microsecond until 2242
    return Func(F(column), template=epoch, output_field=FloatField())


def as_datetime(moment: Moment) -> datetime:
    """What the ORM would have read."""
    if isinstance(moment, float):
        return datetime.fromtimestamp(moment, UTC)
    connection, field = connections[DEFAULT_DB_ALIAS], DateTimeField()
    for convert in connection.ops.get_db_converters(Col("", field)):
        moment = convert(moment, None, connection)
    return cast(datetime, moment)
