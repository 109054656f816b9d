"""What a process remembers of employees never outlives them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from django_mango.models import Account, Call, CallParty, Employee, EmployeeAddress, Notification
from django_mango.services import caching, rebuild_calls, sweep
from django_mango.services.caching import forget, remembered
from django_mango.services.directory import directory_of, with_directory
from tests.services.calling_bench import Service
from tests.services.import_bench import make_account
from tests.services.telling import Statistics, Told, event, hearing, keep, row, talk, tell

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    forget()
    yield
    forget()


class Source:
    """Counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> int:
        self.asked += 1
        return self.asked


def test_it_remembers_for_a_while(monkeypatch: Any, settings: Any) -> None:
    settings.MANGO = {**settings.MANGO, "CACHE_SECONDS": 5}
    now = [100.0]
    monkeypatch.setattr(caching.time, "monotonic", lambda: now[0])
    source = Source()
    assert [remembered("key", source) for _ in range(3)] == [1, 1, 1]
    now[0] += 4.9
    assert remembered("key", source) == 1
    now[0] += 0.2
    assert remembered("key", source) == 2
    assert remembered("another key", source) == 3


def test_zero_seconds_remember_nothing(settings: Any) -> None:
    settings.MANGO = {**settings.MANGO, "CACHE_SECONDS": 0}
    source = Source()
    assert [remembered("key", source), remembered("key", source)] == [1, 2]


def test_inside_a_transaction_nothing_is_kept_nor_taken() -> None:
    source = Source()
    with transaction.atomic():
        assert [remembered("key", source), remembered("key", source)] == [1, 2]
    assert remembered("key", source) == 3
    with transaction.atomic():
        assert remembered("key", source) == 4


def test_nor_with_autocommit_switched_off() -> None:
    source = Source()
    transaction.set_autocommit(False)
    try:
        assert [remembered("key", source), remembered("key", source)] == [1, 2]
        transaction.rollback()
    finally:
        transaction.set_autocommit(True)


def test_none_is_a_value_like_others() -> None:
    asked: list[int] = []
    for _ in range(2):
        assert remembered("key", lambda: asked.append(1)) is None
    assert asked == [1]


def test_a_failure_is_not_remembered() -> None:
    def fail() -> int:
        raise OSError

    with pytest.raises(OSError):
        remembered("key", fail)
    assert remembered("key", lambda: 7) == 7


def test_what_was_read_before_a_change_is_not_kept_after_it() -> None:
    """Another thread drops everything while this one waits for the database."""

    def slow() -> str:
        forget()
        return "old"

    assert remembered("key", slow) == "old"
    assert remembered("key", lambda: "new") == "new"


@pytest.mark.parametrize("change", ["save", "delete", "move", "account"])
def test_changed_rows_are_forgotten_at_once(
    account: Account, change: str, django_assert_num_queries: Any
) -> None:
    directory_of(account)
    with django_assert_num_queries(0):
        directory_of(account)
    anna = Employee.objects.get(addresses__value="101", addresses__kind="extension")
    if change == "save":
        EmployeeAddress.objects.create(employee=anna, value="777")
    elif change == "delete":
        anna.delete()
    elif change == "move":
        anna.addresses.filter(value="101").get().delete()
    else:
        account.save()
    with django_assert_num_queries(1):
        directory = directory_of(account)
    assert directory is directory_of(account)


def test_a_change_in_a_transaction_reaches_other_threads_after_the_commit(
    account: Account,
) -> None:
    """They read, and remember, the old state as long as the new one is not committed."""
    found: list[int] = []

    def elsewhere() -> None:
        found.append(remembered("count", Employee.objects.count))
        connection.close()

    def ask() -> int:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join(30)
        return found[-1]

    before = Employee.objects.count()
    with transaction.atomic():
        Employee.objects.create(account=account, name="new")
        assert ask() == before
    assert ask() == before + 1


# An employee another process deleted


def vanish(account: Account) -> None:
    """Delete whoever has the extension 101 as another process does: we hear nothing of it."""
    directory_of(account)
    someone = EmployeeAddress.objects.filter(value="101", account=account).values("employee")
    chosen = Employee.objects.filter(pk__in=list(someone.values_list("employee", flat=True)))
    Call.objects.filter(employee__in=chosen).update(employee=None)
    CallParty.objects.filter(employee__in=chosen).update(employee=None)
    EmployeeAddress.objects.filter(employee__in=chosen)._raw_delete("default")
    chosen._raw_delete("default")


STORY: list[Told] = [event("talk", "Connected", 105), talk()]


def whole(account: Account) -> None:
    call = Call.objects.get(account=account)
    assert call.employee is None
    assert call.extension == "101", "it rang there, whoever it was"
    assert not Notification.objects.troubled().exists()
    assert not CallParty.objects.exclude(employee=None).exists()


def test_a_notification_is_healed(account: Account) -> None:
    vanish(account)
    with hearing() as heard:
        tell(account, talk())
    whole(account)
    assert heard.names == ["call_started", "call_answered", "call_finished"]


def test_an_import_is_healed(account: Account, service: Service) -> None:
    vanish(account)
    assert Statistics(account, service).load([row("talk", 0, 60, answered=5)]).ok
    whole(account)


def test_a_sweep_is_healed(account: Account) -> None:
    keep(account, *STORY)
    vanish(account)
    sweep(account)
    whole(account)


def test_closing_a_stale_call_is_healed(account: Account) -> None:
    tell(account, event("talk", "Appeared", 0))
    Notification.objects.update(received_at=timezone.now() - timedelta(days=1))
    vanish(account)
    Call.objects.update(participants={})
    CallParty.objects.all().delete()
    sweep(account, now=timezone.now() + timedelta(hours=3))
    call = Call.objects.get()
    assert call.is_final
    assert call.stale_closed_at is not None
    whole(account)


def test_a_rebuild_is_healed(account: Account) -> None:
    tell(account, *STORY)
    vanish(account)
    Call.objects.update(extension="", talk_seconds=0)
    rebuild_calls(account)
    whole(account)


def test_any_other_refusal_is_raised_after_one_more_attempt(account: Account) -> None:
    asked: list[object] = []

    def work(directory: Any) -> None:
        asked.append(directory)
        Account.objects.create(alias=account.alias)

    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        with_directory(account, work)
    assert len(asked) == 2
    assert asked[0] is not asked[1]
    assert Account.objects.count() == 1
