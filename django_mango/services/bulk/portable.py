"""The writer for any database Django supports: its own ``bulk_create``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from ...protocol.times import from_unix
from .plan import Plan, Values


def write(
    connection: BaseDatabaseWrapper, plan: Plan, rows: Sequence[Values], constants: Values
) -> None:
    """See ``Writer.write``. An unchanged row is written again, with the values it has."""
    fields = plan.all_fields
    names = [field.attname for field in fields]
    readers = [_reader(field) for field in fields]
    instances = [
        plan.model(
            **{
                name: read(value)
                for name, read, value in zip(names, readers, (*row, *constants), strict=True)
            }
        )
        for row in rows
    ]
    targeted = connection.features.supports_update_conflicts_with_target
    # Set to itself, the last column of the key locks a row and changes nothing.
    changing = (*plan.update, *plan.stamps) if plan.update else plan.key[-1:]
    plan.model._default_manager.using(connection.alias).bulk_create(
        instances,
        update_conflicts=True,
        update_fields=[field.name for field in changing],
        unique_fields=[field.name for field in plan.key] if targeted else None,
    )


def _reader(field: Any) -> Callable[[Any], Any]:
    return _moment if isinstance(field, models.DateTimeField) else _same


def _moment(value: Any) -> Any:
    if isinstance(value, int):
        return from_unix(value) if value else None
    return value


def _same(value: Any) -> Any:
    return value
