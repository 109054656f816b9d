"""Who is who: the directory the projection needs, and the employee behind a user."""

from __future__ import annotations

from .. import conf
from ..conf import CrmUser
from ..models import Account, Employee, EmployeeAddress
from ..protocol.projection import Address, Directory
from ..protocol.times import to_unix


def directory_of(account: Account) -> Directory:
    """All addresses of the account's employees, past ones with their periods; one query."""
    rows = EmployeeAddress.objects.filter(account=account).values_list(
        "kind", "value", "employee_id", "valid_from", "valid_to"
    )
    return Directory(
        (
            Address(
                kind,
                value,
                employee_id,
                to_unix(valid_from) if valid_from else None,
                to_unix(valid_to) if valid_to else None,
            )
            for kind, value, employee_id, valid_from, valid_to in rows
        ),
        conf.get("DEFAULT_REGION", str),
    )


def employee_of(user: CrmUser | None, account: Account | None = None) -> Employee | None:
    """The active employee a CRM user is, preferring one who has an extension now."""
    if user is None or user.pk is None:
        return None
    employees = Employee.objects.filter(user=user.pk, is_active=True).select_related("account")
    if account is not None:
        employees = employees.filter(account=account)
    found = list(employees.order_by("account__alias", "pk"))
    return next((person for person in found if person.extension_at()), found[0] if found else None)
