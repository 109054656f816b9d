"""One interface of all writers, and the choice of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from django.db.backends.base.base import BaseDatabaseWrapper

from . import mysql, portable, postgresql, sqlite
from .columns import is_known
from .plan import Plan, Values


class Writer(Protocol):
    """Writes a batch to one kind of database, inside the caller's transaction."""

    def write(
        self,
        connection: BaseDatabaseWrapper,
        plan: Plan,
        rows: Sequence[Values],
        constants: Values,
    ) -> None:
        """Insert the rows, or change those whose key exists and whose values differ.

        All rows of the batch are locked until the end of the transaction, in their order.
        ``constants`` are the values of ``plan.constants``.
        """


def writer_for(connection: BaseDatabaseWrapper, plan: Plan) -> Writer:
    """The fastest safe writer of this database that knows all kinds of columns of the plan."""
    if not all(map(is_known, plan.all_fields)):
        return portable
    if connection.vendor == "postgresql":
        return postgresql if postgresql.is_able() else portable
    return _WRITERS.get(connection.vendor, portable)


_WRITERS: dict[str, Writer] = {"sqlite": sqlite, "mysql": mysql}
