"""A user's own telephones, and what he chose: one query, asked by every poll of every page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils import timezone

from .. import conf
from ..conf import CrmUser
from ..models import Call, EmployeeAddress
from ..protocol.projection import OpenLeg
from .directory import employee_of

_EMPLOYEE = "mango_employees"
_ADDRESS = "mango_employees__addresses"
_CHOICE = "mango_preference"


@dataclass(frozen=True, slots=True)
class Telephones:
    """A user's own telephones now, and what he chose.

    ``extensions`` are pairs of account key and extension: two PBXs may both have a 101.
    """

    employees: frozenset[int]
    extensions: frozenset[tuple[int, str]]
    notifications: str
    missed_seen_at: datetime | None

    def has_leg(self, call: Call, leg: OpenLeg) -> bool:
        """Whether one of them is in this leg."""
        return any((call.account_id, one) in self.extensions for one in leg.extensions)


def telephones_of(user: CrmUser, now: datetime | None = None) -> Telephones:
    """The user's telephones in the PBXs of the settings, and his choices or the site's."""
    now = now or timezone.now()
    rows = list(_rows_of(user))
    accounts = conf.accounts()
    employees, extensions = set(), set()
    for row in rows:
        if row[f"{_EMPLOYEE}__account__alias"] not in accounts:
            continue
        if not row[f"{_EMPLOYEE}__is_active"]:
            continue
        employees.add(row[_EMPLOYEE])
        if row[f"{_ADDRESS}__kind"] == EmployeeAddress.Kind.EXTENSION and _is_valid(row, now):
            extensions.add((row[f"{_EMPLOYEE}__account"], row[f"{_ADDRESS}__value"]))
    if not employees and conf.extension_hook() is not None:
        _ask_host(user, employees, extensions)
    chosen = rows[0] if rows else {}
    return Telephones(
        frozenset(employees),
        frozenset(extensions),
        chosen.get(f"{_CHOICE}__notifications") or conf.notifications_of(user),
        chosen.get(f"{_CHOICE}__missed_seen_at"),
    )


def _rows_of(user: CrmUser) -> QuerySet[Any, Any]:
    """One row for each address; a row of nothing for who has none."""
    people: QuerySet[Any, Any] = get_user_model()._base_manager.filter(pk=user.pk).order_by()
    return people.values(
        f"{_CHOICE}__notifications",
        f"{_CHOICE}__missed_seen_at",
        _EMPLOYEE,
        f"{_EMPLOYEE}__account",
        f"{_EMPLOYEE}__account__alias",
        f"{_EMPLOYEE}__is_active",
        f"{_ADDRESS}__kind",
        f"{_ADDRESS}__value",
        f"{_ADDRESS}__valid_from",
        f"{_ADDRESS}__valid_to",
    )


def _is_valid(row: dict[str, Any], now: datetime) -> bool:
    since, until = row[f"{_ADDRESS}__valid_from"], row[f"{_ADDRESS}__valid_to"]
    return (since is None or since <= now) and (until is None or until > now)


def _ask_host(user: CrmUser, employees: set[int], extensions: set[tuple[int, str]]) -> None:
    """Whom nobody mapped yet may be known to the host, by ``MANGO["EXTENSION_OF"]``."""
    employee = employee_of(user)
    if employee is not None:
        employees.add(employee.pk)
        extension = employee.extension_at()
        extensions |= {(employee.account_id, extension)} if extension else set()
