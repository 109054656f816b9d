"""Rows that are written if all of them are new, by every writer: else none of them is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from django_mango.models import Account, CallRecord
from django_mango.services.bulk import Block, block_of, portable, upserts

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 10, 11, 12, tzinfo=UTC)
#: More than a statement of SQLite takes, and than PostgreSQL sends as values.
MANY = 2130
#: Others would have to ask: what they tried would leave locks behind.
TRIES = frozenset({"sqlite", "postgresql"})


@pytest.fixture(params=["portable", "native"])
def tries(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the writer tries."""
    if request.param == "portable":
        monkeypatch.setattr(upserts, "writer_for", lambda *_args: portable)
        return False
    return connection.vendor in TRIES


@pytest.fixture
def account() -> Account:
    return Account.objects.create(alias="default")


def block(account: Account, numbers: Sequence[int], account_pk: int = 0) -> Block:
    return block_of(
        connection,
        CallRecord,
        ("key", "row_digest"),
        [(f"{number:05d}", "1") for number in numbers],
        key=("account_id", "key"),
        update=("row_digest",),
        constants={
            "account_id": account_pk or account.pk,
            "first_seen_at": NOW,
            "changed_at": NOW,
        },
        expects_new=True,
    )


def test_new_rows_are_written(tries: bool, account: Account) -> None:
    rows = block(account, range(MANY))
    with transaction.atomic():
        assert rows.write_new() is tries
    assert CallRecord.objects.count() == (MANY if tries else 0)


@pytest.mark.parametrize("known", [0, 1000, MANY - 1])
def test_one_known_row_and_none_is_written(tries: bool, account: Account, known: int) -> None:
    """The transaction goes on, and the same rows may be written the other way."""
    with transaction.atomic():
        block(account, [known]).write()
        rows = block(account, range(MANY))
        assert rows.write_new() is False
        assert CallRecord.objects.count() == 1
        rows.write()
    assert CallRecord.objects.count() == MANY


def test_other_errors_are_told(tries: bool, account: Account) -> None:
    rows = block(account, range(MANY), account_pk=account.pk + 1000)
    if not tries:
        assert rows.write_new() is False
        return
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.write_new()
        connection.check_constraints()
    assert not CallRecord.objects.exists()


def test_a_row_without_what_it_must_have_is_no_known_row(tries: bool, account: Account) -> None:
    """SQLite refuses both with the same kind of error."""
    rows = block_of(
        connection,
        CallRecord,
        ("key", "row_digest", "location"),
        [(f"{number:05d}", "1", None) for number in range(MANY)],
        key=("account_id", "key"),
        update=("row_digest",),
        constants={"account_id": account.pk, "first_seen_at": NOW, "changed_at": NOW},
        expects_new=True,
    )
    if not tries:
        assert rows.write_new() is False
        return
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.write_new()
    assert not CallRecord.objects.exists()
