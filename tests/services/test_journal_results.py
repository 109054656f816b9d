"""Answer, notification of the outcome and events in any order: the status stays true."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from django_mango.models import Account, Call, Command
from django_mango.protocol.commands import Callback
from django_mango.protocol.notifications import CommandResult
from django_mango.services import (
    hang_up,
    journal,
    outcome_level,
    outcome_text,
    place_call,
    receive,
    replay,
)
from tests.services.calling_bench import CLIENT, Service, Team, reply

pytestmark = pytest.mark.django_db

Status, Problem = Command.Status, Command.Problem


def result(account: Account, command_id: str, code: Any, kind: str = "callback") -> None:
    text = json.dumps({"command_id": command_id, "result": code})
    receive(account, f"result/{kind}", f"default/result/{kind}", text.encode())


def event(account: Account, command_id: str) -> None:
    """The first leg of the callback rings (§3.1.2)."""
    text = json.dumps(
        {
            "entry_id": "entry-1",
            "call_id": "leg-1",
            "timestamp": int(timezone.now().timestamp()),
            "seq": 1,
            "call_state": "Appeared",
            "location": "abonent",
            "from": {"number": "79161234567"},
            "to": {"extension": "101", "number": "sip:anna@example.ru"},
            "command_id": command_id,
        }
    )
    receive(account, "events/call", "default/events/call", text.encode())


def fresh(command: Command) -> Command:
    return Command.objects.get(pk=command.pk)


def test_confirmed(team: Team, pbx: Service) -> None:
    command = place_call(team.anna, CLIENT)
    result(team.account, command.command_id, "1000")
    command = fresh(command)
    assert (command.status, command.result_code, command.problem) == (Status.CONFIRMED, 1000, "")
    assert command.settled_at is not None
    assert command.answered_at is not None
    assert outcome_level(command) == "success"


def test_accepted_and_then_failed(team: Team, pbx: Service) -> None:
    command = place_call(team.anna, CLIENT)
    result(team.account, command.command_id, 2240)
    command = fresh(command)
    assert (command.status, command.result_code) == (Status.FAILED, 2240)
    assert command.problem == Problem.REFUSED
    assert outcome_level(command) == "error"
    assert "(2240)" in outcome_text(command)


@pytest.mark.parametrize("code", [2240, 3104, 401])
def test_refused_stays_refused(team: Team, pbx: Service, code: int) -> None:
    pbx.answers(reply({"result": code}))
    command = place_call(team.anna, CLIENT)
    assert command.status == Status.REFUSED
    result(team.account, command.command_id, 1000)
    assert fresh(command).status == Status.REFUSED


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("told", "status"),
    [
        (lambda account, command: result(account, command, 1000), Status.CONFIRMED),
        (lambda account, command: result(account, command, 2240), Status.FAILED),
        (event, Status.CONFIRMED),
    ],
    ids=["done", "failed", "event"],
)
@pytest.mark.parametrize(
    "answer", [reply({"result": 1000}), reply({"result": 5011}), None], ids=["ok", "5011", "lost"]
)
def test_told_before_the_answer(
    team: Team,
    pbx: Service,
    told: Callable[[Account, str], None],
    status: Status,
    answer: bytes | None,
) -> None:
    """The service's notification overtakes its answer (Q68)."""

    def reply_late(wire: socket.socket) -> None:
        told(team.account, pbx.requests[0].payload["command_id"])
        connection.close()  # of this thread
        if answer:
            wire.sendall(answer)

    pbx.answers(reply_late)
    command = place_call(team.anna, CLIENT)
    assert command.status == status
    assert command.problem == (Problem.REFUSED if status == Status.FAILED else "")
    assert command.settled_at is not None
    assert command.answered_at is not None
    assert (command.http_status, command.request_id) == ((200, "uuid-7") if answer else (None, ""))


def test_an_event_proves_a_command_whose_answer_was_lost(team: Team, pbx: Service) -> None:
    pbx.answers(pbx.hang_up)
    command = place_call(team.anna, CLIENT)
    assert command.status == Status.UNKNOWN
    event(team.account, command.command_id)
    command = fresh(command)
    assert (command.status, command.problem, command.error) == (Status.CONFIRMED, "", "")
    assert command.call == Call.objects.get()


def test_an_event_leaves_a_failure_alone(team: Team, pbx: Service) -> None:
    """The first leg rang, the second could not be paid for: 2240 is what the user must read."""
    seen = set()
    for number, order in enumerate(permutations(["event", "result"])):
        pbx.answers(reply({"result": 1000}))
        command = place_call(team.anna, f"+7916123456{number}")
        for what in order:
            if what == "event":
                event(team.account, command.command_id)
            else:
                result(team.account, command.command_id, 2240)
        seen.add((fresh(command).status, fresh(command).result_code))
    assert seen == {(Status.FAILED, 2240)}


def test_confirmed_never_falls_back(team: Team, pbx: Service) -> None:
    command = place_call(team.anna, CLIENT)
    result(team.account, command.command_id, 1000)
    event(team.account, command.command_id)
    journal.dispatch(command.pk)
    journal.settle_commands(now=timezone.now() + timedelta(days=1))
    for notification in team.account.notifications.all():
        replay(notification)
    command = fresh(command)
    assert (command.status, command.result_code) == (Status.CONFIRMED, 1000)
    assert command.call is not None
    assert len(pbx.requests) == 1


@pytest.mark.parametrize(
    ("code", "status"), [(1000, "confirmed"), (4101, "confirmed"), (4100, "failed")]
)
def test_results_of_a_hang_up(team: Team, pbx: Service, code: int, status: str) -> None:
    command = hang_up(team.anna, team.live_call())
    result(team.account, command.command_id, code, "call/hangup")
    assert (fresh(command).status, fresh(command).result_code) == (status, code)


def test_4101_of_a_callback_is_a_failure(team: Team, pbx: Service) -> None:
    command = place_call(team.anna, CLIENT)
    result(team.account, command.command_id, 4101)
    assert fresh(command).status == Status.FAILED


def test_a_result_of_somebody_else(team: Team, pbx: Service) -> None:
    command = place_call(team.anna, CLIENT)
    other = Account.objects.create(alias="other")
    result(team.account, "no-such-command", 2240)
    result(team.account, "", 2240)
    result(other, command.command_id, 2240)
    assert fresh(command).status == Status.ACCEPTED


def test_a_result_with_an_absurd_code_is_kept(team: Team, pbx: Service) -> None:
    command = place_call(team.anna, CLIENT)
    journal.note_result(team.account, CommandResult("callback", command.command_id, 10**12))
    assert (fresh(command).status, fresh(command).result_code) == (Status.FAILED, None)
    assert outcome_text(fresh(command))


def opened(team: Team, **more: Any) -> Command:
    """A command in the journal that nobody dispatched."""
    wire = Callback(journal.new_command_id(), "101", "79161234567")
    command, is_new = journal.open_command(
        wire, team.account, team.anna, token=None, employee=team.anna_employee, number=CLIENT
    )
    assert is_new
    Command.objects.filter(pk=command.pk).update(**more)
    return fresh(command)


def test_a_result_cannot_come_for_what_was_never_sent(team: Team) -> None:
    command = opened(team)
    result(team.account, command.command_id, 1000)
    assert fresh(command).status == Status.CREATED


@pytest.mark.parametrize("created", [0, 500])
@pytest.mark.parametrize(("seconds", "given_up"), [(119, False), (121, True)])
def test_an_answer_is_waited_for_from_the_sending_on(
    team: Team, created: int, seconds: int, given_up: bool
) -> None:
    now = timezone.now()
    sent = now - timedelta(seconds=seconds)
    command = opened(
        team, status=Status.SENT, sent_at=sent, created_at=sent - timedelta(seconds=created)
    )
    assert journal.settle_commands(now=now) == given_up
    assert fresh(command).status == (Status.UNKNOWN if given_up else Status.SENT)


def test_only_the_account_asked_for_is_settled(team: Team) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    command = opened(team, created_at=long_ago)
    assert journal.settle_commands(Account.objects.create(alias="other")) == 0
    assert journal.settle_commands() == 1
    assert fresh(command).status == Status.FAILED


@pytest.mark.parametrize(
    "status",
    [Status.ACCEPTED, Status.REFUSED, Status.CONFIRMED, Status.FAILED, Status.UNKNOWN],
)
def test_what_is_settled_stays_settled(team: Team, pbx: Service, status: Status) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    command = opened(team, status=status, created_at=long_ago, sent_at=long_ago)
    assert journal.settle_commands() == 0
    Command.objects.update(created_at=timezone.now())
    journal.dispatch(command.pk)
    assert fresh(command).status == status
    assert pbx.requests == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("code", "status"), [(1000, Status.ACCEPTED), (2240, Status.REFUSED)])
def test_an_answer_after_the_command_was_given_up_is_still_the_truth(
    team: Team, pbx: Service, code: int, status: Status
) -> None:
    def reply_late(wire: socket.socket) -> None:
        assert journal.settle_commands(now=timezone.now() + timedelta(hours=1)) == 1
        assert Command.objects.get().status == Status.UNKNOWN
        connection.close()
        wire.sendall(reply({"result": code}))

    pbx.answers(reply_late)
    command = place_call(team.anna, CLIENT)
    assert (command.status, command.result_code) == (status, code)
    assert command.problem == ("" if status == Status.ACCEPTED else Problem.REFUSED)


def test_the_settings_changed_between_journal_and_send(
    team: Team, pbx: Service, settings: Any
) -> None:
    command = opened(team)
    settings.MANGO = {"ACCOUNTS": {"elsewhere": {"API_KEY": "k", "API_SALT": "s"}}}
    journal.dispatch(command.pk)
    command = fresh(command)
    assert (command.status, command.problem) == (Status.FAILED, Problem.NOT_SENT)
    assert command.error == "AccountUnknown"
    assert pbx.requests == []


def test_what_was_journalled_is_what_is_sent(team: Team, pbx: Service) -> None:
    """The payload of the row goes out, whatever the employee's extension is by then."""
    command = opened(team)
    team.anna_employee.addresses.all().delete()
    journal.dispatch(command.pk)
    assert pbx.requests[0].payload == command.payload
