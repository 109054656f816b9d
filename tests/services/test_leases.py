"""One worker for one piece of work; a killed one blocks nobody for long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from django_mango.models import Lease
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
