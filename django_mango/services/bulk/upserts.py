"""Keyed upserts: insert, or change what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

from .plan import Plan, Values, other_fields, plan_of
from .writer import Writer, writer_for

Row = TypeVar("Row", bound=models.Model)


def upsert(
    model: type[Row], rows: Sequence[Row], *, key: Sequence[str], update: Sequence[str]
) -> None:
    """Insert rows, or update ``update`` of those whose ``key`` exists; conflicts cannot fail.

    Pass rows in key order: then two writers lock them in the same order. Their primary
    keys are left as they are.
    """
    if not rows:
        return
    names = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
    values = attrgetter(*names)
    connection = connections[router.db_for_write(model)]
    plain = [values(row) for row in rows]
    block_of(connection, model, names, plain, key=key, update=update).write()


@dataclass(slots=True)
class Block:
    """Rows ready to be written; making one needs no database and may be done by any thread."""

    connection: BaseDatabaseWrapper
    writer: Writer
    plan: Plan
    made: Any

    def write(self, late: Sequence[int] = ()) -> None:
        """Write the rows, in a transaction of the caller; ``late`` is the column that was."""
        self.writer.write(self.connection, self.plan, self.made, late)

    def write_new(self) -> bool:
        """Write the rows if none of them is there; ``False`` where one is, or might be."""
        return self.writer.write_new(self.connection, self.plan, self.made)


def block_of(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Values],
    *,
    key: Sequence[str],
    update: Sequence[str],
    stamps: Sequence[str] = (),
    constants: Mapping[str, Any] | None = None,
    expects_new: bool = False,
    is_late: bool = False,
) -> Block:
    """At least one row, ready to be inserted, or to change ``update`` where its key exists.

    Columns are named as attributes (``account_id``). Values are what the attributes hold,
    but a time may also be Unix seconds, 0 for never. A column that is not among them is
    the same in all rows: ``constants``, else the default of its field.

    Rows stand in key order and no key twice. A row whose ``update`` columns all equal the
    stored ones is locked, but not written; ``stamps`` are written with a change and make
    none. With no ``update`` at all rows are created where missing, and locked. Say
    ``expects_new`` where you have looked and hardly any row can be there: PostgreSQL then
    takes them without a detour. Where ``is_late`` the first column, of whole numbers, is given
    to ``Block.write``; what stands in the rows is a place for it.
    """
    given = constants or {}
    others = {
        field.attname: given[field.attname] if field.attname in given else field.get_default()
        for field in other_fields(model, tuple(columns))
    }
    # What is null is left out: the database knows that by itself, and there may be many.
    fixed = {name: value for name, value in others.items() if value is not None}
    plan = plan_of(
        model,
        tuple(columns),
        tuple(fixed),
        tuple(key),
        tuple(update),
        tuple(stamps),
        expects_new=expects_new,
        is_late=is_late,
    )
    writer = writer_for(connection, plan)
    return Block(
        connection, writer, plan, writer.make(connection, plan, rows, tuple(fixed.values()))
    )
