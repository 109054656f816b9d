"""The lock-out of the service, shared by all processes (§1.4.1, Q12), and unknown accounts."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from django_mango.models import Account, Command
from django_mango.services import (
    AccountUnknown,
    UserError,
    account_for,
    client_for,
    employee_of,
    hang_up,
    outcome_text,
    place_call,
    plan_call,
)
from django_mango.testing import running_sandbox
from tests.services.calling_bench import CLIENT, KEY, SALT, Service, Team, hire, mango, reply
from tests.services.calling_processes import child, hear

Status, Problem = Command.Status, Command.Problem
pytestmark = pytest.mark.django_db
other_number = "+79161234568"


def locked(service: Service) -> None:
    service.answers(reply({"result": 401}, 401), reply({"result": 1000}))


def test_a_401_blocks_every_further_command(team: Team, pbx: Service) -> None:
    locked(pbx)
    before = timezone.now()
    first = place_call(team.anna, CLIENT)
    assert (first.status, first.problem, first.http_status) == (
        Status.REFUSED,
        Problem.LOCKED_OUT,
        401,
    )
    until = Account.objects.get().blocked_until
    assert until is not None
    two_minutes = timedelta(minutes=2)
    assert before + two_minutes <= until <= timezone.now() + two_minutes
    for second in (
        place_call(team.anna, CLIENT),
        place_call(team.boris, other_number),
        hang_up(team.anna, team.live_call()),
    ):
        assert (second.status, second.problem) == (Status.REFUSED, Problem.LOCKED_OUT)
        assert second.http_status is None, "held back here"
        with translation.override("en"):
            shown = timezone.localtime(until).strftime("%H:%M:%S")
            assert shown in outcome_text(second), "in the reader's time zone"
    assert len(pbx.requests) == 1
    assert Account.objects.get().blocked_until == until, "asking again prolongs nothing"


def test_a_lock_out_ends(team: Team, pbx: Service) -> None:
    locked(pbx)
    command = place_call(team.anna, CLIENT)
    Account.objects.update(blocked_until=timezone.now() - timedelta(seconds=1))
    command.refresh_from_db()
    with translation.override("en"):
        assert "can try again now" in outcome_text(command)
    assert place_call(team.anna, CLIENT).status == Status.ACCEPTED


def test_the_lock_out_is_of_one_account(team: Team, service: Service, settings: Any) -> None:
    keys = {"API_KEY": KEY, "API_SALT": SALT}
    settings.MANGO = {
        **mango(service.url),
        "ACCOUNTS": {"default": keys, "second": {**keys, "API_KEY": "another-key"}},
    }
    second = account_for("second")
    hire(second, team.boris, "202")
    locked(service)
    assert place_call(team.anna, CLIENT).status == Status.REFUSED
    assert place_call(team.boris, CLIENT, account="second").status == Status.ACCEPTED


@pytest.mark.django_db(transaction=True)
def test_another_process_knows_it(team: Team, pbx: Service) -> None:
    locked(pbx)
    with child(pbx.url, number=other_number) as process:
        assert hear(process).split()[1:] == ["refused", "locked_out"]
        assert process.wait(30) == 0
    assert place_call(team.anna, CLIENT).problem == Problem.LOCKED_OUT
    assert len(pbx.requests) == 1


@pytest.mark.django_db(transaction=True)
def test_this_process_tells_the_others(team: Team, pbx: Service) -> None:
    locked(pbx)
    place_call(team.anna, CLIENT)
    with child(pbx.url, number=other_number) as process:
        assert hear(process).split()[1:] == ["refused", "locked_out"]
    assert len(pbx.requests) == 1


def test_wrong_keys_on_the_sandbox(
    team: Team, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The real order of things: a code first, then the lock-out, then nothing is asked."""
    with running_sandbox(calls=0, api_key=KEY, api_salt="another-salt") as sandbox:
        settings.MANGO = mango(sandbox.url)
        with caplog.at_level(logging.DEBUG):
            commands = [place_call(team.anna, f"+791612345{n}") for n in range(10, 13)]
        assert sandbox.notifications == []
    assert commands[0].result_code == 3102
    assert [one.problem for one in commands] == ["refused", "locked_out", "locked_out"]
    assert [one.http_status for one in commands] == [420, 401, None]
    first_wrong, until = commands[0].answered_at, Account.objects.get().blocked_until
    assert isinstance(until, datetime)
    assert abs(until - first_wrong - timedelta(minutes=2)) < timedelta(seconds=30)
    for secret in (KEY, SALT):
        assert secret not in caplog.text


def test_clients_are_kept_and_show_nothing(team: Team, pbx: Service) -> None:
    client = client_for(team.account)
    assert client_for(Account.objects.get()) is client
    shown = repr(client) + repr(client.gate) + repr(team.account) + json.dumps(str(client))
    assert KEY not in shown
    assert SALT not in shown


def test_new_credentials_make_a_new_client(team: Team, pbx: Service, settings: Any) -> None:
    client = client_for(team.account)
    settings.MANGO = {**settings.MANGO, "API_SALT": "rotated"}
    assert client_for(team.account) is not client


@pytest.mark.parametrize(
    ("configured", "asked", "found"),
    [
        (["default", "b"], None, "default"),
        (["only"], None, "only"),
        (["a", "b"], "b", "b"),
        (["a", "b"], None, None),
        (["a", "b"], "c", None),
        (["a"], "A", None),
        ([], None, None),
        ([], "default", None),
    ],
)
def test_which_account(
    settings: Any, configured: list[str], asked: str | None, found: str | None
) -> None:
    keys = {"API_KEY": KEY, "API_SALT": SALT}
    settings.MANGO = {"ACCOUNTS": dict.fromkeys(configured, keys)}
    if found:
        assert account_for(asked) == account_for(asked)
        assert Account.objects.get().alias == found
        return
    with translation.override("en"), pytest.raises(AccountUnknown) as caught:
        account_for(asked)
    assert caught.value.code == "account_unknown"
    assert str(caught.value).isprintable()
    assert all(alias in str(caught.value) for alias in configured)
    assert KEY not in str(caught.value)
    assert Account.objects.count() == 0


def test_an_account_the_settings_forgot_is_refused_before_anything_is_written(
    team: Team, service: Service, settings: Any
) -> None:
    call = team.live_call()
    settings.MANGO = {**mango(service.url), "ACCOUNTS": {"new": {"API_KEY": "k", "API_SALT": "s"}}}
    employee = team.anna_employee
    for work in (
        lambda: place_call(team.anna, CLIENT, account=team.account),
        lambda: place_call(team.anna, CLIENT, employee=employee),
        lambda: plan_call(team.anna, CLIENT, account="default"),
        lambda: hang_up(team.anna, call),
    ):
        with pytest.raises(AccountUnknown):
            work()
    assert Command.objects.count() == 0
    assert service.requests == []


def test_people_of_a_forgotten_account_call_from_the_new_one(
    team: Team, service: Service, settings: Any
) -> None:
    settings.MANGO = {**mango(service.url), "ACCOUNTS": {"new": {"API_KEY": "k", "API_SALT": "s"}}}
    with pytest.raises(UserError) as caught:
        place_call(team.anna, CLIENT)
    assert caught.value.code == "no_extension"
    hire(account_for("new"), team.anna, "777")
    assert place_call(team.anna, CLIENT).payload["from"]["extension"] == "777"


def test_nothing_configured(team: Team, settings: Any) -> None:
    settings.MANGO = {}
    assert employee_of(team.anna) is None
    with pytest.raises(AccountUnknown):
        place_call(team.anna, CLIENT)
    with pytest.raises(AccountUnknown):
        hang_up(team.anna, team.live_call())
    assert Command.objects.count() == 0
