"""A stolen password is no telephone bill: caps, prefixes, and a journal of every refusal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils import timezone, translation

from django_mango.models import Account, Command
from django_mango.services import DestinationRefused, outcome_text, place_call, request_call
from django_mango.services.errors import TooManyCalls
from tests.services.calling_bench import CLIENT, Service, Team, hire, mango
from tests.services.test_calling_double import at_once

Problem = Command.Problem
simple = pytest.mark.django_db(transaction=True)


def number(last: int) -> str:
    return f"+791612345{last:02d}"


def placed(team: Team, *, ago: timedelta, **more: Any) -> Command:
    values = {
        "account": team.account,
        "user": team.anna,
        "kind": Command.Kind.CALLBACK,
        "status": Command.Status.CONFIRMED,
        "created_at": timezone.now() - ago,
    }
    return Command.objects.create(command_id=f"old-{Command.objects.count()}", **{**values, **more})


def journal() -> list[tuple[str, str, str]]:
    rows = Command.objects.filter(problem=Problem.NOT_ALLOWED).order_by("pk")
    return [(row.status, row.error, row.number) for row in rows]


@simple
@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("CALLS_PER_HOUR", timedelta(minutes=59), timedelta(minutes=61)),
        ("CALLS_PER_DAY", timedelta(hours=23), timedelta(hours=25)),
    ],
)
def test_a_cap_counts_its_own_period(
    team: Team, pbx: Service, name: str, inside: timedelta, outside: timedelta
) -> None:
    placed(team, ago=outside)
    with override_settings(MANGO=mango(pbx.url, **{name: 2})):
        placed(team, ago=inside)
        place_call(team.anna, number(1))
        with pytest.raises(TooManyCalls):
            place_call(team.anna, number(2))
        place_call(team.boris, number(2))  # a cap is of one user
    assert len(pbx.requests) == 2
    assert journal() == [("refused", "too_many_calls", number(2))]


@simple
def test_a_second_click_is_no_second_call(team: Team, pbx: Service) -> None:
    with override_settings(MANGO=mango(pbx.url, CALLS_PER_HOUR=1)):
        first = place_call(team.anna, CLIENT)
        assert place_call(team.anna, CLIENT) == first


@simple
def test_neither_hang_ups_nor_refusals_of_ours_count(team: Team, pbx: Service) -> None:
    placed(team, ago=timedelta(minutes=1), kind=Command.Kind.HANGUP)
    with override_settings(MANGO=mango(pbx.url, CALLS_PER_HOUR=1)):
        for _again in range(3):
            with pytest.raises(DestinationRefused):
                place_call(team.anna, "+44 20 7946 0958")
        place_call(team.anna, CLIENT)


@simple
def test_calls_of_one_moment_do_not_slip_through(team: Team, pbx: Service) -> None:
    with override_settings(MANGO=mango(pbx.url, CALLS_PER_HOUR=2)):
        found = at_once(*[lambda n=n: place_call(team.anna, number(n)) for n in range(6)])
    assert sorted(type(one).__name__ for one in found) == ["Command"] * 2 + ["TooManyCalls"] * 4
    assert len(pbx.requests) == 2


@simple
def test_none_is_no_cap_and_zero_is_no_call(team: Team, pbx: Service) -> None:
    with override_settings(MANGO=mango(pbx.url, CALLS_PER_HOUR=None, CALLS_PER_DAY=None)):
        place_call(team.anna, number(1))
    with override_settings(MANGO=mango(pbx.url, CALLS_PER_HOUR=0)), pytest.raises(TooManyCalls):
        place_call(team.anna, number(2))


@simple
def test_the_site_itself_has_no_cap(team: Team, pbx: Service) -> None:
    with override_settings(MANGO=mango(pbx.url, CALLS_PER_HOUR=0)):
        assert place_call(None, CLIENT, employee=team.anna_employee).status == "accepted"


@simple
@pytest.mark.parametrize(
    ("values", "called", "code"),
    [
        ({}, "+44 20 7946 0958", "country"),
        ({}, "8 809 123 45 67", "premium_number"),
        ({"DENIED_DESTINATIONS": ["+7916"]}, CLIENT, "denied"),
        ({"DENIED_DESTINATIONS": ["ru"]}, CLIENT, "denied"),
        ({"ALLOWED_DESTINATIONS": ["+7495"]}, CLIENT, "country"),
        ({"ALLOWED_DESTINATIONS": []}, CLIENT, "country"),
        ({"ALLOWED_DESTINATIONS": ["*"], "DENIED_DESTINATIONS": ["GB"]}, "+442079460958", "denied"),
    ],
)
def test_where_no_call_may_go(
    team: Team, pbx: Service, values: dict[str, Any], called: str, code: str
) -> None:
    with (
        override_settings(MANGO=mango(pbx.url, **values)),
        pytest.raises(DestinationRefused) as refused,
    ):
        place_call(team.anna, called)
    assert refused.value.code == code
    assert journal() == [("refused", code, called)]
    assert pbx.requests == []


@simple
@pytest.mark.parametrize(
    ("allowed", "called"),
    [
        (["+7916"], CLIENT),
        (["KZ", "+7916"], CLIENT),
        (["RU", "+442079"], "+44 20 7946 0958"),
        (["*"], "+44 20 7946 0958"),
    ],
)
def test_where_calls_may_go(team: Team, pbx: Service, allowed: list[str], called: str) -> None:
    with override_settings(MANGO=mango(pbx.url, ALLOWED_DESTINATIONS=allowed)):
        assert place_call(team.anna, called).status == "accepted"


@simple
def test_the_journal_names_who_and_why_once(team: Team, pbx: Service) -> None:
    for _again in range(5):
        with pytest.raises(DestinationRefused):
            place_call(team.anna, "+44 20 7946 0958", target=team.boris)
    row = Command.objects.get()
    assert (row.user, row.target, row.sent_at) == (team.anna, team.boris, None)
    with translation.override("ru"):
        assert outcome_text(row) == "Звонки в эту страну запрещены."


@simple
def test_a_refusal_of_request_call_is_kept_when_the_caller_commits(
    team: Team, pbx: Service, caplog: pytest.LogCaptureFixture
) -> None:
    with transaction.atomic(), pytest.raises(DestinationRefused):
        request_call(team.anna, "+44 20 7946 0958")
    assert len(journal()) == 1
    assert "country" in caplog.text


@simple
@pytest.mark.parametrize("text", ["+44\0 20 7946 0958", "+442079460958" + " " * 500])
def test_whatever_was_typed_can_be_journalled(team: Team, pbx: Service, text: str) -> None:
    with pytest.raises(Exception) as refused:
        place_call(team.anna, text)
    assert getattr(refused.value, "code", "")


@simple
def test_two_pbxs_at_once_are_under_one_cap(team: Team, pbx: Service) -> None:
    second = Account.objects.create(alias="second")
    hire(second, team.anna, "301")
    both = {name: mango(pbx.url) | {"API_KEY": name} for name in ("default", "second")}
    with override_settings(MANGO={"ACCOUNTS": both, "CALLS_PER_HOUR": 1}):
        found = at_once(
            *(
                lambda place=place, account=account: place_call(
                    team.anna, number(place), account=account
                )
                for place, account in enumerate([team.account, second] * 3)
            )
        )
    assert sorted(type(one).__name__ for one in found) == ["Command"] + ["TooManyCalls"] * 5
    assert len(pbx.requests) == 1
