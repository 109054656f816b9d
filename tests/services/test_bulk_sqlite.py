"""The writer for SQLite goes to the driver itself, yet behaves as Django's cursor does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from django_mango.models import Account, CallRecord
from django_mango.services.bulk import block_of

NOW = datetime(2026, 3, 2, 10, 11, 12, tzinfo=UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.database("sqlite")]


@pytest.fixture
def account() -> Account:
    return Account.objects.create(alias="default")


@pytest.fixture
def few_parameters(account: Account) -> Iterator[None]:
    """As an old SQLite has it."""
    driver = connection.connection
    before = driver.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 99)
    yield
    driver.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, before)


def put(account: Account, count: int, location: Any = "ivr") -> None:
    block_of(
        connection,
        CallRecord,
        ("key", "row_digest", "location"),
        [(f"{n:04d}", f"{n:x}", location) for n in range(count)],
        key=("account_id", "key"),
        update=("row_digest",),
        constants={"account_id": account.pk, "first_seen_at": NOW, "changed_at": NOW},
    ).write()


def stored() -> list[tuple[str, str, str]]:
    rows = CallRecord.objects.order_by("key").values_list("key", "row_digest", "kind")
    return list(rows)


def expected(count: int) -> list[tuple[str, str, str]]:
    return [(f"{n:04d}", f"{n:x}", "basic") for n in range(count)]


@pytest.mark.parametrize("count", [1, 4, 5, 6, 99, 100, 119, 500, 626, 1000, 1127])
def test_any_number_of_rows(account: Account, count: int) -> None:
    put(account, count)
    assert stored() == expected(count)


@pytest.mark.usefixtures("few_parameters")
@pytest.mark.parametrize("count", [1, 9, 28, 300])
def test_a_statement_has_no_more_parameters_than_allowed(account: Account, count: int) -> None:
    put(account, count)
    assert stored() == expected(count)


def test_logged_queries_have_its_statements_and_values(account: Account) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        put(account, 626)
    assert len(queries) == len((500, 100, 20, 5, 1))
    assert all("INSERT INTO" in query["sql"] for query in queries)
    assert "'0625'" in queries[-1]["sql"]
    assert stored() == expected(626)


def test_wrappers_of_statements_are_called(account: Account) -> None:
    seen: list[str] = []

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        put(account, 2)
    assert [sql.split()[0] for sql in seen] == ["INSERT"] * 2
    assert stored() == expected(2)


@pytest.mark.parametrize("is_watched", [False, True])
def test_errors_are_those_of_django(account: Account, is_watched: bool) -> None:
    connection.force_debug_cursor = is_watched
    try:
        with pytest.raises(IntegrityError), transaction.atomic():
            put(account, 10, location=None)
    finally:
        connection.force_debug_cursor = False
    assert stored() == []


@pytest.mark.parametrize("is_watched", [False, True])
def test_a_broken_transaction_takes_nothing_more(account: Account, is_watched: bool) -> None:
    connection.force_debug_cursor = is_watched
    try:
        with transaction.atomic():
            transaction.set_rollback(True)
            with pytest.raises(TransactionManagementError):
                put(account, 10)
    finally:
        connection.force_debug_cursor = False
    assert stored() == []
