"""What a set-wise write does, said once: the columns, the key, what may change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Model

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A write to ``model``; one object for each kind of write, so that its SQL is made once.

    ``fields`` come with each row; ``constants`` are the other columns, whose value is the
    same in all rows, but for those that are null. A row whose key exists is changed in
    ``update`` where one of them differs, and in ``stamps`` along with them. Who ``expects_new``
    rows only may be wrong, but seldom. Where ``is_late`` the first of ``fields`` is a key of
    another row that is known only when these are written.
    """

    model: type[Model]
    fields: Sequence[Any]
    constants: Sequence[Any]
    key: Sequence[Any]
    update: Sequence[Any]
    stamps: Sequence[Any]
    expects_new: bool = False
    is_late: bool = False

    @property
    def all_fields(self) -> Sequence[Any]:
        """Every column that is inserted: those of the rows, then the constant ones."""
        return (*self.fields, *self.constants)


@lru_cache(maxsize=64)
def plan_of(
    model: type[Model],
    columns: tuple[str, ...],
    constants: tuple[str, ...],
    key: tuple[str, ...],
    update: tuple[str, ...],
    stamps: tuple[str, ...],
    *,
    expects_new: bool = False,
    is_late: bool = False,
) -> Plan:
    """The plan of such a write; names are those of fields or their columns."""

    def fields(names: Sequence[str]) -> tuple[Any, ...]:
        return tuple(model._meta.get_field(name) for name in names)

    # The key never changes: set to itself it would be compared for nothing.
    changing = tuple(field for field in fields(update) if field not in fields(key))
    return Plan(
        model,
        fields(columns),
        fields(constants),
        fields(key),
        changing,
        fields(stamps),
        expects_new,
        is_late,
    )


@lru_cache(maxsize=64)
def other_fields(model: type[Model], columns: tuple[str, ...]) -> Sequence[Any]:
    """The fields that are not among the columns, without the primary key."""
    given = [model._meta.get_field(name) for name in columns]
    fields = (field for field in model._meta.concrete_fields if not field.primary_key)
    return tuple(field for field in fields if field not in given)
