"""The statements of one known call, their SQL written once.

Most notifications belong to a call that is known already, and for so small a
transaction the ORM works longer on the text of a statement than the database on
its execution. So the text is made once per kind of database and executed with
other values; columns are converted by their own fields, as the ORM does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from ..models import Call, Command, Notification
from ..protocol.notifications import CALL_KINDS
from .holding import gone, lock_of

#: Databases whose key of an inserted row we know how to learn.
_INSERTABLE = frozenset({"postgresql", "sqlite", "mysql"})
_COMMAND = ("command_id", "kind", "status", "call_id")
_Converter = Callable[[Any, Any, Any], Any]
#: Key, kind, text and time of processing of a notification.
Text = tuple[int, str, str, object]


def insert_row(row: Model) -> None:
    """``row.save(force_insert=True)`` for a row without relations to save and receivers to tell."""
    connection = _connection()
    if connection.vendor not in _INSERTABLE:
        row.save(force_insert=True)
        return
    fields = _plain_fields(type(row))
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(_insert_sql(type(row), connection.vendor), values)
        row.pk = cursor.fetchone()[0] if connection.vendor == "postgresql" else cursor.lastrowid
    row._state.adding = False
    row._state.db = DEFAULT_DB_ALIAS


def lock_and_read(account_pk: int, entry_id: str) -> tuple[Call, list[Text]] | None:
    """Lock a known call by setting a column to itself, then read it and its notifications.

    ``None`` if it is unknown. PostgreSQL does it in one message; each statement of it still
    sees what was committed before it began.
    """
    if not _takes_several(_connection()):
        known = _lock(account_pk, entry_id)
        if not known:
            return None
        return read_call(account_pk, entry_id), read_texts(account_pk, entry_id)
    with _connection().cursor() as cursor:
        both = f"{_lock_sql(returning=True)}; {_texts_sql()}"
        cursor.execute(both, [account_pk, entry_id, account_pk, entry_id])
        row = cursor.fetchone()
        cursor.nextset()
        texts: list[Text] = list(cursor.fetchall())
    if row is None:
        return None
    call = _as_call(list(row))
    if call.command_id is not None:
        call.command = Command.objects.only(*_COMMAND).get(pk=call.command_id)
    return call, texts


def _lock(account_pk: int, entry_id: str) -> bool:
    with _connection().cursor() as cursor:
        cursor.execute(_lock_sql(), [account_pk, entry_id])
        return bool(cursor.rowcount)


def read_call(account_pk: int, entry_id: str) -> Call:
    """The locked call with the command that placed it."""
    with _connection().cursor() as cursor:
        cursor.execute(_call_sql(), [account_pk, entry_id])
        values = list(cursor.fetchone())
    call = _as_call(values)
    if call.command_id is not None:
        own = dict(zip(_COMMAND, values[-len(_COMMAND) :], strict=True))
        call.command = Command(pk=call.command_id, account_id=account_pk, **own)
    return call


def _as_call(values: list[Any]) -> Call:
    """The call in a row that begins with its columns, converted by their fields."""
    connection = _connection()
    names, converters = _call_columns(connection.vendor)
    for position, expression, column_converters in converters:
        for convert in column_converters:
            values[position] = convert(values[position], expression, connection)
    call: Call = Call.from_db(DEFAULT_DB_ALIAS, names, values[: len(names)])
    return call


def read_texts(account_pk: int, entry_id: str) -> list[Text]:
    """The call's notifications."""
    with _connection().cursor() as cursor:
        cursor.execute(_texts_sql(), [account_pk, entry_id])
        return [(pk, kind, text, at) for pk, kind, text, at in cursor.fetchall()]


class Script:
    """Writes to one call's rows, sent in one message where the database takes several."""

    def __init__(self) -> None:
        self._statements: list[tuple[str, list[Any]]] = []
        self._held: dict[int, type[Model]] = {}

    def update(self, model: type[Model], key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Set columns of the row with this key, both by attribute name."""
        connection = _connection()
        prepared = [
            _field(model, name).get_db_prep_save(value, connection)
            for name, value in (*values.items(), *key.items())
        ]
        self._statements.append((_update_sql(model, tuple(values), tuple(key)), prepared))

    def insert(self, row: Model, *, holding: str = "") -> None:
        """Insert a row whose key nobody asks for.

        ``holding`` names a foreign key whose row is held, as ``holding.hold`` does.
        """
        connection = _connection()
        fields = _plain_fields(type(row))
        values = [
            field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields
        ]
        if holding and (key := getattr(row, _field(type(row), holding).attname)) is not None:
            self._held[len(self._statements)] = _field(type(row), holding).related_model
            self._statements.append((_holding_insert_sql(type(row), holding), [*values, key]))
        else:
            self._statements.append((_insert_sql(type(row), ""), values))

    def run(self) -> None:
        """Send everything, in the order it was given.

        Raises ``IntegrityError`` where a row to be held is not there.
        """
        if not self._statements:
            return
        connection = _connection()
        with connection.cursor() as cursor:
            if _takes_several(connection):
                cursor.execute(
                    "; ".join(sql for sql, _values in self._statements),
                    [value for _sql, values in self._statements for value in values],
                )
                for place in range(len(self._statements) if self._held else 0):
                    self._check(place, cursor.rowcount)
                    cursor.nextset()
                return
            for place, (sql, values) in enumerate(self._statements):
                cursor.execute(sql, values)
                self._check(place, cursor.rowcount)

    def _check(self, place: int, rows: int) -> None:
        if place in self._held and not rows:
            raise gone(self._held[place])


def _takes_several(connection: BaseDatabaseWrapper) -> bool:
    """Whether several statements go in one message: values are bound by the client then."""
    options = connection.settings_dict.get("OPTIONS", {})
    return connection.vendor == "postgresql" and not options.get("server_side_binding")


def _connection() -> BaseDatabaseWrapper:
    return connections[DEFAULT_DB_ALIAS]


def _field(model: type[Model], name: str) -> Any:
    return model._meta.get_field(name)


def _quoted(name: str) -> str:
    return str(_connection().ops.quote_name(name))


def _column(model: type[Model], name: str) -> str:
    return f"{_quoted(model._meta.db_table)}.{_quoted(_field(model, name).column)}"


@lru_cache(maxsize=4)
def _plain_fields(model: type[Model]) -> Sequence[Any]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]


@lru_cache(maxsize=4)
def _call_columns(
    vendor: str,
) -> tuple[Sequence[str], Sequence[tuple[int, Any, Sequence[_Converter]]]]:
    """Attribute names of a call, and the converters of those columns that have any."""
    connection, found = _connection(), []
    fields = Call._meta.concrete_fields
    for position, field in enumerate(fields):
        expression = field.get_col(Call._meta.db_table)
        converters = [
            *connection.ops.get_db_converters(expression),
            *expression.get_db_converters(connection),
        ]
        if converters:
            found.append((position, expression, converters))
    return [field.attname for field in fields], found


@lru_cache(maxsize=1)
def _call_sql() -> str:
    call, command = _quoted(Call._meta.db_table), _quoted(Command._meta.db_table)
    columns = [_column(Call, field.name) for field in Call._meta.concrete_fields]
    columns += [_column(Command, name.removesuffix("_id") if name == "call_id" else name)
                for name in _COMMAND]  # fmt: skip
    return (
        f"SELECT {', '.join(columns)} FROM {call} LEFT JOIN {command}"  # noqa: S608 - names only
        f" ON {_column(Call, 'command')} = {_column(Command, 'id')}"
        f" WHERE {_column(Call, 'account')} = %s AND {_column(Call, 'entry_id')} = %s"
    )


@lru_cache(maxsize=1)
def _texts_sql() -> str:
    columns = [_column(Notification, name) for name in ("id", "kind", "json", "processed_at")]
    kinds = ", ".join(f"'{kind}'" for kind in CALL_KINDS)
    return (
        f"SELECT {', '.join(columns)} FROM {_quoted(Notification._meta.db_table)}"  # noqa: S608
        f" WHERE {_column(Notification, 'account')} = %s"
        f" AND {_column(Notification, 'entry_id')} = %s"
        f" AND {_column(Notification, 'kind')} IN ({kinds})"
    )


@lru_cache(maxsize=4)
def _insert_sql(model: type[Model], vendor: str) -> str:
    columns = [_quoted(field.column) for field in _plain_fields(model)]
    marks = ", ".join(["%s"] * len(columns))
    returning = f" RETURNING {_quoted('id')}" if vendor == "postgresql" else ""
    table = _quoted(model._meta.db_table)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}){returning}"  # noqa: S608


@lru_cache(maxsize=4)
def _holding_insert_sql(model: type[Model], name: str) -> str:
    """Inserts where the row is there to which the foreign key of this name points."""
    columns = [_quoted(field.column) for field in _plain_fields(model)]
    other = _field(model, name).related_model
    return (
        f"INSERT INTO {_quoted(model._meta.db_table)} ({', '.join(columns)})"  # noqa: S608
        f" SELECT {', '.join(['%s'] * len(columns))} FROM {_quoted(other._meta.db_table)}"
        f" WHERE {_column(other, 'id')} = %s{lock_of(_connection().vendor)}"
    )


@lru_cache(maxsize=2)
def _lock_sql(*, returning: bool = False) -> str:
    locking = _update_sql(Call, ("entry_id",), ("account", "entry_id"), to_itself=True)
    if not returning:
        return locking
    columns = (_column(Call, field.name) for field in Call._meta.concrete_fields)
    return f"{locking} RETURNING {', '.join(columns)}"


@lru_cache(maxsize=64)
def _update_sql(
    model: type[Model], columns: tuple[str, ...], where: tuple[str, ...], *, to_itself: bool = False
) -> str:
    def plain(name: str) -> str:
        return _quoted(_field(model, name).column)

    changes = (f"{plain(name)} = {plain(name) if to_itself else '%s'}" for name in columns)
    conditions = (f"{plain(name)} = %s" for name in where)
    return (
        f"UPDATE {_quoted(model._meta.db_table)} SET {', '.join(changes)}"  # noqa: S608
        f" WHERE {' AND '.join(conditions)}"
    )
