"""A call placed and ended on the sandbox PBX, its notifications delivered to the real endpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from django_mango.models import Call, Command, Notification
from django_mango.sandbox import Sandbox
from django_mango.services import NothingToHangUp, hang_up, outcome_level, place_call
from django_mango.testing import running_sandbox
from tests.services.calling_bench import KEY, SALT, Team, mango

pytestmark = pytest.mark.django_db(transaction=True)

Status = Command.Status


@pytest.fixture
def play(live_server: Any, settings: Any) -> Callable[..., Any]:
    @contextmanager
    def run(**options: Any) -> Iterator[Sandbox]:
        keys = {"api_key": KEY, "api_salt": SALT}
        webhook = f"{live_server.url}/mango/default/"
        with running_sandbox(webhook=webhook, calls=0, speed=60, **keys, **options) as sandbox:
            settings.MANGO = mango(sandbox.url)
            yield sandbox

    return run


def settled(command: Command) -> Command:
    return Command.objects.get(pk=command.pk)


def until_there(look: Callable[[], Any]) -> Any:
    """What ``look`` finds, as soon as it finds something."""
    end = time.monotonic() + 20
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


@pytest.mark.parametrize("options", [{}, {"async_results": True}, {"chaos": True}], ids=str)
def test_placed_and_answered(team: Team, play: Any, options: dict[str, Any]) -> None:
    with play(**options) as sandbox:
        command = place_call(team.anna, "8 916 123-45-67")
        assert sandbox.wait_idle()
    command = settled(command)
    told = Notification.objects.filter(command_id=command.command_id)
    if options.get("chaos") and not told.exists():
        assert command.status == Status.ACCEPTED
        return
    assert command.status == Status.CONFIRMED
    if options:
        return
    call = Call.objects.get()
    assert (command.result_code, command.call) == (1000, call)
    assert (call.direction, call.outcome, call.client_number) == (
        "outgoing",
        "answered",
        "+79161234567",
    )
    assert (call.employee, call.command) == (team.anna_employee, command)


@pytest.mark.parametrize("options", [{}, {"async_results": True}], ids=["answer", "notification"])
def test_no_money(team: Team, play: Any, options: dict[str, Any]) -> None:
    with play(**options) as sandbox:
        command = place_call(team.anna, "8 916 123-45-09")
        assert sandbox.wait_idle()
    command = settled(command)
    assert command.status == (Status.FAILED if options else Status.REFUSED)
    assert command.result_code == 2240
    assert Call.objects.count() == 0


def test_ended_while_talking_and_again_when_it_is_over(team: Team, play: Any) -> None:
    with play():
        place_call(team.anna, "8 916 123-45-08")
        call = until_there(lambda: Call.objects.filter(state=Call.State.TALKING).first())
        command = hang_up(team.anna, call)
        assert command.status in (Status.ACCEPTED, Status.CONFIRMED)
        until_there(lambda: settled(command).status == Status.CONFIRMED)
        until_there(lambda: Call.objects.filter(is_final=True).first())
        with pytest.raises(NothingToHangUp):
            hang_up(team.anna, call)
        # Its end was lost on the way: the PBX knows better, and that is a success.
        Call.objects.update(state=Call.State.TALKING, legs=call.legs)
        Command.objects.filter(kind=Command.Kind.HANGUP).delete()
        late = hang_up(team.anna, call)
        until_there(lambda: settled(late).status == Status.CONFIRMED)
    assert settled(late).result_code == 4101
    assert outcome_level(settled(late)) == "success"


def test_a_client_from_the_queue_is_ended_at_the_employee(team: Team, play: Any) -> None:
    with play() as sandbox:
        sandbox.incoming_call("79161234567", to="301", talk_seconds=600)
        call = until_there(lambda: Call.objects.filter(state=Call.State.TALKING).first())
        queue = [one for one in call.legs if one["location"] == "queue"]
        assert queue == [], "the client left the queue for an employee"
        command = hang_up(team.boss, call)
        until_there(lambda: settled(command).status == Status.CONFIRMED)
        ended = until_there(lambda: Call.objects.filter(is_final=True).first())
    assert ended.outcome == Call.Outcome.ANSWERED
    assert ended.disconnect_reason == "1181", "ended by a command of ours"
