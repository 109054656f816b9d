"""Writing which calls settle which missed ones, many in one statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from ..models import Call
from .raw_rows import Moment, as_datetime
from .transactions import commit_soon, repeated

#: Rows written together; by cases fewer, where each of them is looked for in a list of all.
_AT_ONCE, _BY_CASES = 2000, 300


@dataclass(frozen=True, slots=True)
class Settling:
    """When the call ``pk`` was settled, and when by which call it should be; ``None`` is open."""

    pk: int
    was: Moment | None
    at: Moment | None = None
    by: int | None = None


def write(settlings: Sequence[Settling]) -> list[Settling]:
    """Settle or open these calls, unless somebody else did meanwhile; those written.

    The rows of the talks are locked as well, by their foreign key: repeated after a deadlock.
    """
    written: list[Settling] = []
    vendor = connections[DEFAULT_DB_ALIAS].vendor
    size = _AT_ONCE if vendor in _TOGETHER else _BY_CASES
    for is_open in (True, False):
        alike = [one for one in settlings if (one.was is None) == is_open]
        for start in range(0, len(alike), size):
            written += _write_part(alike[start : start + size])
    return written


class _Outrun(Exception):
    """Somebody else wrote one of the rows meanwhile."""


def _write_part(part: Sequence[Settling]) -> Sequence[Settling]:
    if len(part) > 1:
        try:
            repeated(partial(_write_together, part))
        except _Outrun:
            pass  # nothing is written; one by one it is known which are ours
        else:
            return part
    return [one for one in part if repeated(partial(_write_one, one))]


def _write_one(one: Settling) -> int:
    was, at = (None if moment is None else as_datetime(moment) for moment in (one.was, one.at))
    mine = Call.objects.filter(pk=one.pk, missed_resolved_at=was)
    return mine.update(missed_resolved_at=at, missed_resolved_by=one.by)


def _write_together(part: Sequence[Settling]) -> None:
    """All at once; all were open, or all were settled."""
    connection = connections[DEFAULT_DB_ALIAS]
    if _TOGETHER.get(connection.vendor, _by_cases)(connection, part) != len(part):
        raise _Outrun
    commit_soon()


def _by_arrays(connection: BaseDatabaseWrapper, part: Sequence[Settling]) -> int:
    """PostgreSQL joins with the values, a column of them in each array."""
    call, pk, at, by = _names(connection)
    sql = (
        f"UPDATE {call} SET {at} = to_timestamp(computed.at), {by} = computed.talk"  # noqa: S608 - names only
        " FROM unnest(%s::bigint[], %s::float8[], %s::float8[], %s::bigint[])"
        f" AS computed(pk, was, at, talk) WHERE {call}.{pk} = computed.pk"
        f" AND {call}.{at} IS NOT DISTINCT FROM to_timestamp(computed.was)"
    )
    columns = [_array(getattr(one, name) for one in part) for name in ("pk", "was", "at", "by")]
    with connection.cursor() as cursor:
        cursor.execute(sql, columns)
        return int(cursor.rowcount)


def _by_values(connection: BaseDatabaseWrapper, part: Sequence[Settling]) -> int:
    """SQLite joins with rows of values."""
    call, pk, at, by = _names(connection)
    sql = (
        f"UPDATE {call} SET {at} = computed.column3, {by} = computed.column4"  # noqa: S608 - names only
        f" FROM (VALUES {', '.join(['(%s, %s, %s, %s)'] * len(part))}) AS computed"
        f" WHERE {call}.{pk} = computed.column1 AND {call}.{at} IS computed.column2"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for one in part for value in (one.pk, one.was, one.at, one.by)])
        return int(cursor.rowcount)


def _array(values: Iterable[float | None]) -> str:
    return f"{{{','.join('NULL' if value is None else repr(value) for value in values)}}}"


def _by_cases(connection: BaseDatabaseWrapper, part: Sequence[Settling]) -> int:
    """What any database understands."""
    call, pk, at, by = _names(connection)
    values: list[Any] = []

    def case(name: str, column: str) -> str:
        for one in part:
            values.extend((one.pk, getattr(one, name)))
        # The column at the end tells the database the type where every value is null.
        return f"CASE {pk} {'WHEN %s THEN %s ' * len(part)}ELSE {column} END"

    sql = f"UPDATE {call} SET {at} = {case('at', at)}, {by} = {case('by', by)}"  # noqa: S608
    sql += f" WHERE {pk} IN ({', '.join(['%s'] * len(part))}) AND {at} "
    values += [one.pk for one in part]
    sql += "IS NULL" if part[0].was is None else f"= {case('was', at)}"
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


_TOGETHER = {"postgresql": _by_arrays}
if sqlite3.sqlite_version_info >= (3, 33):
    _TOGETHER["sqlite"] = _by_values


def _names(connection: BaseDatabaseWrapper) -> list[str]:
    """The table, its key, and the two columns."""
    fields = (_field(name) for name in ("id", "missed_resolved_at", "missed_resolved_by"))
    names = (Call._meta.db_table, *(field.column for field in fields))
    return [str(connection.ops.quote_name(name)) for name in names]


def _field(name: str) -> Any:
    return Call._meta.get_field(name)
