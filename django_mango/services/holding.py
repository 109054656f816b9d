"""Rows that others point to where no constraint of the database sees to it.

To check a constraint for each of the calls and participants of an import costs the server as
much as to write them. So for those foreign keys that have ``db_constraint=False`` both sides
do by themselves, for a whole batch at once, what a constraint does for each row:

* Who writes a row that points to another one holds that one until his commit (``hold``), or
  holds it anyway: a participant is written only under the lock of its call, and the account of
  a batch is that of its records, whose constraint stays.
* Who deletes a row through Django waits for all who hold it, before he looks for what points
  to it (``CallQuerySet.delete``), or looks once more after he deleted it (the receivers below).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections
from django.db.models import Model

from ..models import Account, Call, CallParty, Employee, Recording

_LOCKS = {"postgresql": " FOR KEY SHARE", "mysql": " LOCK IN SHARE MODE", "sqlite": ""}


def hold(model: type[Model], keys: Iterable[int | None]) -> None:
    """Keep these rows until the end of the transaction, which must have written something.

    Raises ``IntegrityError`` if one is not there, as a constraint would. A key may be ``None``.
    """
    wanted = sorted({key for key in keys if key is not None})
    if not wanted:
        return
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(_hold_sql(model, len(wanted)), wanted)
        if len(cursor.fetchall()) != len(wanted):
            raise gone(model)


def gone(model: type[Model]) -> IntegrityError:
    """What is raised where a row is not there."""
    return IntegrityError(f"a row of {model._meta.db_table} was deleted meanwhile")


@lru_cache(maxsize=64)
def _hold_sql(model: type[Model], rows: int) -> str:
    """The statement that locks so many rows, in order, and gives the keys of those there are."""
    connection = connections[DEFAULT_DB_ALIAS]
    table, key = map(connection.ops.quote_name, (model._meta.db_table, "id"))
    marks = ", ".join(["%s"] * rows)
    lock = lock_of(connection.vendor)
    return f"SELECT {key} FROM {table} WHERE {key} IN ({marks}) ORDER BY {key}{lock}"  # noqa: S608 - names only


def lock_of(vendor: str) -> str:
    """What makes a ``SELECT`` keep its rows from who deletes them, and if possible from none else.

    SQLite has one writer at a time.
    """
    return _LOCKS.get(vendor, " FOR UPDATE")


def delete_latecomers(instance: Account, using: str, **_more: Any) -> None:
    """After an account was deleted: delete what was written since its rows were looked for.

    Who writes more from now on waits for our commit, and finds that it is gone.
    """
    for model in (Recording, Call, CallParty):
        model._default_manager.using(using).filter(account=instance.pk).delete()


def part_from_latecomers(instance: Employee, using: str, **_more: Any) -> None:
    """After an employee was deleted: the same for calls that name him.

    To lock him before would be the wrong order: who writes locks the call first.
    """
    for model in (Call, CallParty):
        model._default_manager.using(using).filter(employee=instance.pk).update(employee=None)
