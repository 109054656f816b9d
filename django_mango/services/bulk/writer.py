"""One interface of all writers, and the choice of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from django.db.backends.base.base import BaseDatabaseWrapper

from . import mysql, portable, postgresql, sqlite
from .columns import is_known
from .plan import Plan, Values


class Writer(Protocol):
    """Writes batches to one kind of database, in two steps."""

    def make(
        self,
        connection: BaseDatabaseWrapper,
        plan: Plan,
        rows: Sequence[Values],
        constants: Values,
    ) -> Any:
        """All that can be done without the database, perhaps in another thread.

        Of the connection only what it knows by itself is asked. ``constants`` are the values
        of ``plan.constants``. Raises ``DataError`` for a text longer than its column.
        """

    def write(
        self, connection: BaseDatabaseWrapper, plan: Plan, made: Any, late: Sequence[int]
    ) -> None:
        """Insert the rows, or change those whose key exists and whose values differ.

        All rows of the batch are locked until the end of the transaction, in their order.
        ``made`` is what ``make`` gave; it may be written again. ``late`` is the first column
        where the plan says so.
        """

    def write_new(self, connection: BaseDatabaseWrapper, plan: Plan, made: Any) -> bool:
        """Insert the rows if none of them is there, else write nothing: whether it did.

        ``False`` too where the database makes asking before cheaper than trying. No column
        of the plan is late.
        """


def writer_for(connection: BaseDatabaseWrapper, plan: Plan) -> Writer:
    """The fastest safe writer of this database that knows all kinds of columns of the plan."""
    if not all(map(is_known, plan.all_fields)):
        return portable
    if connection.vendor == "postgresql":
        return postgresql if postgresql.is_able() else portable
    return _WRITERS.get(connection.vendor, portable)


_WRITERS: dict[str, Writer] = {"sqlite": sqlite, "mysql": mysql}
