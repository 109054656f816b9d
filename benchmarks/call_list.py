"""The call list of the admin: 10,000 calls against 1,000,000.

Calls of three years by a team of fifty, with participants and clients in the phone index,
a fifth missed. The list is opened as a superuser, as a supervisor who sees all and as a
manager who sees his own fiftieth, through the whole of Django but without a network.

    python -m benchmarks.call_list --database postgresql
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from . import database, table

_EMPLOYEES = 50
_CLIENTS = 2000
_YEARS = timedelta(days=3 * 365)
_LIST = "/admin/django_mango/call/"
#: Name of the viewer and his permissions; a superuser needs none.
_VIEWERS = {
    "superuser": None,
    "supervisor": ("view_call", "view_all_calls", "place_call", "view_recording"),
    "manager": ("view_call", "place_call", "view_recording"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, return 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", choices=database.CHOICES, default="postgresql")
    parser.add_argument("--small", type=int, default=10_000, help="calls at first")
    parser.add_argument("--large", type=int, default=1_000_000, help="calls at last")
    parser.add_argument("--pages", type=int, default=60, help="pages opened at each size")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args(argv)
    with database.prepared(options.database):
        _people()
        small = _at(0, options.small, options)
        large = _at(options.small, options.large, options)
    rows = [
        (
            name,
            f"{small[name]['ms']:.0f}",
            f"{large[name]['ms']:.0f}",
            f"{large[name]['ms'] / small[name]['ms']:.2f}",
            large[name]["queries"],
        )
        for name in _VIEWERS
    ]
    table.show(
        f"Opening the call list on {options.database}, ms ({table.machine()})",
        ("seen by", f"{options.small:,} calls", f"{options.large:,} calls", "ratio", "queries"),
        rows,
    )
    table.save(options.json, {"machine": table.machine(), "small": small, "large": large})
    return 0


def _people() -> None:
    """A team with its extensions, lines, clients, and the three who look."""
    from django.contrib.auth.models import Permission, User

    from django_mango.models import Account, Employee, EmployeeAddress, Line
    from django_mango.services import index_numbers
    from example_project.crm.models import Company, Contact

    account = Account.objects.create(alias="default")
    for place in range(_EMPLOYEES):
        user = User.objects.create(username=f"user{place}", is_staff=True)
        employee = Employee.objects.create(account=account, name=f"Employee {place}", user=user)
        EmployeeAddress.objects.create(employee=employee, value=str(100 + place))
    for place in range(10):
        Line.objects.create(account=account, number=f"7495000{place:04}", name=f"Line {place}")
    Contact.objects.bulk_create(
        Contact(name=f"Contact {place}", mobile=_client(place)) for place in range(_CLIENTS)
    )
    Company.objects.bulk_create(
        Company(name=f"Company {place}", phone=_client(place)) for place in range(0, _CLIENTS, 3)
    )
    index_numbers()
    for name, rights in _VIEWERS.items():
        viewer = User.objects.create(username=name, is_staff=True, is_superuser=rights is None)
        viewer.user_permissions.set(Permission.objects.filter(codename__in=rights or ()))
        viewer.user_permissions.add(
            *Permission.objects.filter(codename__in=("view_contact", "view_company"))
        )
    first = Employee.objects.get(name="Employee 0")
    first.user = User.objects.get(username="manager")
    first.save()


def _at(since: int, until: int, options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    from .loading import settle

    _fill(since, until, options.large)
    settle()
    return {name: _measure(name, options.pages) for name in _VIEWERS}


def _client(place: int) -> str:
    return f"+7916{place % _CLIENTS:07}"


def _fill(since: int, until: int, most: int) -> None:
    """Calls at places ``since`` to ``until`` of the three years, the last one now."""
    from django.utils import timezone

    from django_mango.models import Account, Call, CallParty, Employee

    from .loading import load

    account = Account.objects.get().pk
    employees = list(Employee.objects.order_by("pk").values_list("pk", flat=True))
    now, step = timezone.now(), _YEARS / most

    def calls() -> Iterator[tuple[Any, ...]]:
        for place in range(since, until):
            started = now - place * step
            is_missed = place % 5 == 0
            employee = place * 7 % _EMPLOYEES
            yield (
                place + 1, account, f"call{place:08}==", "incoming", "finished",
                "missed" if is_missed else "answered", _client(place * 13),
                _client(place * 13)[1:], f"7495000{place % 10:04}", employees[employee],
                str(100 + employee), started, None if is_missed else started, started, is_missed,
                True, "{}", "[]",
            )  # fmt: skip

    load(
        Call,
        (
            "id", "account_id", "entry_id", "direction", "state", "outcome", "client_number",
            "client_number_raw", "line_number", "employee_id", "extension", "started_at",
            "answered_at", "ended_at", "is_missed", "is_final", "participants", "legs",
        ),
        calls(),
    )  # fmt: skip

    def parties() -> Iterator[tuple[Any, ...]]:
        for place in range(since, until):
            employee = place * 7 % _EMPLOYEES
            yield place + 1, account, employees[employee], str(100 + employee), "callee"

    load(CallParty, ("call_id", "account_id", "employee_id", "extension", "role"), parties())


def _measure(viewer: str, pages: int) -> dict[str, Any]:
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client, override_settings
    from django.test.utils import CaptureQueriesContext

    client = Client()
    client.force_login(User.objects.get(username=viewer))
    times = []
    with override_settings(ROOT_URLCONF="tests.urls", ALLOWED_HOSTS=["testserver"]):
        for turn in range(pages + pages // 4):
            began = time.perf_counter()
            answer = client.get(_LIST)
            if turn >= pages // 4:  # the first ones warm up
                times.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.status_code
        assert b"Contact" in answer.content
        with CaptureQueriesContext(connection) as queries:
            client.get(_LIST)
    # A disturbance only slows down: the slowest of the fastest twentieth.
    return {"ms": sorted(times)[len(times) // 20] * 1000, "queries": len(queries)}


if __name__ == "__main__":
    sys.exit(main())
