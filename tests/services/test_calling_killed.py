"""A process killed anywhere: nothing is sent twice, nothing is forgotten (design, rule 3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_mango.models import Command, Notification
from django_mango.services import journal, outcome_text, place_call, receive, settle_commands
from django_mango.services.journal import dispatch
from tests.services.calling_bench import CLIENT, Service, Team, reply
from tests.services.calling_processes import child, hear

pytestmark = pytest.mark.django_db(transaction=True)

Status, Problem = Command.Status, Command.Problem


def later(seconds: float = 121) -> Any:
    return timezone.now() + timedelta(seconds=seconds)


def age(seconds: float = 121) -> None:
    """Let time pass for the commands that are there."""
    for command in Command.objects.all():
        command.created_at -= timedelta(seconds=seconds)
        command.sent_at = command.sent_at and command.sent_at - timedelta(seconds=seconds)
        command.save()


@pytest.mark.parametrize(
    "plan", [{"stop": "before_sent"}, {"do": "request"}], ids=["place_call", "request_call"]
)
def test_between_journal_and_send(team: Team, pbx: Service, plan: dict[str, str]) -> None:
    with child(pbx.url, **plan) as process:
        assert hear(process) == "stopped"
    command = Command.objects.get()
    assert command.status == Status.CREATED
    assert settle_commands() == 0, "its process may still be at work"
    assert settle_commands(team.account) == 0
    age()
    dispatch(command.pk)
    command.refresh_from_db()
    assert command.status == Status.CREATED, "a late dispatcher leaves it alone"
    assert settle_commands(team.account) == 1
    command.refresh_from_db()
    assert (command.status, command.problem) == (Status.FAILED, Problem.TIMED_OUT)
    assert command.settled_at is not None
    assert "will not be sent" in outcome_text(command)
    dispatch(command.pk)
    assert pbx.requests == []
    assert place_call(team.anna, CLIENT) != command, "a new click is a new command"
    assert len(pbx.requests) == 1


def test_between_sent_and_the_first_byte(team: Team, pbx: Service) -> None:
    with child(pbx.url, stop="connecting") as process:
        assert hear(process) == "stopped"
    command = Command.objects.get()
    assert command.status == Status.SENT
    assert journal.settle_commands(now=later()) == 1
    command.refresh_from_db()
    assert (command.status, command.problem) == (Status.UNKNOWN, Problem.TIMED_OUT)
    dispatch(command.pk)
    assert pbx.requests == [], "nobody can know, so nothing is sent again"


def test_between_send_and_answer(team: Team, pbx: Service) -> None:
    pbx.answers(pbx.silence)
    with child(pbx.url):
        pbx.wait_for(1)
    command = Command.objects.get()
    assert command.status == Status.SENT
    assert place_call(team.anna, CLIENT) == command, "a second click finds it"
    dispatch(command.pk)
    assert journal.settle_commands(now=later()) == 1
    command.refresh_from_db()
    assert (command.status, command.problem) == (Status.UNKNOWN, Problem.TIMED_OUT)
    assert len(pbx.requests) == 1


@pytest.mark.parametrize("given_up", [False, True])
@pytest.mark.parametrize(("code", "status"), [(1000, Status.CONFIRMED), (2240, Status.FAILED)])
def test_the_notification_tells_what_the_dead_process_could_not(
    team: Team, pbx: Service, given_up: bool, code: int, status: Status
) -> None:
    pbx.answers(pbx.silence)
    with child(pbx.url):
        pbx.wait_for(1)
    command = Command.objects.get()
    if given_up:
        journal.settle_commands(now=later())
    text = f'{{"command_id":"{command.command_id}","result":"{code}"}}'
    receive(team.account, "result/callback", "default/result/callback", text.encode())
    command.refresh_from_db()
    assert (command.status, command.result_code) == (status, code)
    assert journal.settle_commands(now=later()) == 0
    assert Notification.objects.get().error == ""


def test_a_killed_hang_up(team: Team, pbx: Service) -> None:
    team.live_call()
    pbx.answers(pbx.silence)
    with child(pbx.url, "hang_up"):
        pbx.wait_for(1)
    command = Command.objects.get()
    assert (command.kind, command.status) == (Command.Kind.HANGUP, Status.SENT)
    journal.settle_commands(now=later())
    command.refresh_from_db()
    assert command.status == Status.UNKNOWN


def test_the_next_command_settles_what_a_dead_process_left(team: Team, pbx: Service) -> None:
    pbx.answers(pbx.silence)
    with child(pbx.url):
        pbx.wait_for(1)
    age()
    pbx.answers(reply({"result": 1000}))
    place_call(team.boris, CLIENT)
    assert Command.objects.filter(user=team.anna).get().status == Status.UNKNOWN
