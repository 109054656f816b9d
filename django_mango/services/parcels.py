"""What a job takes along to another process, as plain JSON, and back.

Rows travel as they were when the job was made: a signal tells of the call as it was at its
transition, whatever has become of it until a worker is free.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import router
from django.db.models import Model

from .changes import Change

#: Marks what is no JSON of its own: ``{"$": "moment", "of": "2026-11-25T11:10:00+00:00"}``.
_MARK = "$"


def packed(value: object) -> Any:
    """The value as JSON. Raises ``TypeError`` for what cannot travel."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [packed(one) for one in value]
    if isinstance(value, (set, frozenset)):
        return {_MARK: "set", "of": sorted(packed(one) for one in value)}
    if isinstance(value, datetime):
        return {_MARK: "moment", "of": value.isoformat()}
    if isinstance(value, Mapping):
        return {_MARK: "map", "of": {_name(key): packed(one) for key, one in value.items()}}
    if isinstance(value, Change):
        parts = (value.call, value.fields, value.before, value.confirmed)
        return {_MARK: "change", "of": [packed(one) for one in parts]}
    if isinstance(value, Model):
        return {_MARK: "row", "of": [value._meta.label_lower, packed(_columns(value))]}
    raise TypeError(f"a {type(value).__name__} cannot travel to another process")


def unpacked(value: Any) -> Any:
    """The value again; a tuple comes back as a list. Raises ``ValueError`` for what is none."""
    if isinstance(value, list):
        return [unpacked(one) for one in value]
    if not isinstance(value, dict):
        return value
    unpack = _UNPACK.get(str(value.get(_MARK)))
    if unpack is None:
        raise ValueError("this is nothing a job takes along")
    return unpack(value["of"])


def _columns(row: Model) -> dict[str, object]:
    """Its loaded columns as the database takes them."""
    deferred = row.get_deferred_fields()
    return {
        field.attname: field.get_prep_value(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if field.attname not in deferred
    }


def _row(of: list[Any]) -> Model:
    label, columns = of
    model = apps.get_model(label)
    values = unpacked(columns)
    row: Model = model.from_db(router.db_for_write(model), list(values), list(values.values()))
    return row


def _change(of: list[Any]) -> Change:
    call, fields, before, confirmed = (unpacked(one) for one in of)
    return Change(call, tuple(fields), before, confirmed)


def _name(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError("only texts can be keys on the way to another process")
    return key


_UNPACK: Mapping[str, Callable[[Any], Any]] = {
    "set": lambda of: set(unpacked(of)),
    "moment": datetime.fromisoformat,
    "map": lambda of: {key: unpacked(one) for key, one in of.items()},
    "row": _row,
    "change": _change,
}
