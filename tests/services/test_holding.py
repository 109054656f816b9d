"""What no constraint of the database sees to holds all the same, whoever comes in between."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from django_mango.models import (
    Account,
    Call,
    CallParty,
    Employee,
    EmployeeAddress,
    Notification,
    Recording,
)
from django_mango.services.caching import forget
from django_mango.services.directory import directory_of
from django_mango.services.holding import hold
from django_mango.services.projecting import lock_calls, project_entries, project_locked
from tests.services.calling_bench import Service
from tests.services.import_bench import make_account
from tests.services.telling import (
    LINE,
    TALK,
    Statistics,
    Told,
    event,
    keep,
    row,
    summary,
    tell,
    told,
)

pytestmark = pytest.mark.django_db(transaction=True)
races = pytest.mark.database("postgresql", "mariadb")


def boris(state: str, at: int, seq: int = 1) -> Told:
    """What happens at the telephone of Boris in the call of Anna."""
    kind, text = event("call", state, at, seq=seq)
    to = {"extension": "102", "number": "sip:boris@team.mangosip.ru", "line_number": LINE}
    return told(kind, **{**json.loads(text), "call_id": "call-second-leg", "to": to})


#: Anna talks, Boris is rung as well: he takes part, and it is not his call.
WITH_BORIS: list[Told] = [*TALK[:2], boris("Appeared", 7), *TALK[2:]]


@pytest.fixture
def account() -> Account:
    forget()
    return make_account()


@pytest.fixture(autouse=True)
def _nothing_points_into_the_void(account: Account) -> Iterator[None]:
    """Whatever happened, nothing names what is not there."""
    yield
    employees, calls = Employee.objects.values("pk"), Call.objects.values("pk")
    accounts = Account.objects.values("pk")
    named = CallParty.objects.exclude(employee=None)
    assert not named.exclude(employee__in=list(employees.values_list("pk", flat=True))).exists()
    assert not CallParty.objects.exclude(call__in=list(calls.values_list("pk", flat=True))).exists()
    known = list(accounts.values_list("pk", flat=True))
    for model in (Call, CallParty, Recording):
        assert not model._default_manager.exclude(account__in=known).exists()


def extension(value: str) -> Employee:
    return Employee.objects.get(addresses__kind="extension", addresses__value=value)


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[list[BaseException]]:
    """Run ``work`` in another session, which has to wait for the transaction of the block."""
    failed: list[BaseException] = []

    thread = threading.Thread(target=in_own_session, args=(work, failed))
    with transaction.atomic():
        yield failed
        thread.start()
        thread.join(1)
        assert thread.is_alive(), "it did not wait"
    thread.join(30)
    assert not thread.is_alive()


def in_own_session(work: Callable[[], object], failed: list[BaseException]) -> None:
    try:
        work()
    except DatabaseError as error:
        failed.append(error)
    finally:
        connection.close()


def project(account: Account) -> None:
    project_locked(account, ["call"], directory_of(account))


def test_what_is_held_has_to_be_there(account: Account) -> None:
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(name="written first")
        hold(Account, [account.pk, None, account.pk])
        hold(Employee, [None])
        with pytest.raises(IntegrityError, match="deleted"):
            hold(Employee, [extension("101").pk, 10**9])


def store(account: Account, told: Told) -> None:
    """A notification whose processing is still to come."""
    kind, text = told
    payload = json.loads(text)
    Notification.objects.create(
        account=account,
        kind=kind,
        json=text.decode(),
        entry_id=payload["entry_id"],
        call_id=payload["call_id"],
        digest=hashlib.sha256(text).hexdigest(),
        received_at=timezone.now(),
    )


# Employees


def vanish(account: Account, value: str) -> None:
    """Delete an employee as another process does: this one remembers him."""
    directory_of(account)
    someone = extension(value)
    EmployeeAddress.objects.filter(employee=someone)._raw_delete("default")
    Employee.objects.filter(pk=someone.pk)._raw_delete("default")


def test_who_was_deleted_takes_part_by_his_extension_alone(account: Account) -> None:
    tell(account, *WITH_BORIS[:2])
    vanish(account, "102")
    tell(account, *WITH_BORIS[2:])
    assert CallParty.objects.get(extension="102").employee is None
    assert CallParty.objects.get(extension="101").employee == extension("101")


def test_so_he_does_in_a_batch(account: Account, service: Service) -> None:
    vanish(account, "102")
    lines = [
        row("talk", 0, 60, answered=5),
        row("talk", 0, 4).replace(";101;sip:anna", ";102;sip:b"),
    ]
    assert Statistics(account, service).load(lines).ok
    assert CallParty.objects.get(extension="102").employee is None


def test_and_where_facts_are_read_again(account: Account) -> None:
    keep(account, *WITH_BORIS)
    vanish(account, "102")
    project_entries(account, ["call"])
    assert CallParty.objects.get(extension="102").employee is None


@races
def test_he_is_deleted_when_what_names_him_is_committed(account: Account) -> None:
    keep(account, *WITH_BORIS)
    someone = extension("102")
    with meanwhile(someone.delete) as failed:
        project(account)
        assert CallParty.objects.get(extension="102").employee == someone
    assert failed == []
    assert CallParty.objects.get(extension="102").employee is None


@races
def test_nobody_is_named_whose_deletion_is_not_committed(account: Account) -> None:
    keep(account, *WITH_BORIS)
    directory_of(account)
    with meanwhile(lambda: project_entries(account, ["call"])) as failed:
        extension("102").delete()
    assert failed == []
    assert CallParty.objects.get(extension="102").employee is None


@races
def test_nor_is_he_named_again_with_what_changes_of_his_part(account: Account) -> None:
    tell(account, *WITH_BORIS[:3])
    taken = boris("Connected", 9, seq=2)
    with meanwhile(lambda: tell(account, taken)) as failed:
        extension("102").delete()
    assert failed == []
    party = CallParty.objects.get(extension="102")
    assert party.employee is None
    assert party.answered_at is not None


@races
def test_who_deletes_an_employee_and_who_writes_his_call_do_not_wait_for_each_other(
    account: Account,
) -> None:
    tell(account, *TALK[:2])
    CallParty.objects.all().delete()
    Call.objects.update(participants={})
    anna = extension("101")
    failed: list[BaseException] = []
    thread = threading.Thread(target=in_own_session, args=(anna.delete, failed))
    with transaction.atomic():
        lock_calls(account, ["call"])
        thread.start()
        thread.join(0.5)  # until it waits for the call, which names her
        project(account)
        assert CallParty.objects.get().employee == anna
    thread.join(30)
    assert not thread.is_alive()
    assert failed == []
    assert Call.objects.get().employee is None
    assert CallParty.objects.get().employee is None


# Calls


@races
@pytest.mark.parametrize("how", ["one", "all"])
def test_calls_are_deleted_with_who_is_written_meanwhile(account: Account, how: str) -> None:
    tell(account, *TALK[:2])
    store(account, WITH_BORIS[2])
    call = Call.objects.get()
    work = call.delete if how == "one" else Call.objects.filter(direction="incoming").delete
    with meanwhile(work) as failed:
        project(account)
        assert call.parties.count() == 2
    assert failed == []
    assert not Call.objects.exists()


@races
def test_a_call_deleted_meanwhile_is_made_anew(account: Account) -> None:
    tell(account, *TALK[:2])
    before = Call.objects.get().pk
    with meanwhile(lambda: tell(account, WITH_BORIS[2])) as failed:
        Call.objects.all().delete()
    assert failed == []
    call = Call.objects.get()
    assert call.pk != before
    assert call.parties.count() == 2


def test_calls_are_deleted_by_conditions_of_other_tables(account: Account) -> None:
    tell(account, *WITH_BORIS, summary("other", 0, 10, number="79037654321"))
    deleted = Call.objects.filter(parties__employee=extension("102")).delete()
    assert deleted[1][Call._meta.label] == 1
    assert Call.objects.get().entry_id == "other"


# Accounts


@races
def test_an_account_is_deleted_with_what_is_written_meanwhile(account: Account) -> None:
    tell(account, *TALK[:2])
    store(account, WITH_BORIS[2])
    store(account, event("new", "Appeared", 20))
    with meanwhile(account.delete) as failed:
        project_locked(account, ["call", "new"], directory_of(account))
        assert CallParty.objects.count() == 3
    assert failed == []
    assert not Account.objects.exists()


@races
def test_nothing_is_written_for_an_account_whose_deletion_is_not_committed(
    account: Account,
) -> None:
    store(account, event("new", "Appeared", 20))
    with meanwhile(lambda: project_entries(account, ["new"])) as failed:
        Account.objects.filter(pk=account.pk).get().delete()
    assert [type(error) for error in failed] == [IntegrityError]
    assert not Call.objects.exists()
