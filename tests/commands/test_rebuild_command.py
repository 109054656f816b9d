"""``mango_rebuild``: which calls, what it says, how it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from django_mango.models import Account, Call, CallWork
from django_mango.protocol import projection
from django_mango.services import account_for
from tests.commands.conftest import Ran
from tests.services.telling import OTHER, hearing, missed, moment, talk, tell

Run = Callable[..., Ran]
NAME = "mango_rebuild"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account() -> Account:
    """Three calls, each of them wrong."""
    account = account_for()
    tell(account, missed(), talk(), talk("later", at=900, number=OTHER))
    spoil()
    return account


def spoil() -> None:
    Call.objects.update(line_number="wrong", projection_version=projection.VERSION - 1)


def right() -> set[str]:
    return set(Call.objects.exclude(line_number="wrong").values_list("entry_id", flat=True))


def test_every_call_in_place(run: Run, account: Account) -> None:
    keys = dict(Call.objects.values_list("entry_id", "pk"))
    CallWork.objects.create(call_id=keys["missed"], note="ask for Ivan")
    with hearing() as heard:
        ran = run(NAME, "--all")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "Calls read: 3, changed: 3.\n  line_number: 3\n"
    assert dict(Call.objects.values_list("entry_id", "pk")) == keys
    assert CallWork.objects.get().note == "ask for Ivan"
    assert heard.names == []


def test_again_it_finds_nothing(run: Run, account: Account) -> None:
    run(NAME, "--all")
    assert run(NAME, "--all").out == "Calls read: 3, changed: 0.\n"


def test_one_entry(run: Run, account: Account) -> None:
    ran = run(NAME, "--entry", "talk")
    assert (ran.code, ran.out) == (0, "Calls read: 1, changed: 1.\n  line_number: 1\n")
    assert right() == {"talk"}


def test_an_entry_that_is_no_call_does_not_look_like_success(run: Run, account: Account) -> None:
    ran = run(NAME, "--entry", "nobody")
    assert ran.code == 2
    assert "nobody" in ran.error


def test_a_period(run: Run, account: Account) -> None:
    ran = run(NAME, "--since", moment(50).isoformat(), "--until", moment(900).isoformat())
    assert ran.out.startswith("Calls read: 1, changed: 1.")
    assert right() == {"talk"}
    run(NAME, "--since", moment(900).isoformat())
    assert right() == {"talk", "later"}
    run(NAME, "--until", moment(50).isoformat())
    assert right() == {"missed", "talk", "later"}


def test_only_the_outdated(run: Run, account: Account) -> None:
    Call.objects.exclude(entry_id="later").update(projection_version=projection.VERSION)
    assert run(NAME, "--outdated").out.startswith("Calls read: 1, changed: 1.")
    assert right() == {"later"}
    assert run(NAME, "--outdated").out == "Calls read: 0, changed: 0.\n"


def test_outdated_in_a_period(run: Run, account: Account) -> None:
    run(NAME, "--outdated", "--until", moment(50).isoformat())
    assert right() == {"missed"}


def test_deleted_facts_stay_untouched(run: Run, account: Account) -> None:
    Call.objects.filter(entry_id="talk").update(facts_purged_at=timezone.now())
    assert run(NAME, "--all").out.startswith("Calls read: 2, changed: 2.")
    assert right() == {"missed", "later"}


def test_quietly(run: Run, account: Account) -> None:
    assert run(NAME, "--all", verbosity=0).out == ""
    assert right() == {"missed", "talk", "later"}


def test_without_a_choice_it_does_not_try(run: Run, account: Account) -> None:
    ran = run(NAME)
    assert (ran.code, ran.out) == (2, "")
    assert "--outdated" in ran.error
    assert right() == set()


def test_an_account_that_does_not_exist(run: Run, account: Account) -> None:
    assert run(NAME, "--all", "--account", "nobody").code == 2
    assert right() == set()


def test_another_account_is_left_alone(run: Run, account: Account, settings: Any) -> None:
    keys = {"API_KEY": "k", "API_SALT": "s"}
    settings.MANGO = {"ACCOUNTS": {"default": keys, "second": {**keys, "API_KEY": "k2"}}}
    other = account_for("second")
    tell(other, talk("theirs"))
    spoil()
    assert run(NAME, "--all", "--account", "second").out.startswith("Calls read: 1, changed: 1.")
    assert right() == {"theirs"}


def test_a_failure_in_the_middle_is_1_and_one_line(run: Run, account: Account) -> None:
    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if "django_mango_call" in sql and not sql.startswith("SELECT"):
            raise OperationalError("the disk is full\nhint")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        ran = run(NAME, "--all")
    assert ran.code == 1
    assert ran.error == "The database refused: the disk is full"
    assert run(NAME, "--all").code == 0
    assert right() == {"missed", "talk", "later"}
