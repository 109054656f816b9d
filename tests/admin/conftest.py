"""People with their rights, calls with their facts, and a PBX to call through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_mango.models import Account, Call, CallParty, Employee, EmployeeAddress
from django_mango.sandbox import Sandbox
from django_mango.testing import running_sandbox
from example_project.crm.models import Company, Contact

MANAGER = ("django_mango.view_call", "django_mango.place_call", "django_mango.hang_up")
CRM = ("crm.view_contact", "crm.change_contact", "crm.view_company", "crm.change_company")
JOURNALS = (
    "django_mango.view_command",
    "django_mango.view_notification",
    "django_mango.view_statsimport",
    "django_mango.view_callrecord",
    "django_mango.view_employee",
    "django_mango.view_recording",
)
SUPERVISOR = (*MANAGER, *JOURNALS, "django_mango.view_all_calls", "django_mango.hang_up_any")


def make_user(name: str, *rights: str, superuser: bool = False) -> User:
    user = User.objects.create(username=name, is_staff=True, is_superuser=superuser)
    for right in rights:
        app, codename = right.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    return user


def make_employee(account: Account, name: str, extension: str, user: User | None) -> Employee:
    employee = Employee.objects.create(account=account, name=name, user=user)
    EmployeeAddress.objects.create(employee=employee, value=extension)
    return employee


def make_call(account: Account, entry: str, **fields: Any) -> Call:
    """A finished, answered, incoming call of an hour ago unless said otherwise."""
    started = fields.pop("started_at", timezone.now() - timedelta(hours=1))
    values: dict[str, Any] = {
        "direction": Call.Direction.INCOMING,
        "state": Call.State.FINISHED,
        "outcome": Call.Outcome.ANSWERED,
        "client_number": "+79161234567",
        "client_number_raw": "79161234567",
        "line_number": "74951234567",
        "started_at": started,
        "answered_at": started + timedelta(seconds=8),
        "ended_at": started + timedelta(seconds=73),
        "wait_seconds": 8,
        "talk_seconds": 65,
        **fields,
    }
    call = Call.objects.create(account=account, entry_id=entry, **values)
    if call.employee_id:
        CallParty.objects.create(
            call=call,
            account=account,
            employee_id=call.employee_id,
            extension=call.extension,
            role=CallParty.Role.CALLEE,
            rang_at=started,
        )
    return call


def page_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def place_page(obj: Any) -> str:
    opts = obj._meta
    return reverse(
        "admin:django_mango_call_place", args=[opts.app_label, opts.model_name, str(obj.pk)]
    )


def hang_up_page(call: Call) -> str:
    return reverse("admin:django_mango_call_hang_up", args=[call.pk])


def token_of(page: Any) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page.text)
    assert found
    return found[1]


def told(client: Client) -> list[str]:
    """Messages the next page would show."""
    page = client.get(reverse("admin:index"))
    return [str(message) for message in page.context["messages"]]


@pytest.fixture
def account(db: None) -> Account:
    return Account.objects.create(alias="default")


@pytest.fixture
def anna(account: Account) -> User:
    user = make_user("anna", *MANAGER, *CRM)
    make_employee(account, "Anna Smirnova", "101", user)
    return user


@pytest.fixture
def petr(account: Account) -> User:
    user = make_user("petr", *MANAGER, *CRM)
    make_employee(account, "Petr Ivanov", "102", user)
    return user


@pytest.fixture
def maria(account: Account) -> User:
    user = make_user("maria", *SUPERVISOR, *CRM)
    make_employee(account, "Maria Sokolova", "100", user)
    return user


@pytest.fixture
def contact(db: None) -> Contact:
    firm = Company.objects.create(name="Vector", phone="8 (495) 777-88-99")
    return Contact.objects.create(
        name="Sergey Orlov", company=firm, phone="84957778899 доб. 12", mobile="8 (916) 123-45-67"
    )


@pytest.fixture
def pbx(settings: Any) -> Iterator[Sandbox]:
    """A PBX of its own that the site's settings name."""
    mango = django_settings.MANGO
    with running_sandbox(
        speed=50, api_key=mango["API_KEY"], api_salt=mango["API_SALT"], enforce_limits=False
    ) as running:
        settings.MANGO = {**mango, "API_URL": running.url, "CALL_GUARD_SECONDS": 10}
        yield running
