"""Processes that settle the missed calls of one number at the same moment end right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection

from django_mango.models import Account, Call, Notification
from tests.services.calling_processes import hear, tell
from tests.services.import_bench import make_account
from tests.services.telling import CLIENT, Told, event, missed, settled, summary, talk

pytestmark = pytest.mark.django_db(transaction=True)

SCRIPT = Path(__file__).with_name("telling_child.py")
ROUNDS = 12


def child(
    stack: ExitStack, notifications: list[Told], numbers: Sequence[str]
) -> subprocess.Popen[str]:
    plan = {
        "database": str(connection.settings_dict["NAME"]),
        "notifications": [(kind, text.decode()) for kind, text in notifications],
        "numbers": numbers,
    }
    process = stack.enter_context(
        subprocess.Popen(
            [sys.executable, "-W", "error::ResourceWarning", str(SCRIPT), json.dumps(plan)],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )
    stack.callback(process.kill)
    return process


def race(*stories: list[Told], numbers: Sequence[str] = ()) -> Counter[str]:
    """Tell each story in a process of its own; how often each settling was announced."""
    with ExitStack() as stack:
        racers = [child(stack, story, numbers) for story in stories]
        assert [hear(racer) for racer in racers] == ["ready"] * len(racers)
        for racer in racers:
            tell(racer)
        heard: Counter[str] = Counter()
        for racer in racers:
            out, err = racer.communicate(timeout=60)
            assert racer.returncode == 0, err
            assert err == "", "nothing is logged as an error"
            *lines, last = out.split("\n")[:-1]
            assert last == "done"
            heard.update(line.removeprefix("settled ") for line in lines)
    return heard


@pytest.fixture
def account() -> Account:
    return make_account()


def test_missed_calls_and_talks_of_one_number_at_once(account: Account) -> None:
    misses = [missed(f"m{n}", at=n * 10) for n in range(ROUNDS)]
    talks = [talk(f"t{n}", at=n * 10 + 2) for n in range(ROUNDS)]
    heard = race(misses[::2], misses[1::2], talks[::-1], talks)
    assert settled(account) == {f"m{n}": f"t{n}" for n in range(ROUNDS)}
    assert heard == dict.fromkeys((f"m{n}" for n in range(ROUNDS)), 1), "each announced once"
    assert not Notification.objects.troubled().exists()


def test_answers_given_and_withdrawn_at_once(account: Account) -> None:
    """One process says Connected, another one that nobody talked: in the end nobody did."""
    misses = [missed(f"m{n}", at=n * 10) for n in range(ROUNDS)]
    seeming = [event(f"s{n}", "Connected", n * 10 + 5) for n in range(ROUNDS)]
    truths = [summary(f"s{n}", n * 10 + 1, n * 10 + 8) for n in range(ROUNDS)]
    race(misses, seeming, truths[::-1], numbers=[f"+{CLIENT}"])
    assert set(settled(account).values()) == {None}
    assert Call.objects.missed().count() == 2 * ROUNDS
    assert not Notification.objects.troubled().exists()
