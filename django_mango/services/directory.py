"""Who is who: the directory the projection needs, and the employee behind a user."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, IntegrityError
from django.utils import timezone

from .. import conf
from ..conf import CrmUser
from ..models import Account, Employee, EmployeeAddress
from ..protocol.projection import Address, Directory
from ..protocol.times import to_unix
from .accounts import account_for
from .caching import forget, remembered
from .errors import AccountUnknown
from .host_extensions import employee_by_host
from .transactions import repeated

log = logging.getLogger("django_mango.services")

Result = TypeVar("Result")


def directory_of(account: Account) -> Directory:
    """All addresses of the account's employees, past ones with their periods.

    One query, remembered for a short while.
    """
    return remembered(("directory", account.pk), lambda: _read_directory(account))


def with_directory(account: Account, work: Callable[[Directory], Result]) -> Result:
    """``work(directory)`` in a transaction of its own, again when an employee vanished.

    What this process remembers may name an employee whom another one deleted; the
    database then refuses the call.
    """
    try:
        directory = directory_of(account)
        return repeated(lambda: work(directory))
    except IntegrityError:
        forget()
        directory = directory_of(account)
        return repeated(lambda: work(directory))


def _read_directory(account: Account) -> Directory:
    rows = EmployeeAddress.objects.filter(account=account).values_list(
        "kind", "value", "employee_id", "valid_from", "valid_to", "employee__pbx_user_id"
    )
    addresses = set()
    for kind, value, owner, valid_from, valid_to, user_id in rows:
        since = to_unix(valid_from) if valid_from else None
        until = to_unix(valid_to) if valid_to else None
        addresses.add(Address(kind, value, owner, since, until))
        if user_id is not None:  # the extended statistics name people by it
            addresses.add(Address("user", str(user_id), owner))
    return Directory(addresses, conf.get("DEFAULT_REGION", str))


def employee_of(user: CrmUser | None, account: Account | None = None) -> Employee | None:
    """The active employee a CRM user is, preferring one who has an extension now.

    Without ``account`` one of an account the settings know; old accounts keep their people.
    Whom nobody mapped yet may be known to the host, by ``MANGO["EXTENSION_OF"]``.
    """
    if user is None or user.pk is None:
        return None
    employees = Employee.objects.filter(user=user.pk, is_active=True).select_related("account")
    if account is not None:
        employees = employees.filter(account=account)
    else:
        employees = employees.filter(account__alias__in=conf.accounts())
    found = list(employees.order_by("account__alias", "pk"))
    if not found and conf.extension_hook() is not None:
        return _by_host(user, account)
    return next((person for person in found if person.extension_at()), found[0] if found else None)


def _by_host(user: CrmUser, account: Account | None) -> Employee | None:
    """The employee by the extension the host knows; pages go on without him where that fails."""
    if account is None:
        try:
            account = account_for()
        except AccountUnknown:
            return None
    try:
        return employee_by_host(user, account)
    except DatabaseError:
        log.exception("user %s could not be joined with his extension", user.pk)
        return None


def extensions_of(employee: Employee) -> frozenset[str]:
    """All extensions an employee has now: one telephone on the desk, one in the van."""
    addresses = employee.addresses.filter(kind=EmployeeAddress.Kind.EXTENSION)
    return frozenset(addresses.valid_at(timezone.now()).values_list("value", flat=True))
