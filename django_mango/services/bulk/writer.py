"""One interface of all writers, and the choice of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from django.db.backends.base.base import BaseDatabaseWrapper

from . import portable
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


def writer_for(connection: BaseDatabaseWrapper) -> Writer:
    """The fastest safe writer of this database."""
    return portable
