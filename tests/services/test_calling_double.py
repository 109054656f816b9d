"""Two clicks of one moment are one call: in threads, in processes, on every database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from django_mango.models import Command
from django_mango.services import hang_up, place_call, request_call
from django_mango.services.journal import dispatch
from tests.services.calling_bench import CLIENT, Service, Team, leg, mango, reply
from tests.services.calling_processes import child, hear, tell

Status = Command.Status
real = pytest.mark.django_db(transaction=True)
simple = pytest.mark.django_db


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run these in threads that begin together; what they returned or raised."""
    gate = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(index: int) -> None:
        try:
            gate.wait(30)
            results[index] = works[index]()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[index]) for index in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return results


@real
@pytest.mark.parametrize("token", ["one", None])
def test_threads(team: Team, pbx: Service, token: str | None) -> None:
    commands = at_once(*[lambda: place_call(team.anna, CLIENT, token=token)] * 5)
    assert {type(command) for command in commands} == {Command}, commands
    assert len({command.pk for command in commands}) == 1
    assert len(pbx.requests) == 1
    assert Command.objects.get().status == Status.ACCEPTED


@real
@pytest.mark.parametrize("token", ["one", None])
def test_processes(team: Team, pbx: Service, token: str | None) -> None:
    with ExitStack() as stack:
        racers = [stack.enter_context(child(pbx.url, race=True, token=token)) for _ in range(2)]
        assert [hear(racer) for racer in racers] == ["ready", "ready"]
        for racer in racers:
            tell(racer)
        ids = {hear(racer).split()[0] for racer in racers}
    assert ids == {Command.objects.get().command_id}
    assert len(pbx.requests) == 1


@real
def test_different_numbers_and_people_are_calls_of_their_own(team: Team, pbx: Service) -> None:
    commands = at_once(
        lambda: place_call(team.anna, "+79161234567"),
        lambda: place_call(team.anna, "+79161234568"),
        lambda: place_call(team.boris, "+79161234567"),
    )
    assert [command.status for command in commands] == [Status.ACCEPTED] * 3
    assert len({request.payload["command_id"] for request in pbx.requests}) == 3


@real
def test_two_dispatchers_of_one_row_send_once(team: Team, pbx: Service) -> None:
    with transaction.atomic():
        command = request_call(team.anna, CLIENT)
        transaction.get_connection().run_on_commit.clear()
    assert command.status == Status.CREATED
    assert at_once(*[lambda: dispatch(command.pk)] * 4) == [None] * 4
    assert len(pbx.requests) == 1
    command.refresh_from_db()
    assert command.status == Status.ACCEPTED


@real
def test_two_hang_ups_of_one_leg(team: Team, pbx: Service) -> None:
    call = team.live_call(leg("a", "Connected", "101", "102"))
    commands = at_once(*[lambda: hang_up(team.anna, call)] * 3, lambda: hang_up(team.boss, call))
    assert len({command.pk for command in commands}) == 1
    assert len(pbx.requests) == 1


@simple
def test_a_token_is_one_command_for_ever(team: Team, service: Service, settings: Any) -> None:
    settings.MANGO = mango(service.url, CALL_GUARD_SECONDS=0)
    service.answers(reply({"result": 2240}))
    first = place_call(team.anna, CLIENT, token="t")
    assert place_call(team.anna, CLIENT, token="t") == first
    assert place_call(team.anna, CLIENT, token="another") != first
    assert len(service.requests) == 2


@simple
def test_a_token_belongs_to_its_user(team: Team, pbx: Service) -> None:
    first = place_call(team.anna, CLIENT, token="t")
    second = place_call(team.boris, CLIENT, token="t")
    assert (first.user, second.user) == (team.anna, team.boris)
    assert len(pbx.requests) == 2
    assert "t" not in (first.token, second.token)


@simple
def test_a_token_of_a_call_does_not_swallow_the_hang_up(team: Team, pbx: Service) -> None:
    place_call(team.anna, CLIENT, token="t")
    command = hang_up(team.anna, team.live_call(), token="t")
    assert command.kind == Command.Kind.HANGUP
    assert [request.path for request in pbx.requests] == [
        "/vpbx/commands/callback",
        "/vpbx/commands/call/hangup",
    ]
    assert hang_up(team.anna, command.call, token="t") == command


@simple
@pytest.mark.parametrize(
    "spelling", ["8 (916) 123-45-67", "79161234567", "+7 916 123 45 67 доб. 5"]
)
def test_the_guard_knows_a_number_in_any_spelling(team: Team, pbx: Service, spelling: str) -> None:
    assert place_call(team.anna, CLIENT) == place_call(team.anna, spelling)
    assert len(pbx.requests) == 1


@simple
def test_the_guard_ends(team: Team, pbx: Service) -> None:
    first = place_call(team.anna, CLIENT)
    Command.objects.update(created_at=first.created_at - timedelta(seconds=9))
    assert place_call(team.anna, CLIENT) == first
    Command.objects.update(created_at=first.created_at - timedelta(seconds=11))
    assert place_call(team.anna, CLIENT) != first


@simple
def test_the_site_itself_is_guarded_by_the_telephone(team: Team, pbx: Service) -> None:
    employee = team.anna_employee
    first = place_call(None, CLIENT, employee=employee)
    assert first.user is None
    assert place_call(None, CLIENT, employee=employee) == first
    assert place_call(None, CLIENT, employee=team.boris_employee) != first
    assert len(pbx.requests) == 2


@simple
def test_a_second_hang_up_names_the_leg_that_came_after(team: Team, pbx: Service) -> None:
    """A callback's first leg ends and its second appears: that is another hang-up."""
    call = team.live_call(leg("first"))
    first = hang_up(team.anna, call)
    assert hang_up(team.anna, call) == first
    call.legs = [leg("second")]
    call.save()
    second = hang_up(team.anna, call)
    assert [one.payload["call_id"] for one in (first, second)] == ["first", "second"]


@simple
def test_a_refused_hang_up_may_be_tried_again(team: Team, pbx: Service) -> None:
    pbx.answers(reply({"result": 4100}), reply({"result": 1000}))
    call = team.live_call()
    assert hang_up(team.anna, call).status == Status.REFUSED
    assert hang_up(team.anna, call).status == Status.ACCEPTED
