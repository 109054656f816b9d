"""What is looked for among millions of calls is found by an index, on every database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_mango.models import Account, Call, Command
from django_mango.services.concern import Concern
from django_mango.services.settling import differing
from tests.services.import_bench import make_account

pytestmark = pytest.mark.django_db(transaction=True)

ALL = 3000
CLIENTS = 300
BEFORE = "0013_party_accounts"


@pytest.fixture
def account() -> Account:
    return make_account()


def client(place: int) -> str:
    return f"+7916000{place % CLIENTS:04}"


def fill(account: Account) -> None:
    """Three thousand finished calls, one in fifty missed, and one that goes on."""
    now = timezone.now()
    command = Command.objects.create(account=account, command_id="one", created_at=now)
    Call.objects.bulk_create(
        Call(
            account=account,
            entry_id=f"call{place:05}",
            state="ringing" if place == 0 else "finished",
            outcome="missed" if place % 50 == 1 else "answered",
            is_missed=place % 50 == 1,
            client_number=client(place),
            started_at=now - timedelta(hours=place),
            answered_at=None if place % 50 == 1 else now - timedelta(hours=place),
            command=command if place == 0 else None,
        )
        for place in range(ALL)
    )
    Call.objects.filter(entry_id="call00051").update(
        missed_resolved_by=Call.objects.get(entry_id="call00050"), missed_resolved_at=now
    )
    with connection.cursor() as cursor:
        table = " TABLE" if connection.vendor == "mysql" else ""
        cursor.execute(f"ANALYZE{table} {Call._meta.db_table}")


QUERIES: dict[str, Callable[[], Any]] = {
    "mango_call_state": lambda: Call.objects.live(),
    "mango_call_command": lambda: Call.objects.filter(command=Command.objects.get().pk),
    "mango_call_settler": lambda: Call.objects.filter(missed_resolved_by__in=[1, 2]),
    "mango_call_talk": lambda: Call.objects.talks().filter(
        client_number=client(7), answered_at__gt=timezone.now() - timedelta(days=1)
    ),
}


@pytest.mark.parametrize("index", QUERIES)
def test_few_calls_of_many_are_found_by_their_index(account: Account, index: str) -> None:
    fill(account)
    plan = QUERIES[index]().order_by().explain()
    assert index in plan


def test_so_are_calls_of_one_state_that_goes_on(account: Account) -> None:
    """As the filter of the list asks."""
    fill(account)
    assert "mango_call_state" in Call.objects.filter(state="ringing")[:100].explain()


@pytest.mark.database("postgresql")
def test_missed_calls_are_found_by_an_index_of_missed_calls(account: Account) -> None:
    fill(account)
    assert "mango_call_missed" in Call.objects.missed()[:1].explain()
    is_open = Call.objects.missed().filter(client_number=client(51), missed_resolved_at=None)
    assert "mango_call_settled" in is_open.order_by().explain()


@pytest.mark.database("mariadb")
def test_an_import_is_told_the_index_of_what_may_change(account: Account) -> None:
    """Left alone, a growing table goes through every call of each client, for each batch.

    What it would choose hangs on what it has counted of the table by then: seen after some
    hundred thousand rows (``benchmarks.stats_import --scale``), in no table as small as this.
    """
    now = timezone.now()
    concern = Concern(talked={client(1)}, since=now, until=now)
    with CaptureQueriesContext(connection) as asked:
        differing(account, concern, concern.parts(Call.objects.all()))
    told = [query["sql"] for query in asked if "`mango_call_settled`" in query["sql"]]
    assert len(told) == 2
    assert all("in_predicate_conversion_threshold=0" in sql for sql in told)


def indexes() -> dict[tuple[str, ...], str]:
    """The columns of the indexes of calls that are no keys, and how each is defined."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, Call._meta.db_table)
    return {
        tuple(one["columns"]): name
        for name, one in found.items()
        if one["index"] and not one["unique"] and not one["primary_key"]
    }


@pytest.fixture
def _migrated_at_last() -> Iterator[None]:
    yield
    call_command("migrate", verbosity=0)


@pytest.mark.usefixtures("_migrated_at_last")
def test_a_filled_database_is_migrated_there_and_back(account: Account) -> None:
    now = indexes()
    fill(account)
    rows = sorted(Call.objects.values_list())
    for _turn in range(2):
        call_command("migrate", "django_mango", BEFORE, verbosity=0)
        before = indexes()
        assert sorted(before) == sorted(now)
        assert before["command_id",] != "mango_call_command"
        call_command("migrate", verbosity=0)
        assert indexes() == now
    assert sorted(Call.objects.values_list()) == rows
