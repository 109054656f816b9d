"""Conditions with long lists of ids find the same as the ORM's own, on each database."""

from __future__ import annotations

import pytest
from django.db import connection

from django_mango.models import Account, Recording
from django_mango.services.lists import among
from tests.services.import_bench import make_account

pytestmark = pytest.mark.django_db

IDS = ["MToxMDA=", "null", "NULL", "+79161234567", "sip:a@b.c", "x/y-z_1", "it's", 'a"b', "a{b},c"]


@pytest.fixture
def account() -> Account:
    account = make_account()
    for number in IDS:
        Recording.objects.create(account=account, recording_id=number, entry_id=number[:3])
    return account


def found(values: list[str], *, is_key: bool = True) -> set[str]:
    rows = Recording.objects.filter(among("recording_id", values, is_key=is_key))
    return set(rows.values_list("recording_id", flat=True))


@pytest.mark.parametrize("is_key", [True, False])
@pytest.mark.parametrize("count", range(len(IDS) + 1))
def test_what_is_listed_is_found(account: Account, count: int, is_key: bool) -> None:
    assert found([*IDS[:count], "unknown"], is_key=is_key) == set(IDS[:count])


def test_nothing_is_among_nothing(account: Account) -> None:
    assert found([]) == set()
    assert found([""]) == set()
    Recording.objects.filter(recording_id="null").update(recording_id="")
    assert found([""]) == {""}


@pytest.mark.parametrize("is_key", [True, False])
def test_keys_are_numbers(account: Account, is_key: bool) -> None:
    keys = sorted(Recording.objects.values_list("pk", flat=True))[:3]
    rows = Recording.objects.filter(among("pk", [*keys, 10**12], is_key=is_key))
    assert sorted(rows.values_list("pk", flat=True)) == keys


def test_beside_other_conditions_and_taken_back(account: Account) -> None:
    rows = Recording.objects.filter(among("recording_id", IDS[:3]), account=account, entry_id="MTo")
    assert rows.get().recording_id == IDS[0]
    others = Recording.objects.exclude(among("recording_id", IDS[:6]))
    assert others.count() == len(IDS) - 6


def test_postgresql_is_not_shown_the_values_of_a_key() -> None:
    """It would estimate each of them, and go through the whole table for so many."""
    for is_key in (True, False):
        sql = str(Recording.objects.filter(among("recording_id", IDS[:2], is_key=is_key)).query)
        is_hidden = is_key and connection.vendor == "postgresql"
        assert ("ANY(ARRAY(SELECT unnest(" in sql) is is_hidden
        assert (" IN ('" in sql) is not is_hidden
        # Compared with true, as MySQL compares other conditions, no index would find it.
        assert " = True" not in sql
