"""Who may call and whose telephone rings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone, translation

from django_mango.models import Call, Command, EmployeeAddress
from django_mango.services import (
    NoExtension,
    NumberRefused,
    PermissionRefused,
    UserError,
    account_for,
    employee_of,
    place_call,
    plan_call,
)
from tests.services.calling_bench import CLIENT, KEY, SALT, Service, Team, hire, mango, permit

pytestmark = pytest.mark.django_db


def refused(error: type[UserError], *args: Any, **options: Any) -> str:
    """``place_call`` refuses so, as ``plan_call`` does, and nothing was written."""
    with translation.override("en"):
        with pytest.raises(error) as caught:
            place_call(*args, **options)
        options.pop("line", None)
        with pytest.raises(error) as planned:
            plan_call(*args, **options)
        assert str(planned.value) == str(caught.value)
        text = str(caught.value)
    assert text
    assert text.isprintable()
    assert not Command.objects.exclude(problem=Command.Problem.NOT_ALLOWED).exists()
    return text


def test_without_the_right(team: Team, pbx: Service) -> None:
    nobody = User.objects.create_user("nobody")
    hire(team.account, nobody, "103")
    refused(PermissionRefused, nobody, CLIENT)
    refused(PermissionRefused, AnonymousUser(), CLIENT)
    assert place_call(permit(nobody, "place_call"), CLIENT).status == "accepted"


def test_a_dismissed_user_may_nothing(team: Team, pbx: Service) -> None:
    for user in (team.anna, team.boss):
        user.is_active = False
        user.save()
        refused(PermissionRefused, User.objects.get(pk=user.pk), CLIENT)
    assert pbx.requests == []


def test_from_the_telephone_of_another(team: Team, pbx: Service) -> None:
    boris = team.boris_employee
    refused(PermissionRefused, team.anna, CLIENT, employee=boris)
    anna = permit(team.anna, "place_call_for_others")
    command = place_call(anna, CLIENT, employee=boris)
    assert command.payload["from"]["extension"] == "102"
    assert (command.user, command.employee) == (anna, boris)


def test_ones_own_employee_needs_no_further_right(team: Team, pbx: Service) -> None:
    assert place_call(team.anna, CLIENT, employee=team.anna_employee).status == "accepted"


def test_calling_for_others_alone_is_no_right_to_call(team: Team, pbx: Service) -> None:
    helper = permit(User.objects.create_user("helper"), "place_call_for_others")
    refused(PermissionRefused, helper, CLIENT, employee=team.boris_employee)


def test_a_user_who_is_no_employee(team: Team, pbx: Service) -> None:
    text = refused(NoExtension, team.boss, CLIENT)
    assert "extension" in text
    refused(NoExtension, None, CLIENT)
    assert place_call(team.boss, CLIENT, employee=team.anna_employee).status == "accepted"


@pytest.mark.parametrize("kind", ["none", "sip", "past", "future", "dismissed"])
def test_an_employee_without_a_telephone_now(team: Team, pbx: Service, kind: str) -> None:
    employee = team.anna_employee
    now, day = timezone.now(), timedelta(days=1)
    changes: dict[str, dict[str, Any]] = {
        "sip": {"kind": EmployeeAddress.Kind.SIP, "value": "anna@example.ru"},
        "past": {"valid_to": now - day},
        "future": {"valid_from": now + day},
    }
    if kind == "none":
        employee.addresses.all().delete()
    elif kind == "dismissed":
        employee.is_active = False
        employee.save()
    else:
        employee.addresses.update(**changes[kind])
    refused(NoExtension, team.anna, CLIENT)
    refused(NoExtension, team.boss, CLIENT, employee=employee)
    assert pbx.requests == []


def test_the_extension_of_today(team: Team, pbx: Service) -> None:
    now, day = timezone.now(), timedelta(days=1)
    employee = team.anna_employee
    employee.addresses.update(valid_to=now - day)
    employee.addresses.create(value="0511", valid_from=now - day, account=team.account)
    command = place_call(team.anna, CLIENT)
    assert command.payload["from"]["extension"] == "0511", "the zero belongs to it (Q84)"


def test_several_accounts(team: Team, service: Service, settings: Any) -> None:
    keys = {"API_KEY": KEY, "API_SALT": SALT}
    accounts = {"default": keys, "another": {**keys, "API_KEY": "another-key"}, "third": keys}
    settings.MANGO = {**mango(service.url), "ACCOUNTS": accounts}
    another = account_for("another")
    hire(another, team.anna)  # without an extension
    hire(another, team.boris, "202")
    assert employee_of(team.anna) == team.anna_employee, "where there is a telephone"
    assert place_call(team.anna, CLIENT).account == team.account
    for account in ("another", another):
        assert place_call(team.boris, CLIENT, account=account).account == another
    sent = [request.body.decode().split("&")[0] for request in service.requests]
    assert sent == [f"vpbx_api_key={KEY}", "vpbx_api_key=another-key"], "the guard knows the second"
    Command.objects.all().delete()
    refused(NoExtension, team.anna, CLIENT, account="another")
    refused(NoExtension, team.anna, CLIENT, account="third")


def test_without_a_default_account_nobody_is_told_of_one(
    team: Team, service: Service, settings: Any
) -> None:
    keys = {"API_KEY": KEY, "API_SALT": SALT}
    settings.MANGO = {**mango(service.url), "ACCOUNTS": {"north": keys, "south": keys}}
    assert "default" not in refused(NoExtension, team.anna, CLIENT)


def test_the_plan_is_what_happens(team: Team, pbx: Service) -> None:
    plan = plan_call(team.anna, "8 916 123-45-67 доб. 12")
    assert pbx.requests == []
    assert Command.objects.count() == 0
    command = place_call(team.anna, "8 916 123-45-67 доб. 12")
    assert command.payload["to_number"] == plan.to_number == "79161234567"
    assert command.payload["from"]["extension"] == plan.extension
    assert plan.number.extension == "12", "a hint, never dialled"
    assert command.number == CLIENT


def test_the_plan_knows_who_talks_to_the_client_now(team: Team, pbx: Service) -> None:
    theirs = team.live_call(employee=team.boris_employee, entry_id="1")
    team.live_call(entry_id="2")
    team.live_call(employee=None, entry_id="3", client_number="+79160000000")
    team.live_call(employee=team.boris_employee, entry_id="4", state=Call.State.FINISHED)
    assert plan_call(team.anna, CLIENT).colleague_calls == (theirs,)


def test_a_call_of_nobody_counts_as_somebody_elses(team: Team, pbx: Service) -> None:
    """A client waiting in a queue, before anybody's telephone rings."""
    waiting = team.live_call(employee=None)
    assert plan_call(team.anna, CLIENT).colleague_calls == (waiting,)


def test_the_target_of_the_host(team: Team, pbx: Service) -> None:
    command = Command.objects.get(pk=place_call(team.anna, CLIENT, target=team.boris).pk)
    assert command.target == team.boris
    assert command.target_type == ContentType.objects.get_for_model(User)


@pytest.mark.parametrize("line", ["x" * 129, "7495\n1234567", "7495\x001234567"])
def test_a_line_the_service_would_refuse(team: Team, pbx: Service, line: str) -> None:
    with pytest.raises(NumberRefused) as caught:
        place_call(team.anna, CLIENT, line=line)
    assert str(caught.value).isprintable()
    assert not Command.objects.exclude(problem=Command.Problem.NOT_ALLOWED).exists()
    assert pbx.requests == []
