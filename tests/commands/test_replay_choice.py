"""``mango_replay``: which notifications, how often, what it says, how it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from django_mango.models import Account, Call, Command, Notification
from django_mango.services import account_for, receive
from tests.commands.conftest import Ran
from tests.services.import_bench import calls_of
from tests.services.telling import OTHER, event, hearing, keep, missed, talk, tell, told

Run = Callable[..., Ran]
NAME = "mango_replay"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account() -> Account:
    return account_for()


def broken(account: Account, *entries: str) -> list[Notification]:
    """Talks whose processing failed as on a full disk."""

    def fail(execute: Any, sql: str, *rest: Any) -> Any:
        if "django_mango_call" in sql and not sql.startswith("SELECT"):
            raise OSError("no space left")
        return execute(sql, *rest)

    with connection.execute_wrapper(fail):
        for entry in entries:
            kind, text = talk(entry)
            receive(account, kind, kind, text)
    found = list(Notification.objects.order_by("pk"))
    assert {row.error for row in found} == {"OSError"}
    return found


def entries() -> set[str]:
    return set(Call.objects.values_list("entry_id", flat=True))


def test_by_number(run: Run, account: Account) -> None:
    rows = broken(account, "a", "b", "c")
    ran = run(NAME, str(rows[0].pk), str(rows[2].pk))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "Processed again: 2 of 2.\n"
    assert entries() == {"a", "c"}
    assert [row.entry_id for row in Notification.objects.troubled()] == ["b"]


def test_by_entry(run: Run, account: Account) -> None:
    broken(account, "a", "b")
    assert run(NAME, "--entry", "b").out == "Processed again: 1 of 1.\n"
    assert entries() == {"b"}


def test_by_the_time_of_receipt(run: Run, account: Account) -> None:
    rows = broken(account, "a", "b", "c")
    now = timezone.now().replace(microsecond=0)
    for hours, row in zip((5, 3, 1), rows, strict=True):
        Notification.objects.filter(pk=row.pk).update(received_at=now - timedelta(hours=hours))
    since, until = (now - timedelta(hours=3)).isoformat(), (now - timedelta(hours=1)).isoformat()
    assert run(NAME, "--since", since, "--until", until).out == "Processed again: 1 of 1.\n"
    assert entries() == {"b"}
    run(NAME, "--until", since)
    assert entries() == {"a", "b"}
    run(NAME, "--since", "2h")
    assert entries() == {"a", "b", "c"}


def test_only_what_failed_or_waits(run: Run, account: Account) -> None:
    broken(account, "broken")
    tell(account, talk("good", number=OTHER))
    waiting = Notification.objects.get(entry_id="good")
    assert run(NAME, "--failed").out == "Processed again: 1 of 1.\n"
    Notification.objects.filter(pk=waiting.pk).update(processed_at=None)
    assert run(NAME, "--failed").out == "Processed again: 1 of 1.\n"
    assert run(NAME, "--failed").out == "Processed again: 0 of 0.\n"
    assert not Notification.objects.troubled().exists()


def test_filters_are_combined(run: Run, account: Account) -> None:
    rows = broken(account, "a", "b")
    tell(account, talk("good", number=OTHER))
    ran = run(NAME, str(rows[0].pk), "--entry", "b", "--failed")
    assert (ran.code, ran.out) == (0, "Processed again: 0 of 0.\n")


def test_repeating_it_changes_and_announces_nothing(run: Run, account: Account) -> None:
    tell(account, missed(), event("talk", "Connected", 60), talk(at=55))
    command = Command.objects.create(
        account=account,
        command_id="c",
        kind=Command.Kind.CALLBACK,
        status=Command.Status.ACCEPTED,
        created_at=timezone.now(),
    )
    tell(account, told("result/callback", command_id="c", result=1000))
    before = calls_of(account), list(Notification.objects.order_by("pk").values("json", "digest"))
    with hearing() as heard:
        for _ in range(2):
            ran = run(NAME, "--since", "1d")
            assert ran.out == "Processed again: 4 of 4.\n"
    assert heard.names == []
    assert calls_of(account) == before[0]
    assert list(Notification.objects.order_by("pk").values("json", "digest")) == before[1]
    command.refresh_from_db()
    assert command.status == Command.Status.CONFIRMED


def test_what_a_crash_kept_back_is_announced(run: Run, account: Account) -> None:
    keep(account, missed(), talk())
    with hearing() as heard:
        run(NAME, "--failed")
    assert heard.about("talk")[:3] == ["call_started", "call_answered", "call_finished"]
    assert "missed_call_resolved" in heard.names


def test_what_stays_unreadable_ends_with_1(run: Run, account: Account) -> None:
    receive(account, "events/call", "events/call", b"no JSON at all")
    broken_rows = Notification.objects.count()
    tell(account, talk())
    ran = run(NAME, "--since", "1d")
    assert ran.code == 1
    assert ran.out == "Processed again: 1 of 2.\n"
    assert ran.error == "1 could not be processed; the journal says why."
    assert Notification.objects.failed().count() == broken_rows == 1


def test_what_breaks_again_ends_with_1_and_hinders_no_other(run: Run, account: Account) -> None:
    broken(account, "bad", "good")

    def fail(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        if "django_mango_call" in sql and not sql.startswith("SELECT") and "bad" in str(params):
            raise OSError("still full")
        return execute(sql, params, *rest)

    with connection.execute_wrapper(fail):
        ran = run(NAME, "--failed")
    assert (ran.code, ran.out) == (1, "Processed again: 1 of 2.\n")
    assert entries() == {"good"}


@pytest.mark.parametrize("arguments", [[], ["--account", "default"]])
def test_without_a_choice_it_does_not_try(run: Run, account: Account, arguments: list[str]) -> None:
    broken(account, "a")
    ran = run(NAME, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "--failed" in ran.error
    assert entries() == set()


def test_a_number_that_does_not_exist(run: Run, account: Account) -> None:
    (row,) = broken(account, "a")
    ran = run(NAME, str(row.pk), "4711")
    assert ran.code == 2
    assert "4711" in ran.error
    assert entries() == set(), "nothing was done"


@pytest.mark.parametrize("number", ["0", "-1", "x", str(10**30)])
def test_what_is_no_number_of_a_row(run: Run, account: Account, number: str) -> None:
    """The shell ends with 2, see the tests of processes; nothing is done in any case."""
    (row,) = broken(account, "a")
    ran = run(NAME, "--", str(row.pk), number)
    assert ran.code != 0
    assert number in ran.error
    assert entries() == set()


def test_an_account_that_does_not_exist(run: Run, account: Account) -> None:
    assert run(NAME, "--failed", "--account", "nobody").code == 2


def test_another_account_is_left_alone(run: Run, account: Account, settings: Any) -> None:
    keys = {"API_KEY": "k", "API_SALT": "s"}
    settings.MANGO = {"ACCOUNTS": {"default": keys, "second": {**keys, "API_KEY": "k2"}}}
    other = account_for("second")
    keep(account, talk("mine"))
    keep(other, talk("theirs"))
    stranger = Notification.objects.get(account=other)
    assert run(NAME, str(stranger.pk), "--account", "default").code == 2
    assert run(NAME, "--failed", "--account", "second").out == "Processed again: 1 of 1.\n"
    assert entries() == {"theirs"}
    assert run(NAME, "--failed").out == "Processed again: 1 of 1.\n"
    assert entries() == {"mine", "theirs"}


def test_a_database_that_refuses_is_one_line(run: Run, account: Account) -> None:
    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if "django_mango_notification" in sql:
            raise OperationalError("no such server\nhint")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        ran = run(NAME, "--failed")
    assert ran.code == 1
    assert ran.error == "The database refused: no such server"
