"""The writer for any database Django supports, by nothing but the ORM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from ...protocol.times import from_unix
from .columns import check_length
from .plan import Plan, Values

Stored = Mapping[Values, Values]


def make(
    connection: BaseDatabaseWrapper, plan: Plan, rows: Sequence[Values], constants: Values
) -> list[Values]:
    """See ``Writer.make``."""
    for field, column in zip(plan.fields, zip(*rows, strict=True), strict=True):
        check_length(field, column)
    return [(*row, *constants) for row in rows]


def write(
    connection: BaseDatabaseWrapper, plan: Plan, made: Sequence[Values], late: Sequence[int]
) -> None:
    """See ``Writer.write``. An unchanged row is written again, with the values it has."""
    if plan.is_late:
        made = [(first, *values[1:]) for first, values in zip(late, made, strict=True)]
    instances = [_instance(plan, values) for values in made]
    _keep_stamps(plan, instances, _stored(connection, plan, instances))
    # Set to itself, the last column of the key locks a row and changes nothing.
    changing = (*plan.update, *plan.stamps) if plan.update else plan.key[-1:]
    manager = plan.model._default_manager.using(connection.alias)
    if not connection.features.supports_update_conflicts:
        for instance in instances:
            everything = {
                field.attname: getattr(instance, field.attname) for field in plan.all_fields
            }
            key = {field.attname: everything.pop(field.attname) for field in plan.key}
            changes = {field.attname: getattr(instance, field.attname) for field in changing}
            manager.update_or_create(**key, defaults=changes, create_defaults=everything)
        return
    targeted = connection.features.supports_update_conflicts_with_target
    manager.bulk_create(
        instances,
        update_conflicts=True,
        update_fields=[field.name for field in changing],
        unique_fields=[field.name for field in plan.key] if targeted else None,
    )


def write_new(connection: BaseDatabaseWrapper, plan: Plan, made: Sequence[Values]) -> bool:
    """See ``Writer.write_new``. What an error leaves behind differs too much."""
    return False


def _instance(plan: Plan, values: Values) -> models.Model:
    named = zip(plan.all_fields, values, strict=True)
    return plan.model(**{field.attname: _read(field, value) for field, value in named})


def _read(field: Any, value: Any) -> Any:
    if isinstance(field, models.DateTimeField) and isinstance(value, int):
        return from_unix(value) if value else None
    if isinstance(field, models.JSONField) and isinstance(value, tuple):
        return list(value)
    return value


def _stored(
    connection: BaseDatabaseWrapper, plan: Plan, instances: Sequence[models.Model]
) -> Stored:
    """What may change of the stored rows, by key; nothing where there are no stamps to keep."""
    if not plan.stamps:
        return {}
    names = [field.attname for field in (*plan.key, *plan.update, *plan.stamps)]
    keys = {
        f"{field.attname}__in": {getattr(one, field.attname) for one in instances}
        for field in plan.key
    }
    found = plan.model._default_manager.using(connection.alias).filter(**keys)
    many = len(plan.key)
    return {row[:many]: row[many:] for row in found.values_list(*names)}


def _keep_stamps(plan: Plan, instances: Sequence[models.Model], stored: Stored) -> None:
    for instance in instances if stored else ():
        old = stored.get(tuple(getattr(instance, field.attname) for field in plan.key))
        update = tuple(getattr(instance, field.attname) for field in plan.update)
        if old is not None and old[: len(update)] == update:
            for field, value in zip(plan.stamps, old[len(update) :], strict=True):
                setattr(instance, field.attname, value)
