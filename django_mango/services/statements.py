"""The statements of one known call, their SQL written once.

Most notifications belong to a call that is known already, and for so small a
transaction the ORM works longer on the text of a statement than the database on
its execution. So the text is made once per connection, by the ORM itself where
it reads, and executed with other values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import F, Model, QuerySet

from ..models import Call, Command, Notification

#: Values that stand for parameters while a statement is compiled; no real value equals them.
_ACCOUNT, _ENTRY = -7_421_633, "\x00entry"
_COMMAND = ("command_id", "kind", "status", "call_id")


def lock_known(account_pk: int, entry_id: str) -> bool:
    """Lock the row of a known call by setting a column to itself; whether there is one."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(_lock_sql(), [account_pk, entry_id])
        return bool(cursor.rowcount)


def read_call(account_pk: int, entry_id: str) -> Call:
    """The locked call with the command that placed it."""
    sql, values = _bound(_CALL, account_pk, entry_id)
    call = Call.objects.raw(sql, values)[0]
    if call.command_id is not None:
        own = {name: getattr(call, f"own_{name}") for name in _COMMAND}
        call.command = Command(pk=call.command_id, account_id=account_pk, **own)
    return call


def read_texts(account_pk: int, entry_id: str) -> list[tuple[int, str, str, object]]:
    """Key, kind, text and time of processing of the call's notifications."""
    sql, values = _bound(_TEXTS, account_pk, entry_id)
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(sql, values)
        return [(pk, kind, text, at) for pk, kind, text, at in cursor.fetchall()]


def update_row(model: type[Model], pk: int, values: Mapping[str, Any]) -> None:
    """Set columns of one row; ``values`` by attribute name, as ``setattr`` takes them."""
    connection = connections[DEFAULT_DB_ALIAS]
    fields = [model._meta.get_field(name) for name in values]
    prepared = [
        field.get_db_prep_save(value, connection)  # type: ignore[union-attr] # columns, no relations
        for field, value in zip(fields, values.values(), strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_update_sql(model, tuple(values), ("id",)), [*prepared, pk])


def _calls() -> QuerySet[Any]:
    own = {f"own_{name}": F(f"command__{name}") for name in _COMMAND}
    return Call.objects.filter(account=_ACCOUNT, entry_id=_ENTRY).order_by().annotate(**own)


def _texts() -> QuerySet[Any]:
    return (
        Notification.objects.filter(
            account=_ACCOUNT, entry_id=_ENTRY, kind__in=("events/call", "events/summary")
        )
        .order_by()
        .values_list("pk", "kind", "json", "processed_at")
    )


_CALL, _TEXTS = "call", "texts"
_QUERIES: Mapping[str, Callable[[], QuerySet[Any]]] = {_CALL: _calls, _TEXTS: _texts}


@lru_cache(maxsize=16)
def _compiled(name: str, vendor: str) -> tuple[str, tuple[object, ...]]:
    sql, values = _QUERIES[name]().query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
    return sql, tuple(values)


def _bound(name: str, account_pk: int, entry_id: str) -> tuple[str, list[Any]]:
    sql, values = _compiled(name, connections[DEFAULT_DB_ALIAS].vendor)
    actual: dict[object, object] = {_ACCOUNT: account_pk, _ENTRY: entry_id}
    return sql, [actual.get(value, value) for value in values]


def _lock_sql() -> str:
    return _update_sql(Call, ("entry_id",), ("account", "entry_id"), to_itself=True)


@lru_cache(maxsize=16)
def _update_sql(
    model: Any, columns: tuple[str, ...], where: tuple[str, ...], *, to_itself: bool = False
) -> str:
    quote = connections[DEFAULT_DB_ALIAS].ops.quote_name

    def quoted(name: str) -> str:
        return str(quote(model._meta.get_field(name).column))

    changes = (f"{quoted(name)} = {quoted(name) if to_itself else '%s'}" for name in columns)
    conditions = (f"{quoted(name)} = %s" for name in where)
    return (
        f"UPDATE {quote(model._meta.db_table)} SET {', '.join(changes)}"  # noqa: S608 - names only
        f" WHERE {' AND '.join(conditions)}"
    )
