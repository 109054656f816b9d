"""The telephone numbers of a host's objects: where they stand, and what they are.

One rule for the index, the call control and the panels: what is called is what is
matched. Text fields may hold several numbers in any spelling; an extension
("доб. 12") is kept as a hint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import phonenumbers
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Manager, Model
from django.utils.text import capfirst

from .. import conf
from ..protocol import numbers
from ..protocol.numbers import Number
from .phone_settings import PhonePath, configured, owner_model


@dataclass(frozen=True, slots=True)
class Phone:
    """One number of an object: the entry of ``PHONE_FIELDS`` it stands in, and its label."""

    path: str
    label: str
    number: Number

    @property
    def extension(self) -> str:
        """What to dial after the answer: a hint, never dialled nor matched."""
        return self.number.extension

    @property
    def key(self) -> str:
        """Names the number in a form; it is looked up again among the object's own."""
        return f"{self.path}:{self.number.digits}"


def phone_models() -> tuple[type[Model], ...]:
    """The models of ``MANGO["PHONE_FIELDS"]``."""
    return tuple(configured())


def paths_of(model: type[Model]) -> tuple[PhonePath, ...]:
    """The entries of a model, of the model behind a proxy, or of the parent it extends."""
    owner = owner_model(model)
    return configured()[owner] if owner else ()


def phone_paths(model: type[Model]) -> tuple[str, ...]:
    """The names of the entries of a model, in their order; empty where none is configured.

    The name of a callable is its dotted path.
    """
    return tuple(path.name for path in paths_of(model))


def values_of(obj: Model, only: str = "") -> list[tuple[str, tuple[str, ...]]]:
    """What stands in each phone field of ``obj``: the entry's name and its texts.

    ``only`` limits to one entry. Raises what a callable of the host raises.
    """
    return [
        (path.name, tuple(texts_of(_value(obj, path))))
        for path in paths_of(type(obj))
        if not only or path.name == only
    ]


def numbers_of(obj: Model, only: str = "") -> list[Phone]:
    """The whole numbers of ``obj`` in the order of the entries, each once per entry."""
    model = type(obj)
    found = []
    for name, texts in values_of(obj, only):
        several = _distinct(texts)
        label = label_of(model, name) if several else ""
        found += [Phone(name, label, number) for number in several]
    return found


def numbers_in(value: object) -> tuple[Number, ...]:
    """The whole numbers in the value of any phone field, in order, each once."""
    return _distinct(texts_of(value))


def texts_of(value: object) -> Iterator[str]:
    """The texts in the value of a phone field, whatever its type."""
    if value is None or value == "":
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, phonenumbers.PhoneNumber):
        yield _written(value)
    elif isinstance(value, Mapping):
        yield from texts_of(list(value.values()))
    elif isinstance(value, Iterable):
        for one in value:
            yield from texts_of(one)
    else:
        yield str(value)


def label_of(model: type[Model], name: str) -> str:
    """The title of an entry for people: the verbose name of its field, or of its callable."""
    path = next((one for one in paths_of(model) if one.name == name), None)
    if path is None:
        return name
    if path.field is not None:
        return str(path.field.verbose_name)
    source = path.call or getattr(model, path.steps[0], None)
    title = getattr(source, "short_description", "") if len(path.steps) < 2 else ""
    return str(title or capfirst(name.rpartition(".")[2].rpartition("__")[2].replace("_", " ")))


def _value(obj: Model, path: PhonePath) -> object:
    return path.call(obj) if path.call else list(_follow(obj, path.steps))


def _follow(obj: Any, steps: tuple[str, ...]) -> Iterator[object]:
    """The values at the end of a path; to-many relations fan out."""
    try:
        value = getattr(obj, steps[0], None)
    except ObjectDoesNotExist:  # the other side of a one-to-one relation is missing
        return
    if isinstance(value, Manager):
        several: Iterable[Any] = value.all()
    else:
        several = (value() if callable(value) else value,)
    for one in several:
        if len(steps) == 1:
            yield one
        elif one is not None:
            yield from _follow(one, steps[1:])


def _distinct(texts: Iterable[str]) -> tuple[Number, ...]:
    region = conf.get("DEFAULT_REGION", str).upper()
    found: dict[str, Number] = {}
    for text in texts:
        for number in numbers.all_in(text, region):
            found.setdefault(number.e164, number)
    return tuple(found.values())


def _written(value: phonenumbers.PhoneNumber) -> str:
    """A number of ``PhoneNumberField``; one it could not read keeps the text of the person."""
    if not value.country_code:
        return str(value.raw_input or "")
    return phonenumbers.format_number(value, phonenumbers.PhoneNumberFormat.RFC3966)
