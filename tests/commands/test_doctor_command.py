"""``mango_doctor``: why somebody sees no calls or no button, and what is broken."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone, translation

from django_mango.models import (
    Account,
    Call,
    CallParty,
    Command,
    Employee,
    EmployeeAddress,
    Notification,
    StatsImport,
)
from django_mango.services import account_for
from tests.services.calling_bench import permit
from tests.services.test_scope import mango

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[str, int]:
    out, code = StringIO(), 0
    try:
        call_command("mango_doctor", *arguments, stdout=out, stderr=out)
    except CommandError as error:
        code = error.returncode
    return out.getvalue(), code


@pytest.fixture
def anna() -> User:
    """She may do everything a manager does, and nothing stands in her way."""
    user = User.objects.create_user("anna", is_staff=True)
    account = account_for("default")
    employee = Employee.objects.create(account=account, name="Анна", user=user)
    EmployeeAddress.objects.create(employee=employee, value="101")
    Call.objects.create(account=account, entry_id="e", employee=employee, started_at=timezone.now())
    user.user_permissions.add(*Permission.objects.filter(content_type__app_label="crm"))
    return permit(user, "place_call", "hang_up", "view_call")


def test_where_all_is_well(anna: User) -> None:
    with mango(PHONE_FIELDS={"crm.Contact": ["phone"]}):
        told, code = run("--user", "anna")
    assert code == 0, told
    assert "[problem]" not in told
    assert "[warning]" not in told
    assert "extension 101" in told
    assert "He sees 1 call." in told


def _no_right_to_call(user: User) -> None:
    user.user_permissions.remove(Permission.objects.get(codename="place_call"))


def _no_right_to_see(user: User) -> None:
    user.user_permissions.remove(
        Permission.objects.get(codename="view_call", content_type__app_label="django_mango")
    )


def _switched_off(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def _not_staff(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=False)


def _no_employee(user: User) -> None:
    Employee.objects.update(user=None)


def _employee_off(user: User) -> None:
    Employee.objects.update(is_active=False)


def _no_extension(user: User) -> None:
    EmployeeAddress.objects.update(valid_to=timezone.now())


def _locked_out(user: User) -> None:
    Account.objects.update(blocked_until=timezone.now() + timezone.timedelta(minutes=2))


def _cap(user: User) -> None:
    for number in range(60):
        Command.objects.create(
            account=account_for(),
            command_id=str(number),
            kind="callback",
            user=user,
            created_at=timezone.now(),
        )


def _calls_of_nobody(user: User) -> None:
    Call.objects.update(employee=None)
    call = Call.objects.get()
    CallParty.objects.create(call=call, account=call.account, extension="101", role="callee")


def _hidden_contacts(user: User) -> None:
    user.user_permissions.remove(*Permission.objects.filter(content_type__app_label="crm"))


def _no_calls(user: User) -> None:
    Call.objects.all().delete()


def _lonely_team(user: User) -> None:
    permit(user, "view_team_calls")


@pytest.mark.parametrize(
    ("spoil", "level", "line"),
    [
        (_no_right_to_call, "problem", "no right to place calls"),
        (_no_right_to_see, "problem", "no right to see calls"),
        (_switched_off, "problem", "switched off"),
        (_not_staff, "warning", "may not log in to the admin"),
        (_no_employee, "problem", "no employee of the PBX"),
        (_employee_off, "problem", "is switched off"),
        (_no_extension, "problem", "has no extension now"),
        (_locked_out, "problem", "until"),
        (_cap, "problem", "CALLS_PER_HOUR"),
        (_calls_of_nobody, "warning", "1 call of his extension has no owner"),
        (_hidden_contacts, "warning", "may not see"),
        (_no_calls, "warning", "no calls at all yet"),
        (_lonely_team, "warning", "nobody else is in it"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(
    anna: User, spoil: Any, level: str, line: str
) -> None:
    spoil(anna)
    with mango(PHONE_FIELDS={"crm.Contact": ["phone"]}):
        told, code = run("--user", "anna")
    found = [one for one in told.splitlines() if line in one]
    assert found, told
    assert found[0].startswith(f"[{level}]")
    assert code == ("[problem]" in told)


def test_who_is_in_the_team(anna: User) -> None:
    group = Group.objects.create(name="sales")
    group.user_set.add(anna, User.objects.create_user("boris"))
    permit(anna, "view_team_calls")
    assert "the calls of his team: boris" in run("--user", "anna")[0]


def test_the_extension_of_another(anna: User) -> None:
    User.objects.create_user("boris", is_staff=True)
    with mango(EXTENSION_OF=lambda _user: "101"):
        assert "that is anna already" in run("--user", "boris")[0]
    with mango(EXTENSION_OF=lambda _user: "102"):
        assert "joined with his first call" in run("--user", "boris")[0]
    assert Employee.objects.count() == 1, "looking changes nothing"


def test_nobody_of_that_name() -> None:
    assert run("--user", "nobody")[1] == 2


def test_in_general(anna: User) -> None:
    told, code = run()
    assert code == 0, told
    assert "no notification has arrived yet" in told
    assert "statistics were never imported" in told
    assert "joined with users of the CRM: 1" in told
    account = account_for()
    Notification.objects.create(
        account=account, kind="events/call", path="p", json="{", digest="d", error="not JSON",
        received_at=timezone.now(),
    )  # fmt: skip
    StatsImport.objects.create(
        account=account, since=timezone.now(), until=timezone.now(), state="done",
        started_at=timezone.now(), finished_at=timezone.now(),
    )  # fmt: skip
    told, code = run()
    assert "1 notification was not understood" in told
    assert "statistics were last imported" in told


@pytest.mark.parametrize(
    "values", [{"API_KEY": "k-secret"}, {"API_KEY": "k", "API_SALT": "s", "TEAM_OF": "no.where"}]
)
def test_wrong_settings_are_lines_and_no_traceback(values: dict[str, Any]) -> None:
    with override_settings(MANGO=values):
        told, code = run()
    assert code == 1
    assert "[problem]" in told
    assert "secret" not in told


def test_in_russian(anna: User) -> None:
    _no_right_to_call(anna)
    with translation.override("ru"):
        told, _code = run("--user", "anna")
    assert "[неполадка] Нет права звонить" in told


def test_quiet_says_only_what_is_wrong(anna: User) -> None:
    _no_extension(anna)
    told, _code = run("--user", "anna", "--verbosity", "0")
    assert "[ok]" not in told
    assert "[problem]" in told
