"""Transactions that lost against another one are repeated as a whole, on every database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import (
    DatabaseError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)
from django.db.models import F

from django_mango.models import Account, Call, Command
from django_mango.services import InsideTransaction, hang_up, place_call, transactions
from django_mango.services.transactions import repeated, require_autocommit
from tests.services.calling_bench import CLIENT, Service, Team

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses are counted, not waited."""
    slept: list[float] = []
    monkeypatch.setattr(transactions.time, "sleep", slept.append)
    return slept


@pytest.fixture
def rows() -> list[int]:
    return [Account.objects.create(alias=alias).pk for alias in ("one", "two")]


def touch(pk: int) -> None:
    Account.objects.filter(pk=pk).update(name=F("name"))


def in_thread(work: Callable[[], None]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.database("postgresql", "mariadb")
def test_a_deadlock_is_repeated(rows: list[int]) -> None:
    """Two transactions lock two rows crosswise; the victim begins anew and both are done."""
    crossing = threading.Barrier(2)
    attempts: list[str] = []

    def update(name: str, order: list[int]) -> None:
        attempts.append(name)
        first, second = order
        Account.objects.filter(pk=first).update(name=name)
        if attempts.count(name) == 1:
            crossing.wait(30)
        Account.objects.filter(pk=second).update(name=name)

    other = in_thread(lambda: repeated(lambda: update("other", rows)))
    repeated(lambda: update("mine", rows[::-1]))
    other.join(60)
    assert not other.is_alive()
    assert len(attempts) == 3, attempts
    names = set(Account.objects.values_list("name", flat=True))
    assert names in ({"mine"}, {"other"}), "each was done as a whole"


@pytest.mark.database("sqlite")
def test_a_locked_database_is_repeated(rows: list[int], pauses: list[float]) -> None:
    held, give_back, attempts = threading.Event(), threading.Event(), []

    def hold() -> None:
        with transaction.atomic():
            Account.objects.update(name="held")
            held.set()
            assert give_back.wait(30)

    def work() -> str:
        attempts.append(1)
        Account.objects.update(name="mine")
        return "done"

    other = in_thread(hold)
    assert held.wait(30)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 1")
    try:
        with pytest.raises(OperationalError, match="locked"):
            repeated(work)
        assert len(pauses) == 3, "three repeats, then the truth"
        give_back.set()
        other.join(30)
        assert repeated(work) == "done"
    finally:
        connection.close()  # with its time-out
    assert Account.objects.filter(name="mine").count() == 2


@pytest.mark.database("sqlite")
def test_a_click_while_the_database_is_busy(
    team: Team, pbx: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock is given back between two attempts: one command, sent once."""
    held, give_back, released = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Account.objects.update(name="held")
            held.set()
            assert give_back.wait(30)
        released.set()

    def wait_for_the_other(_: float) -> None:
        give_back.set()
        assert released.wait(30)

    monkeypatch.setattr(transactions.time, "sleep", wait_for_the_other)
    other = in_thread(hold)
    assert held.wait(30)
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 1")
        assert place_call(team.anna, CLIENT).status == Command.Status.ACCEPTED
    finally:
        give_back.set()
        other.join(30)
        connection.close()
    assert len(pbx.requests) == 1


def test_other_errors_are_not_repeated(rows: list[int], pauses: list[float]) -> None:
    attempts: list[int] = []

    def twice() -> None:
        attempts.append(1)
        Account.objects.create(alias="one")

    with pytest.raises(IntegrityError):
        repeated(twice)

    def nonsense() -> None:
        attempts.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column FROM django_mango_account")

    with pytest.raises(DatabaseError) as caught:
        repeated(nonsense)
    assert isinstance(caught.value, (OperationalError, ProgrammingError))
    assert len(attempts) == 2
    assert pauses == []


def test_a_failure_leaves_nothing_behind(rows: list[int]) -> None:
    def half() -> None:
        Account.objects.create(alias="three")
        raise ValueError

    with pytest.raises(ValueError):
        repeated(half)
    assert Account.objects.count() == 2


def test_inside_a_transaction_only_its_owner_could_repeat(
    rows: list[int], pauses: list[float]
) -> None:
    attempts: list[int] = []

    def locked() -> None:
        attempts.append(1)
        raise OperationalError("database is locked")

    with transaction.atomic():
        with pytest.raises(OperationalError):
            repeated(locked)
        with pytest.raises(RuntimeError):
            repeated(locked, durable=True)
    assert (len(attempts), pauses) == (1, [])


def test_autocommit(rows: list[int]) -> None:
    require_autocommit()
    with transaction.atomic():
        with pytest.raises(InsideTransaction):
            require_autocommit()
        touch(rows[0])  # the transaction still works
    require_autocommit()
    transaction.set_autocommit(False)
    try:
        with pytest.raises(InsideTransaction):
            require_autocommit()
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


@pytest.mark.django_db
def test_a_test_case_of_the_host_is_no_transaction_of_his() -> None:
    """Tests wrapped into a transaction by Django may place calls."""
    assert connection.in_atomic_block
    require_autocommit()


@pytest.mark.database("mariadb", "postgresql")
def test_a_hang_up_and_a_projection_of_one_call(
    team: Team, pbx: Service, pauses: list[float]
) -> None:
    """They cross without a deadlock, though foreign keys lock parents on MariaDB.

    The projection holds the call and wants the account; the hang-up, which wants the call,
    stands in line on a row nothing refers to.
    """
    call = team.live_call()
    call_held, in_line = threading.Event(), threading.Event()

    def project() -> None:
        Call.objects.filter(pk=call.pk).update(entry_id=F("entry_id"))
        call_held.set()
        assert in_line.wait(30)
        Call.objects.create(account=team.account, entry_id="projected")

    def tell_before_insert(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("INSERT"):
            in_line.set()
        return execute(sql, *rest)

    other = in_thread(lambda: repeated(project))
    assert call_held.wait(30)
    with connection.execute_wrapper(tell_before_insert):
        command = hang_up(team.anna, call)
    other.join(60)
    assert not other.is_alive()
    assert command.status == Command.Status.ACCEPTED
    assert Call.objects.filter(entry_id="projected").exists()
    assert len(pbx.requests) == 1
    assert not pauses
