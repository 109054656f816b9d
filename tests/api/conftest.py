"""People with telephones and the calls at them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from django_mango.models import Account, Call, CallParty, Command, Employee
from example_project.crm.models import Company, Contact
from tests.admin.conftest import account, anna, maria, pbx, petr  # noqa: F401  # fixtures

LIVE = "/mango/api/live"


def leg(extension: str, state: str = "Appeared", **more: Any) -> dict[str, Any]:
    """An open leg as the projection stores it."""
    values = {"call_id": f"leg-{extension}-{state}", "location": "abonent", "with_client": True}
    return {**values, "state": state, "extension": extension, "extensions": [extension], **more}


def ring(call: Call, employee: Employee, extension: str, **party: Any) -> CallParty:
    """One of us in a call; without an end still there."""
    values = {"role": CallParty.Role.CALLEE, "rang_at": call.started_at, **party}
    return CallParty.objects.create(
        call=call, account=call.account, employee=employee, extension=extension, **values
    )


def live_call(account: Account, entry: str, **fields: Any) -> Call:  # noqa: F811
    """An incoming call of a client that goes on."""
    values = {
        "direction": Call.Direction.INCOMING,
        "state": Call.State.RINGING,
        "client_number": "+79161234567",
        "client_number_raw": "79161234567",
        "line_number": "74951234567",
        "started_at": timezone.now(),
        **fields,
    }
    return Call.objects.create(account=account, entry_id=entry, **values)


def grant(user: User, right: str) -> None:
    app, codename = right.split(".")
    user.user_permissions.add(
        Permission.objects.get(content_type__app_label=app, codename=codename)
    )


def callback(account: Account, user: User, **fields: Any) -> Command:  # noqa: F811
    """A callback of the user on its way, accepted by the PBX a moment ago."""
    values = {
        "kind": Command.Kind.CALLBACK,
        "status": Command.Status.ACCEPTED,
        "employee": Employee.objects.get(user=user),
        "number": "+79161234567",
        "payload": {"from": {"extension": "101"}, "to_number": "79161234567"},
        "created_at": timezone.now(),
        **fields,
    }
    return Command.objects.create(
        account=account, user=user, command_id=f"c{fields}"[:100], **values
    )


def asked(client: Client, **query: str) -> dict[str, Any]:
    """What the strip is told."""
    answer = client.get(LIVE, query)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def anna_at(anna: Any) -> Employee:  # noqa: F811
    return Employee.objects.get(user=anna)


@pytest.fixture
def petr_at(petr: Any) -> Employee:  # noqa: F811
    return Employee.objects.get(user=petr)


@pytest.fixture
def contact(db: None, django_capture_on_commit_callbacks: Any) -> Contact:
    """A client with his numbers in the index, which is written when he is committed."""
    with django_capture_on_commit_callbacks(execute=True):
        firm = Company.objects.create(name="Vector", phone="8 (495) 777-88-99")
        return Contact.objects.create(name="Sergey Orlov", company=firm, mobile="8 (916) 123-45-67")
