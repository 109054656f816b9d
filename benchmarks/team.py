"""The account of a benchmark and its people, those of the sandbox."""

from __future__ import annotations

from django_mango.models import Account, Employee, EmployeeAddress
from django_mango.sandbox import staff


def team(alias: str = "default") -> Account:
    """The account, made if missing."""
    account, is_new = Account.objects.get_or_create(alias=alias)
    for person in staff.EMPLOYEES if is_new else ():
        employee = Employee.objects.create(account=account, name=person.name)
        for kind, value in (("extension", person.extension), ("sip", person.sip)):
            EmployeeAddress.objects.create(employee=employee, kind=kind, value=value)
    return account
