"""Two of us and one client: who clicks second is asked, in threads and processes alike."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from django_mango.models import Account, Call, Command
from django_mango.services import ColleagueBusy, place_call, plan_call, request_call
from tests.services.calling_bench import CLIENT, Service, Team, hire, mango, reply
from tests.services.calling_processes import child, hear, tell
from tests.services.test_calling_double import at_once

Status = Command.Status
real = pytest.mark.django_db(transaction=True)
simple = pytest.mark.django_db


def question(team: Team) -> str:
    """What Boris is asked; planning says the same, and nothing was written or sent."""
    before = Command.objects.count()
    with pytest.raises(ColleagueBusy) as caught:
        place_call(team.boris, CLIENT, mind_colleagues=True)
    assert plan_call(team.boris, CLIENT).question == str(caught.value)
    assert caught.value.code == "colleague"
    assert Command.objects.count() == before
    return str(caught.value)


@simple
def test_who_talks_to_the_client_is_named(team: Team, pbx: Service) -> None:
    team.live_call()
    assert question(team) == "In a call with this client now: anna. Call anyway?"
    with translation.override("ru"):
        assert question(team) == "Сейчас с клиентом говорит anna. Всё равно позвонить?"
    assert pbx.requests == []


@simple
def test_several_are_named_in_good_russian(team: Team, pbx: Service) -> None:
    team.live_call()
    team.live_call(entry_id="two", employee=hire(team.account, None, "103"))
    with translation.override("ru"):
        assert question(team) == "Сейчас с клиентом говорят: anna, somebody. Всё равно позвонить?"


@simple
def test_a_call_that_rings_is_no_talk_yet(team: Team, pbx: Service) -> None:
    team.live_call(state=Call.State.RINGING)
    assert question(team) == "Being connected with this client now: anna. Call anyway?"


@simple
def test_a_client_who_calls_nobody_in_particular(team: Team, pbx: Service) -> None:
    team.live_call(state=Call.State.RINGING, employee=None)
    assert question(team) == "This client is calling us now. Call anyway?"


@simple
def test_ones_own_call_is_asked_about_too(team: Team, pbx: Service) -> None:
    team.live_call(employee=team.boris_employee)
    assert question(team) == "You are in a call with this client already. Call once more?"


@simple
def test_who_was_asked_may_call_all_the_same(team: Team, pbx: Service) -> None:
    team.live_call()
    assert place_call(team.boris, CLIENT).status == Status.ACCEPTED


@simple
@pytest.mark.parametrize(
    "changes",
    [{"state": Call.State.FINISHED}, {"client_number": "+79161234568"}, {"client_number": ""}],
)
def test_other_calls_are_in_nobodys_way(team: Team, pbx: Service, changes: dict[str, str]) -> None:
    team.live_call(**changes)
    assert place_call(team.boris, CLIENT, mind_colleagues=True).status == Status.ACCEPTED


@simple
def test_another_pbx_is_another_firm(team: Team, pbx: Service) -> None:
    team.live_call(account=Account.objects.create(alias="other"), employee=None)
    assert place_call(team.boris, CLIENT, mind_colleagues=True).status == Status.ACCEPTED


@simple
def test_a_colleagues_click_counts_before_its_call_is_seen(team: Team, pbx: Service) -> None:
    first = place_call(team.anna, CLIENT)
    assert question(team) == "Being connected with this client now: anna. Call anyway?"
    Command.objects.update(created_at=first.created_at - timedelta(seconds=61))
    assert place_call(team.boris, CLIENT, mind_colleagues=True) != first


@simple
def test_the_call_that_came_of_the_click_tells_when_it_is_over(team: Team, pbx: Service) -> None:
    place_call(team.anna, CLIENT)
    call = team.live_call(state=Call.State.FINISHED)
    Command.objects.update(call=call)
    assert place_call(team.boris, CLIENT, mind_colleagues=True).status == Status.ACCEPTED


@simple
def test_a_refused_click_counts_nothing(team: Team, pbx: Service) -> None:
    pbx.answers(reply({"result": 2240}), reply({"result": 1000}))
    assert place_call(team.anna, CLIENT).status == Status.REFUSED
    assert place_call(team.boris, CLIENT, mind_colleagues=True).status == Status.ACCEPTED


@simple
def test_the_guard_may_be_switched_off(team: Team, pbx: Service, settings: Any) -> None:
    settings.MANGO = mango(pbx.url, COLLEAGUE_GUARD_SECONDS=0)
    place_call(team.anna, CLIENT)
    assert place_call(team.boris, CLIENT, mind_colleagues=True).status == Status.ACCEPTED


@simple
def test_ones_own_second_click_is_the_running_call_not_a_question(team: Team, pbx: Service) -> None:
    first = place_call(team.boris, CLIENT, mind_colleagues=True)
    team.live_call(employee=team.boris_employee)
    assert place_call(team.boris, CLIENT, mind_colleagues=True) == first
    assert len(pbx.requests) == 1


@real
def test_threads(team: Team, pbx: Service) -> None:
    people = (team.anna, team.boris)
    results = at_once(
        *[lambda user=user: place_call(user, CLIENT, mind_colleagues=True) for user in people]
    )
    assert sorted(type(result).__name__ for result in results) == ["ColleagueBusy", "Command"]
    assert len(pbx.requests) == 1


@real
def test_processes(team: Team, pbx: Service) -> None:
    with ExitStack() as stack:
        racers = [
            stack.enter_context(child(pbx.url, race=True, user=user, mind_colleagues=True))
            for user in ("anna", "boris")
        ]
        assert [hear(racer) for racer in racers] == ["ready", "ready"]
        for racer in racers:
            tell(racer)
        said = sorted(hear(racer).split()[0] for racer in racers)
    command = Command.objects.get()
    assert said == sorted([command.command_id, "asked"])
    assert len(pbx.requests) == 1


@real
def test_a_request_of_the_callers_transaction_asks_as_well(team: Team, pbx: Service) -> None:
    Command.objects.create(
        account=team.account,
        command_id="c",
        kind=Command.Kind.CALLBACK,
        employee=team.anna_employee,
        number=CLIENT,
        created_at=timezone.now(),
    )
    with pytest.raises(ColleagueBusy):
        request_call(team.boris, CLIENT, mind_colleagues=True)
    assert pbx.requests == []
