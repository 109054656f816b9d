"""Answers about the company: its people, groups and lines (§3.7.1, §3.7.2, §3.7.7, Q83-Q85).

JSON in, values out. One bad element harms no other: it is left out and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from . import numbers
from .errors import ReadError
from .values import child, integer, storable, text

Item = TypeVar("Item")
_LONGEST_NAME = 200
#: Placeholders that stand where a number was never entered (Q83).
_NO_NUMBERS = frozenset({"mobile", "none", "null"})


@dataclass(frozen=True, slots=True)
class Member:
    """One employee. Numbers are E.164 with plus, SIP addresses canonical, extensions text (Q84)."""

    user_id: int | None
    name: str
    email: str = ""
    extension: str = ""
    sips: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    department: str = ""
    position: str = ""


@dataclass(frozen=True, slots=True)
class GroupOfStaff:
    """A group with a short number of its own."""

    extension: str
    name: str
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class IncomingLine:
    """A number of the PBX: digits without plus, or a SIP address; SIP lines are named (Q87)."""

    number: str
    name: str
    region: str = ""


@dataclass(frozen=True, slots=True)
class Read(Generic[Item]):
    """The elements of a list, and how many could not be read."""

    items: tuple[Item, ...]
    bad: int = 0


def members(data: Mapping[str, object], region: str = "RU") -> Read[Member]:
    """``users`` of ``config/users/request``, which has no ``result`` key (Q83)."""
    return _read(data.get("users"), lambda item: _member(item, region))


def groups(data: Mapping[str, object]) -> Read[GroupOfStaff]:
    """``groups`` of ``groups``."""
    return _read(data.get("groups"), _group)


def lines(data: Mapping[str, object]) -> Read[IncomingLine]:
    """``lines`` of ``incominglines``."""
    return _read(data.get("lines"), _line)


def _read(value: object, one: Callable[[Mapping[str, object]], Item]) -> Read[Item]:
    found, bad = [], 0
    for item in value if isinstance(value, list) else ():
        try:
            if not isinstance(item, Mapping):
                raise ReadError("not an object")
            found.append(one(item))
        except ReadError:
            bad += 1
    return Read(tuple(found), bad)


def _member(item: Mapping[str, object], region: str) -> Member:
    general, telephony = child(item, "general"), child(item, "telephony")
    contacts = [one for one in _list(telephony, "numbers") if isinstance(one, Mapping)]
    return Member(
        user_id=integer(general, "user_id"),
        name=_name(general, "name"),
        email=_name(general, "email"),
        extension=text(telephony, "extension"),
        sips=_once(_sips(general, contacts)),
        numbers=_once(_numbers(general, contacts, region)),
        department=_name(general, "department"),
        position=_name(general, "position"),
    )


def _group(item: Mapping[str, object]) -> GroupOfStaff:
    extension = text(item, "extension")
    if not extension:
        raise ReadError("a group without a number")
    return GroupOfStaff(extension, _name(item, "name"), integer(item, "id"))


def _line(item: Mapping[str, object]) -> IncomingLine:
    number = text(item, "number")
    if not number:
        raise ReadError("a line without a number")
    return IncomingLine(number, _name(item, "name") or _name(item, "comment"), text(item, "region"))


def _sips(general: Mapping[str, object], contacts: Iterable[Mapping[str, object]]) -> Iterator[str]:
    for one in _list(general, "sips"):
        if isinstance(one, Mapping):
            yield numbers.canonical_sip(text(one, "number"))
    for one in contacts:
        number = text(one, "number")
        if text(one, "protocol") == "sip" or numbers.is_sip(number):
            yield numbers.canonical_sip(number)


def _numbers(
    general: Mapping[str, object], contacts: Iterable[Mapping[str, object]], region: str
) -> Iterator[str]:
    """Telephones of the public network; the normalised form is the service's own (Q83)."""
    for one in contacts:
        if text(one, "protocol") in ("tel", "fmc"):
            sent = text(one, "number_normalized") or text(one, "number")
            if sent.lower() not in _NO_NUMBERS:
                yield numbers.from_service(sent, region).e164
    mobile = text(general, "mobile")
    if mobile.lower() not in _NO_NUMBERS:
        yield numbers.from_service(mobile, region).e164


def _list(source: Mapping[str, object], name: str) -> list[object]:
    value = source.get(name)
    return value if isinstance(value, list) else []


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, values)))


def _name(source: Mapping[str, object], name: str) -> str:
    """A name for people: too long ones are cut, they identify nothing."""
    value = source.get(name)
    value = value.strip()[:_LONGEST_NAME] if isinstance(value, str) else ""
    return value if storable(value) else "".join(c for c in value if c.isprintable())
