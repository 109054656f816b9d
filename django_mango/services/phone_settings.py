"""``MANGO["PHONE_FIELDS"]``: which models of the host have telephone numbers, and where.

An entry is the name of a field, a path through relations (``contact__phone``,
``phones__number``), the name of a method, a callable that takes the object, or
the dotted path of one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Model
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from .. import conf

#: An entry's name is a column of the index.
LONGEST_NAME = 200


class PhoneFieldError(ValueError):
    """An entry of ``PHONE_FIELDS`` that cannot be read; the text is one line for people."""


@dataclass(frozen=True, slots=True)
class Hop:
    """A relation on the way: its path as queries and as instances name it, and where it leads.

    ``model`` is ``None`` where only the row knows. A hop ``moves`` when saving the row it
    leads to can give that row another owner. ``through`` links the rows of a many-to-many.
    """

    query: str
    attribute: str
    source: type[Model]
    model: type[Model] | None
    moves: bool = False
    through: type[Model] | None = None


@dataclass(frozen=True, slots=True)
class PhonePath:
    """One entry, understood.

    ``steps`` are the attributes to follow, empty for a callable; ``hops`` the relations
    among them, in order.
    """

    name: str
    steps: tuple[str, ...] = ()
    call: Callable[[Any], object] | None = None
    hops: tuple[Hop, ...] = ()
    field: Field[Any, Any] | None = None


Configured = Mapping[type[Model], tuple[PhonePath, ...]]
_understood: tuple[object, Configured] | None = None


def configured() -> Configured:
    """The entries of each model that can be read; a system check names the others."""
    global _understood
    declared = conf.get("PHONE_FIELDS", object)
    if _understood is None or _understood[0] is not declared:
        found: dict[type[Model], tuple[PhonePath, ...]] = {}
        for result in _read(declared):
            if not isinstance(result, PhoneFieldError):
                model, path = result
                found[model] = (*found.get(model, ()), path)
        _understood = (declared, found)
    return _understood[1]


def problems() -> list[str]:
    """What is wrong with the setting, a line each."""
    return [
        str(result)
        for result in _read(conf.get("PHONE_FIELDS", object))
        if isinstance(result, PhoneFieldError)
    ]


def owner_model(model: type[Model]) -> type[Model] | None:
    """The configured model whose rows ``model`` has: itself, behind a proxy, or a parent."""
    known = configured()
    concrete = model._meta.concrete_model or model
    family = (concrete, *(one for one in concrete.__mro__ if one in known))
    return next((one for one in family if one in known), None)


def _read(declared: object) -> Iterator[tuple[type[Model], PhonePath] | PhoneFieldError]:
    if not isinstance(declared, Mapping):
        yield PhoneFieldError(_("it must be a dict of lists by model: {'crm.Contact': ['phone']}"))
        return
    for label, entries in declared.items():
        try:
            model = _model(label)
        except PhoneFieldError as error:
            yield error
            continue
        if isinstance(entries, (str, bytes)) or not isinstance(entries, (list, tuple)):
            yield PhoneFieldError(_("%(model)s needs a list of fields") % {"model": label})
            continue
        for entry in entries:
            try:
                yield model, _path(model, entry)
            except PhoneFieldError as error:
                yield error


def _model(label: object) -> type[Model]:
    try:
        model = apps.get_model(str(label))
    except (LookupError, ValueError) as error:
        raise PhoneFieldError(_("there is no model %(model)s") % {"model": repr(label)}) from error
    return model._meta.concrete_model or model


def _path(model: type[Model], entry: object) -> PhonePath:
    if callable(entry):
        name = f"{getattr(entry, '__module__', '')}.{getattr(entry, '__qualname__', repr(entry))}"
        return PhonePath(name[-LONGEST_NAME:], call=entry)
    if not isinstance(entry, str) or not entry or len(entry) > LONGEST_NAME:
        raise _unreadable(model, entry)
    if "." not in entry:
        return _attributes(model, entry)
    try:
        found = import_string(entry)
    except ImportError as error:
        raise PhoneFieldError(_("%(entry)s cannot be imported") % {"entry": repr(entry)}) from error
    if not callable(found):
        raise PhoneFieldError(_("%(entry)s is not callable") % {"entry": repr(entry)})
    return PhonePath(entry, call=found)


def _attributes(model: type[Model], entry: str) -> PhonePath:
    is_whole = inspect.getattr_static(model, entry, None) is not None
    names = (entry,) if is_whole else tuple(entry.split("__"))
    steps: list[str] = []
    hops: list[Hop] = []
    current: type[Model] | None = model
    field: Any = None
    for number, name in enumerate(names, 1):
        is_last = number == len(names)
        field = _field(current, name) if current else None
        steps.append(name)
        if current is None:  # behind a generic relation every model may stand
            continue
        if field is None:
            # A method or a property has no place in the middle of a path.
            if not is_last or inspect.getattr_static(current, name, None) is None:
                raise _unreadable(model, entry)
        elif field.is_relation:
            if is_last:
                raise PhoneFieldError(
                    _("%(model)s.%(entry)s is a relation: name the field behind it")
                    % {"model": model._meta.label, "entry": entry}
                )
            steps[-1] = _accessor(field)
            hops.append(_hop(field, current, steps, hops))
            current = field.related_model
        elif not is_last:
            raise _unreadable(model, entry)
    plain = field if isinstance(field, Field) and not field.is_relation else None
    return PhonePath(entry, tuple(steps), hops=tuple(hops), field=plain)


def _hop(field: Any, source: type[Model], steps: list[str], before: list[Hop]) -> Hop:
    through = None
    if field.many_to_many:
        relation = field if field.auto_created else field.remote_field
        through = relation.through
    return Hop(
        query="__".join(filter(None, (before[-1].query if before else "", field.name))),
        attribute="__".join(steps),
        source=source,
        model=field.related_model,
        moves=field.one_to_many or (field.one_to_one and field.auto_created),
        through=through,
    )


def _accessor(field: Any) -> str:
    """The attribute of an instance: of a relation seen from the other side it differs."""
    name = field.get_accessor_name() if field.auto_created and not field.concrete else field.name
    return str(name)


def _field(model: type[Model], name: str) -> Any:
    """A field or relation by the name instances have it under, ``None`` without one."""
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        pass
    # ``contact_set`` of an instance is ``contact`` in the model's list of relations.
    for relation in model._meta.related_objects:
        if relation.get_accessor_name() == name:
            return relation
    return None


def _unreadable(model: type[Model], entry: object) -> PhoneFieldError:
    return PhoneFieldError(
        _("%(model)s has no field %(entry)s")
        % {"model": model._meta.label, "entry": entry if isinstance(entry, str) else repr(entry)}
    )
