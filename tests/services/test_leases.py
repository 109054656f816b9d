"""One worker for one piece of work; a killed one blocks nobody for long."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone, translation

from django_mango.models import Account, Lease
from django_mango.services import leases
from django_mango.services.leases import LIFETIME, HeldLease, LeaseTaken

NAME = "import default"


class Clock:
    """The time of day, moved by hand."""

    def __init__(self) -> None:
        self.now = timezone.now()

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr(timezone, "now", moved)
    return moved


simple = pytest.mark.django_db
real = pytest.mark.django_db(transaction=True)


@simple
def test_taken_once(clock: Clock) -> None:
    HeldLease(NAME)
    with pytest.raises(LeaseTaken) as caught:
        HeldLease(NAME)
    assert "process" in caught.value.owner, "who holds it"
    HeldLease("import another")


@simple
def test_who_holds_it_is_said_in_the_language_of_the_reader(clock: Clock) -> None:
    HeldLease(NAME)
    with translation.override("ru"), pytest.raises(LeaseTaken) as caught:
        HeldLease(NAME)
    assert caught.value.owner == f"{socket.gethostname()[:40]}, процесс {os.getpid()}"


@simple
def test_given_back(clock: Clock) -> None:
    HeldLease(NAME).release()
    assert Lease.objects.count() == 0
    HeldLease(NAME)


@simple
def test_a_dead_holder_blocks_for_the_lifetime_at_most(clock: Clock) -> None:
    HeldLease(NAME)
    clock.now += LIFETIME
    with pytest.raises(LeaseTaken):
        HeldLease(NAME)
    clock.pass_(seconds=1)
    HeldLease(NAME)
    assert Lease.objects.get().until == clock.now + LIFETIME


@simple
def test_a_beating_holder_keeps_it(clock: Clock) -> None:
    lease = HeldLease(NAME)
    for _ in range(20):
        clock.pass_(seconds=30)
        lease.beat()
    with pytest.raises(LeaseTaken):
        HeldLease(NAME)
    assert Lease.objects.get().until == clock.now + LIFETIME


@simple
def test_beating_often_writes_seldom(
    clock: Clock, django_assert_num_queries: Callable[..., object]
) -> None:
    lease = HeldLease(NAME)
    clock.pass_(seconds=19)
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        lease.beat()
    clock.pass_(seconds=1)
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        lease.beat()
        lease.beat()


@simple
def test_a_holder_that_slept_too_long_learns_that_it_lost(clock: Clock) -> None:
    slept = HeldLease(NAME)
    clock.pass_(minutes=5)
    other = HeldLease(NAME)
    with pytest.raises(LeaseTaken):
        slept.beat()
    slept.release()
    other.beat()
    assert Lease.objects.count() == 1, "it does not give back what is another's"


@simple
def test_a_holder_that_slept_and_lost_nothing_goes_on(clock: Clock) -> None:
    lease = HeldLease(NAME)
    clock.pass_(minutes=5)
    lease.beat()
    with pytest.raises(LeaseTaken):
        HeldLease(NAME)


@real
@pytest.mark.parametrize("left", [False, True], ids=["free", "expired"])
def test_of_many_at_once_one_gets_it(left: bool) -> None:
    if left:
        Lease.objects.create(name=NAME, owner="dead", until=timezone.now() - timedelta(hours=1))
    gate, results = threading.Barrier(5), []

    def take() -> None:
        gate.wait(30)
        try:
            results.append(HeldLease(NAME))
        except LeaseTaken as taken:
            results.append(taken)
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    kinds = sorted(type(one).__name__ for one in results)
    assert kinds == ["HeldLease"] + ["LeaseTaken"] * 4
    winner = next(one for one in results if isinstance(one, HeldLease))
    winner.release()
    assert Lease.objects.count() == 0


@simple
def test_given_back_in_the_middle_of_our_asking(clock: Clock) -> None:
    """The holder ends between our insert and our look at it: we get it, nobody is named."""
    holder = HeldLease(NAME)
    released: list[bool] = []

    def release_before_update(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        if sql.startswith("UPDATE") and not released:
            released.append(True)
            holder.release()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(release_before_update):
        HeldLease(NAME)
    assert released
    assert Lease.objects.count() == 1


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A keeper that looks all the time, and helps at once."""
    monkeypatch.setattr(leases, "_LOOK", timedelta(milliseconds=5))
    monkeypatch.setattr(leases, "_OVERDUE", timedelta(0))


def until() -> datetime:
    return Lease.objects.get().until


def comes(what: Callable[[], bool]) -> bool:
    """Whether it comes about while the holder does something else."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.01)
    return False


@real
def test_kept_while_the_holder_has_no_time(quick: None) -> None:
    lease = HeldLease(NAME)
    with lease.kept():
        before = until()
        assert comes(lambda: until() > before)
    lease.release()
    assert not [one for one in threading.enumerate() if one.name == "mango-lease"]


@real
@pytest.mark.database("postgresql", "mariadb")
def test_kept_through_a_long_transaction(quick: None) -> None:
    """A COPY or a wait for a lock that outlasts the lease."""
    lease = HeldLease(NAME)
    before = until()
    seen: list[bool] = []

    def watch() -> None:
        seen.append(comes(lambda: until() > before))
        connection.close()

    with lease.kept(), transaction.atomic():
        Account.objects.create(alias="busy")
        watcher = threading.Thread(target=watch)
        watcher.start()
        watcher.join(60)
    assert seen == [True]
    lease.release()


@real
def test_one_that_hangs_is_not_kept_for_ever(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_PATIENCE", timedelta(0))
    helped: list[datetime] = []
    monkeypatch.setattr(HeldLease, "_prolong", lambda _self, now: helped.append(now))
    lease = HeldLease(NAME)
    looked = threading.Event()
    now = timezone.now

    def watched() -> datetime:
        looked.set()
        return now()

    with lease.kept():
        monkeypatch.setattr(timezone, "now", watched)
        assert looked.wait(20)
        looked.clear()
        assert looked.wait(20)
    assert helped == []


@real
def test_the_keeper_does_not_bring_back_what_was_lost(quick: None) -> None:
    lease = HeldLease(NAME)
    with lease.kept():
        Lease.objects.update(owner="another, process 7, x")
        lease._beaten_at -= timedelta(minutes=1)
        with pytest.raises(LeaseTaken, match="process 7"):
            lease.beat()
    assert Lease.objects.get().owner == "another, process 7, x"


@real
def test_the_keeper_outlives_a_database_that_fails(
    quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    prolong, failures = HeldLease._prolong, [OperationalError("gone"), OperationalError("gone")]

    def failing(self: HeldLease, now: datetime) -> bool:
        if failures:
            raise failures.pop()
        return prolong(self, now)

    monkeypatch.setattr(HeldLease, "_prolong", failing)
    lease = HeldLease(NAME)
    before = until()
    with lease.kept():
        assert comes(lambda: until() > before)
    assert not failures


@simple
def test_inside_a_transaction_nobody_else_could_see_it(quick: None) -> None:
    lease = HeldLease(NAME)
    with lease.kept():
        assert not [one for one in threading.enumerate() if one.name == "mango-lease"]
