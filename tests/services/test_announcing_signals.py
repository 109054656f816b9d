"""Signals: each once for each transition, after the commit, whatever order and repetition."""

from __future__ import annotations

import json
import logging
import random
from itertools import permutations
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from django_mango import signals
from django_mango.models import Account, Call, Command, Notification, Recording
from django_mango.services import (
    place_call,
    project_entries,
    rebuild_calls,
    receive,
    settle_commands,
    sweep,
)
from tests.services.calling_bench import CLIENT as NUMBER
from tests.services.calling_bench import Service, Team, reply
from tests.services.import_bench import make_account
from tests.services.telling import (
    ALL,
    TALK,
    event,
    hearing,
    keep,
    missed,
    recording,
    summary,
    talk,
    tell,
)

pytestmark = pytest.mark.django_db(transaction=True)

UNANSWERED = [
    event("call", "Appeared", 0),
    event("call", "Disconnected", 20, seq=2, disconnect_reason=1110),
    summary("call", 0, 20),
]


@pytest.fixture
def account() -> Account:
    return make_account()


def test_the_documented_names_are_all_there_are() -> None:
    assert set(ALL) == {
        "call_started",
        "call_answered",
        "call_finished",
        "call_missed",
        "missed_call_resolved",
        "recording_available",
        "command_finished",
        "import_finished",
        "import_overdue",
    }


def test_a_talk_as_it_goes(account: Account) -> None:
    with hearing() as heard:
        seen = []
        for one in TALK:
            tell(account, one)
            seen.append(list(heard.names))
    assert seen == [
        ["call_started"],
        ["call_started", "call_answered"],
        ["call_started", "call_answered"],
        ["call_started", "call_answered", "call_finished"],
    ]
    for _name, sender, arguments in heard.all:
        assert sender is Call
        assert arguments.keys() == {"call"}
        assert arguments["call"].pk == Call.objects.get().pk


@pytest.mark.parametrize("story", [TALK, UNANSWERED], ids=["talk", "unanswered"])
def test_every_order_and_repetition_announces_each_transition_once(
    account: Account, story: list[Any]
) -> None:
    expected = {"call_started", "call_finished"}
    expected.add("call_answered" if story is TALK else "call_missed")
    chance = random.Random(3)
    for order in permutations(story):
        Call.objects.all().delete()
        Notification.objects.all().delete()
        with hearing() as heard:
            tell(account, *order, *chance.sample(order, 2))
        assert sorted(heard.names) == sorted(expected), order


def test_no_missed_call_before_the_end_is_known(account: Account) -> None:
    with hearing() as heard:
        tell(account, *UNANSWERED[:2])
        assert Call.objects.get().state == Call.State.FINISHED
        assert heard.names == ["call_started"]
        tell(account, UNANSWERED[2])
    assert heard.names == ["call_started", "call_finished", "call_missed"]
    assert heard.of("call_missed")[0]["call"].is_final


def test_what_receivers_see_is_committed(account: Account) -> None:
    seen: list[tuple[bool, bool]] = []

    def look(sender: Any, call: Call, **_: Any) -> None:
        stored = Call.objects.get(pk=call.pk)
        seen.append((connection.in_atomic_block, stored.is_final == call.is_final))

    signals.call_finished.connect(look)
    try:
        tell(account, *TALK)
    finally:
        signals.call_finished.disconnect(look)
    assert seen == [(False, True)]


@pytest.mark.parametrize("kept", [True, False])
def test_work_of_a_transaction_is_announced_when_it_is_committed(
    account: Account, kept: bool
) -> None:
    tell(account, missed())
    with hearing() as heard:
        try:
            with transaction.atomic():
                for kind, text in (*TALK, recording("record/added", entry_id="call")):
                    receive(account, kind, f"default/{kind}", text)
                assert heard.names == []
                if not kept:
                    raise RuntimeError("rolled back")
        except RuntimeError:
            pass
    names = ["call_started", "call_answered", "call_finished", "recording_available"]
    names.append("missed_call_resolved")
    assert sorted(heard.names) == (sorted(names) if kept else [])


def test_a_settled_missed_call_names_both(account: Account) -> None:
    with hearing() as heard:
        tell(account, missed(), talk(), missed(), talk())
    assert heard.names[-1] == "missed_call_resolved"
    (arguments,) = heard.of("missed_call_resolved")
    assert arguments.keys() == {"call", "by"}
    assert (arguments["call"].entry_id, arguments["by"].entry_id) == ("missed", "talk")
    assert arguments["call"].missed_resolved_by_id == arguments["by"].pk


def test_a_missed_call_known_after_its_talk_says_that_it_is_settled(account: Account) -> None:
    with hearing() as heard:
        tell(account, talk(), missed())
    (arguments,) = heard.of("call_missed")
    assert arguments["call"].missed_resolved_at is not None
    assert arguments["call"].missed_resolved_by.entry_id == "talk"
    assert heard.about("missed") == [
        "call_started",
        "call_finished",
        "call_missed",
        "missed_call_resolved",
    ]


def test_a_failing_receiver_is_logged_and_harms_nobody(account: Account, caplog: Any) -> None:
    def broken(**_: Any) -> None:
        raise ValueError("a bug of the host")

    signals.call_started.connect(broken)
    try:
        with hearing() as heard, caplog.at_level(logging.ERROR, "django_mango.services"):
            tell(account, *TALK)
    finally:
        signals.call_started.disconnect(broken)
    assert heard.names == ["call_started", "call_answered", "call_finished"]
    assert "a receiver failed" in caplog.text
    assert "a bug of the host" in caplog.text
    assert not Notification.objects.troubled().exists()


def test_a_failing_settling_loses_no_signal_and_is_found_by_the_sweep(
    account: Account, caplog: Any
) -> None:
    def refuse(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        if sql.startswith("UPDATE") and "missed_resolved_at" in sql.partition("WHERE")[0]:
            raise OSError("the disk is full")
        return execute(sql, params, *rest)

    tell(account, missed())
    with hearing() as heard:
        with connection.execute_wrapper(refuse):
            tell(account, talk())
        assert heard.names == ["call_started", "call_answered", "call_finished"]
        assert "the disk is full" in caplog.text
        assert Call.objects.unresolved().exists()
        sweep(account)
    assert heard.names[3:] == ["missed_call_resolved"]


def test_a_sweep_announces_what_a_crash_kept_back(account: Account) -> None:
    keep(account, missed(), *TALK)
    with hearing() as heard:
        sweep(account)
        sweep(account)
    assert heard.about("call") == ["call_started", "call_answered", "call_finished"]
    assert heard.about("missed")[:3] == ["call_started", "call_finished", "call_missed"]


def test_a_rebuild_announces_nothing(account: Account) -> None:
    tell(account, missed(), *TALK)
    Call.objects.update(answered_at=None, is_missed=False, is_final=False, missed_resolved_at=None)
    with hearing() as heard:
        assert rebuild_calls(account).changed == 2
    assert heard.names == []


# Recordings and commands


def test_a_recording_is_announced_once(account: Account) -> None:
    added = recording("record/added", user_id=-1)
    with hearing() as heard:
        tell(account, recording(recording_state="Started", seq=1), added, added)
        tell(account, recording("record/tagged", at=90), recording("record/added", at=91))
        project_entries(account, ["talk"])
    assert heard.names == ["recording_available"]
    (arguments,) = heard.of("recording_available")
    assert arguments == {"recording": Recording.objects.get()}
    assert arguments["recording"].state == Recording.State.AVAILABLE
    assert {sender for _name, sender, _arguments in heard.all} == {Recording}


def result(command: Command, code: int) -> tuple[str, bytes]:
    return "result/callback", json.dumps(
        {"command_id": command.command_id, "result": code}
    ).encode()


def last(heard: Any) -> tuple[str, int]:
    commands = [arguments["command"] for arguments in heard.of("command_finished")]
    return (commands[-1].status if commands else "", len(commands))


def test_a_refused_command_is_finished(team: Team, pbx: Service) -> None:
    pbx.answers(reply({"result": 3300}))
    with hearing() as heard:
        place_call(team.anna, NUMBER)
    assert last(heard) == (Command.Status.REFUSED, 1)
    ((_, sender, arguments),) = heard.all
    assert sender is Command
    assert arguments == {"command": Command.objects.get()}


def test_a_lost_answer_is_unknown_until_an_event_proves_it(team: Team, pbx: Service) -> None:
    pbx.answers(pbx.hang_up)
    with hearing() as heard:
        command = place_call(team.anna, NUMBER)
        assert last(heard) == (Command.Status.UNKNOWN, 1)
        proof = event("call", "Appeared", 0, command_id=command.command_id)
        tell(team.account, proof, proof, result(command, 1000))
    assert last(heard) == (Command.Status.CONFIRMED, 2)


@pytest.mark.parametrize(("code", "status"), [(1000, "confirmed"), (2240, "failed")])
def test_the_outcome_of_an_accepted_command(
    team: Team, pbx: Service, code: int, status: str
) -> None:
    with hearing() as heard:
        command = place_call(team.anna, NUMBER)
        assert heard.names == [], "accepted is not finished"
        tell(team.account, result(command, code), result(command, code))
    assert last(heard) == (status, 1)


def test_a_command_given_up_is_finished(team: Team, pbx: Service, settings: Any) -> None:
    settings.MANGO = {**settings.MANGO, "COMMAND_TIMEOUT_SECONDS": 0}
    command = Command.objects.create(
        account=team.account,
        command_id="left",
        kind=Command.Kind.CALLBACK,
        status=Command.Status.SENT,
        sent_at=timezone.now(),
        created_at=timezone.now(),
    )
    with hearing() as heard:
        assert settle_commands() == 1
        assert settle_commands() == 0
    assert last(heard) == (Command.Status.UNKNOWN, 1)
    assert heard.of("command_finished")[0]["command"] == command


def test_a_crash_between_event_and_confirmation_is_told_by_the_sweep(
    team: Team, pbx: Service
) -> None:
    pbx.answers(pbx.hang_up)
    command = place_call(team.anna, NUMBER)
    keep(team.account, event("call", "Appeared", 0, command_id=command.command_id))
    Command.objects.update(status=Command.Status.UNKNOWN, call=None)
    with hearing() as heard:
        sweep(team.account)
    assert last(heard) == (Command.Status.CONFIRMED, 1)
