"""Which user of the CRM an employee of the PBX is: suggestions, confirmed by a person.

Nothing is guessed: an equal e-mail, extension or name is a suggestion. Only the host's own
word, the hook ``MANGO["EXTENSION_OF"]``, counts without asking.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils import timezone

from .. import conf
from ..models import Account, Employee, EmployeeAddress
from .host_extensions import extension_in_host, people_of
from .leases import stand_in_line
from .transactions import repeated


class Standing(StrEnum):
    """What is known of a person on either side."""

    MATCHED = "matched"
    SUGGESTED = "suggested"
    AMBIGUOUS = "ambiguous"
    NOT_IN_CRM = "not_in_crm"
    NOT_IN_PBX = "not_in_pbx"


class Sign(StrEnum):
    """Why a user may be an employee."""

    EMAIL = "email"
    EXTENSION = "extension"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A user an employee may be, and why."""

    user: Any
    signs: tuple[Sign, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A person of the PBX, of the CRM, or of both."""

    standing: Standing
    employee: Employee | None = None
    extensions: tuple[str, ...] = ()
    user: Any = None
    suggestions: tuple[Suggestion, ...] = ()

    @property
    def best(self) -> Suggestion | None:
        """The suggestion that needs only a nod."""
        return self.suggestions[0] if self.standing is Standing.SUGGESTED else None


@dataclass(frozen=True, slots=True)
class _Person:
    """A user with what he may be known by."""

    user: Any
    email: str
    name: frozenset[str]
    extension: str


def mapping_of(account: Account) -> list[Row]:
    """Everybody of the PBX and of the CRM, those to be looked at first.

    A fixed number of queries, besides what the hook asks.
    """
    people = [_person(user) for user in users_of_crm()]
    extensions = _extensions(account)
    employees = list(
        Employee.objects.filter(account=account, is_active=True)
        .select_related("user")
        .order_by("name", "pk")
    )
    taken = Counter(one.user_id for one in employees if one.user_id is not None)
    free = [person for person in people if person.user.pk not in taken]
    rows = [_row(one, extensions.get(one.pk, ()), free, taken) for one in employees]
    rows = _without_rivals(rows)
    suggested = {one.user.pk for row in rows for one in row.suggestions}
    rows += [
        Row(Standing.NOT_IN_PBX, user=person.user)
        for person in free
        if _is_staff(person) and person.user.pk not in suggested
    ]
    order = list(Standing)
    order.remove(Standing.MATCHED)
    order.append(Standing.MATCHED)
    return sorted(rows, key=lambda row: order.index(row.standing))


def confirm(account: Account, chosen: Mapping[int, str]) -> list[Employee]:
    """Make employees (by key) the users (by key as text) a person chose; those changed.

    Only what is suggested now can be chosen: anything else is left alone, it is stale or forged.
    """
    offered = {
        row.employee.pk: {str(one.user.pk): one.user for one in row.suggestions}
        for row in mapping_of(account)
        if row.employee is not None
    }
    return repeated(lambda: _joined(account, offered, chosen))


def _joined(
    account: Account, offered: Mapping[int, Mapping[str, Any]], chosen: Mapping[int, str]
) -> list[Employee]:
    stand_in_line(people_of(account))
    employees = Employee.objects.filter(account=account)
    changed = []
    for employee_pk, user_key in chosen.items():
        user = offered.get(employee_pk, {}).get(user_key)
        # Chosen for two, or joined meanwhile: nobody gets a second telephone unnoticed.
        if user is None or employees.filter(is_active=True, user=user).exists():
            continue
        if employees.filter(pk=employee_pk, user=None).update(user=user):
            changed.append(Employee.objects.get(pk=employee_pk))
    return changed


def users_of_crm() -> QuerySet[Any]:
    """The active users of the CRM."""
    model = get_user_model()
    users = model._default_manager.all()
    if any(field.name == "is_active" for field in model._meta.fields):
        users = users.filter(is_active=True)
    return users.order_by(model.USERNAME_FIELD)


def _row(
    employee: Employee,
    extensions: tuple[str, ...],
    free: list[_Person],
    taken: Mapping[Any, int],
) -> Row:
    if employee.user_id is not None:
        # One user who is two employees of one PBX: both telephones would be his.
        standing = Standing.MATCHED if taken[employee.user_id] == 1 else Standing.AMBIGUOUS
        return Row(standing, employee, extensions, employee.user)
    found = [
        Suggestion(person.user, signs)
        for person in free
        if (signs := _signs(employee, extensions, person))
    ]
    found.sort(key=lambda one: -len(one.signs))
    if not found:
        return Row(Standing.NOT_IN_CRM, employee, extensions)
    is_clear = len(found) == 1 or len(found[0].signs) > len(found[1].signs)
    standing = Standing.SUGGESTED if is_clear else Standing.AMBIGUOUS
    return Row(standing, employee, extensions, suggestions=tuple(found))


def _without_rivals(rows: list[Row]) -> list[Row]:
    """Where two employees would be one user, neither is more than a possibility."""
    wanted = Counter(row.best.user.pk for row in rows if row.best)
    return [
        Row(Standing.AMBIGUOUS, row.employee, row.extensions, suggestions=row.suggestions)
        if row.best and wanted[row.best.user.pk] > 1
        else row
        for row in rows
    ]


def _signs(employee: Employee, extensions: tuple[str, ...], person: _Person) -> tuple[Sign, ...]:
    signs = {
        Sign.EMAIL: bool(person.email) and person.email == employee.email.strip().casefold(),
        Sign.EXTENSION: bool(person.extension) and person.extension in extensions,
        Sign.NAME: len(person.name) > 1 and person.name == _words(employee.name),
    }
    return tuple(sign for sign, holds in signs.items() if holds)


def _person(user: Any) -> _Person:
    email = str(getattr(user, get_user_model().get_email_field_name(), "") or "")
    name = str(getattr(user, "get_full_name", lambda: "")() or "")
    extension = extension_in_host(user) if conf.extension_hook() else ""
    return _Person(user, email.strip().casefold(), _words(name), extension)


def _words(name: str) -> frozenset[str]:
    """A name for comparison: order and ё do not matter, a patronymic does."""
    return frozenset(name.casefold().replace("ё", "е").split())


def _extensions(account: Account) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    rows = EmployeeAddress.objects.filter(
        account=account, kind=EmployeeAddress.Kind.EXTENSION
    ).valid_at(timezone.now())
    for employee, value in rows.order_by("value").values_list("employee", "value"):
        found[employee] = (*found.get(employee, ()), value)
    return found


def _is_staff(person: _Person) -> bool:
    """Customers who log in to a shop are no colleagues who lack a telephone."""
    return bool(getattr(person.user, "is_staff", True))
