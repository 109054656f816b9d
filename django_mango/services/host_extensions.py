"""Extensions the host keeps itself, through the hook ``MANGO["EXTENSION_OF"]``."""

from __future__ import annotations

import logging

from django.utils import timezone

from .. import conf
from ..conf import CrmUser
from ..models import Account, Employee, EmployeeAddress
from .leases import stand_in_line
from .transactions import repeated

log = logging.getLogger("django_mango.services")

_LONGEST = 20


def extension_in_host(user: CrmUser) -> str:
    """The extension the host says the user has; empty without a hook, or where it fails."""
    hook = conf.extension_hook()
    if hook is None:
        return ""
    try:
        found = hook(user)
    except Exception:
        log.exception("MANGO['EXTENSION_OF'] failed for user %s", user.pk)
        return ""
    text = "" if found is None else str(found).strip()
    return text if text.isascii() and text.isdigit() and len(text) <= _LONGEST else ""


def people_of(account: Account) -> str:
    """The line in which stands who makes employees of this account."""
    return f"people:{account.alias}"


def employee_by_host(user: CrmUser, account: Account) -> Employee | None:
    """The employee of the extension the host names, who is this user from now on.

    The host's word counts without asking. An employee appears where the PBX was not asked for
    its people yet; one who is another user already stays that user: two people cannot have one
    telephone, ``mango_doctor --user`` says so.
    """
    extension = extension_in_host(user)
    if not extension:
        return None
    return repeated(lambda: _joined(user, account, extension))


def _joined(user: CrmUser, account: Account, extension: str) -> Employee | None:
    # In line: two requests of one moment must not make two employees.
    stand_in_line(people_of(account))
    address = (
        EmployeeAddress.objects.filter(
            account=account, kind=EmployeeAddress.Kind.EXTENSION, value=extension
        )
        .valid_at(timezone.now())
        .select_related("employee")
        .first()
    )
    if address is None:
        return _new(user, account, extension)
    employee = address.employee
    if employee.user_id is None:
        employee.user_id = user.pk
        employee.save(update_fields=["user"])
    return employee if employee.user_id == user.pk and employee.is_active else None


def _new(user: CrmUser, account: Account, extension: str) -> Employee:
    name = str(getattr(user, "get_full_name", lambda: "")() or "") or str(user)
    employee = Employee.objects.create(account=account, name=name[:200], user_id=user.pk)
    EmployeeAddress.objects.create(employee=employee, value=extension)
    return employee
