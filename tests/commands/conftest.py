"""Commands against a real sandbox PBX, and two employees with telephones."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command

from django_mango.client import client as client_module
from django_mango.client import limits, polling
from django_mango.models import Employee, EmployeeAddress
from django_mango.sandbox import Sandbox
from django_mango.services import account_for, accounts
from django_mango.testing import running_sandbox

KEYS = {"API_KEY": "test-key", "API_SALT": "test-salt"}


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Ran:
    """What a command did: exit code, stdout, stderr and the final error line."""

    code: int
    out: str
    err: str
    error: str


@pytest.fixture
def run() -> Callable[..., Ran]:
    """Runs a command in this process, as ``call_command`` does."""

    def call(name: str, *args: str, stderr: io.StringIO | None = None, **options: Any) -> Ran:
        out, err = io.StringIO(), stderr or io.StringIO()
        code, error = 0, ""
        try:
            call_command(name, *args, stdout=out, stderr=err, **options)
        except CommandError as failure:
            code, error = failure.returncode, str(failure)
        assert "\n" not in error, "an error is one line"
        assert "test-salt" not in out.getvalue() + err.getvalue() + error
        return Ran(code, out.getvalue(), err.getvalue(), error)

    return call


@pytest.fixture(autouse=True)
def _fresh_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test waits for the rate limits that another one used up, or for its own."""
    monkeypatch.setattr(accounts, "_clients", {})
    for module in (limits, client_module):
        monkeypatch.setattr(module, "_sleep", lambda _seconds: None)
    monkeypatch.setattr(polling, "INTERVAL", 0.0)
    yield
    for one in accounts._clients.values():
        one.close()


@pytest.fixture
def pbx(settings: Any) -> Iterator[Sandbox]:
    """A PBX without notifications, with a month of history and no waiting."""
    with running_sandbox(
        api_key="test-key",
        api_salt="test-salt",
        enforce_limits=False,
        statistics_delay=0.0,
        speed=100.0,
        calls=60,
        days=30,
    ) as sandbox:
        settings.MANGO = {**KEYS, "API_URL": sandbox.url}
        yield sandbox


@pytest.fixture
def office(pbx: Sandbox, live_server: Any) -> Sandbox:
    """The same PBX, telling this site what happens."""
    pbx.set_webhook(f"{live_server.url}/mango/default")
    return pbx


def employee(username: str, name: str, extension: str, *permissions: str) -> Employee:
    """A CRM user with permissions who is an employee with a telephone."""
    user = get_user_model().objects.create_user(username)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    person = Employee.objects.create(account=account_for(), name=name, user=user)
    EmployeeAddress.objects.create(employee=person, value=extension)
    return person


@pytest.fixture
def anna(db: None) -> Employee:
    """A manager who may call and hang up."""
    return employee("anna", "Анна Смирнова", "101", "place_call", "hang_up", "view_call")


@pytest.fixture
def petr(db: None) -> Employee:
    """An employee who may nothing."""
    return employee("petr", "Пётр Иванов", "102")
