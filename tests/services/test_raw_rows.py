"""Rows as the driver hands them out: the same values as by the ORM, on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Count

from django_mango.models import Account, Call, CallRecord
from django_mango.services.raw_rows import as_datetime, moment_of, raw_rows

pytestmark = pytest.mark.django_db

#: Whole seconds, parts of them, and what a binary fraction cannot be exactly.
MOMENTS = [
    datetime(2026, 3, 2, 10, 11, 12, microsecond, tzinfo=UTC)
    for microsecond in (0, 1, 999_999, 500_000, 123_456, 100_000, 333_333)
]


@pytest.fixture
def account() -> Account:
    return Account.objects.create(alias="default")


def call(account: Account, entry_id: str, started_at: datetime | None) -> Call:
    return Call.objects.create(account=account, entry_id=entry_id, started_at=started_at)


def test_texts_numbers_and_what_is_unknown(account: Account) -> None:
    one = call(account, "e\"1'\\ё", None)
    two = call(account, "e2", None)
    assert sorted(map(tuple, raw_rows(Call.objects.all(), "pk", "entry_id", "talk_seconds"))) == [
        (one.pk, "e\"1'\\ё", None),
        (two.pk, "e2", None),
    ]
    assert raw_rows(Call.objects.filter(entry_id="e3"), "pk") == []


def test_expressions_and_a_limit(account: Account) -> None:
    for entry_id in ("a", "b", "b"):
        CallRecord.objects.create(
            account=account,
            key=f"{entry_id}{CallRecord.objects.count()}",
            entry_id=entry_id,
            first_seen_at=MOMENTS[0],
            changed_at=MOMENTS[0],
        )
    rows = CallRecord.objects.order_by().values("entry_id")
    assert sorted(map(tuple, raw_rows(rows, "entry_id", Count("pk")))) == [("a", 1), ("b", 2)]
    assert len(raw_rows(CallRecord.objects.order_by()[:2], "pk")) == 2


def test_moments_compare_and_come_back_to_the_microsecond(account: Account) -> None:
    for number, moment in enumerate(MOMENTS):
        call(account, str(number), moment)
    call(account, "never", None)
    found = dict(raw_rows(Call.objects.all(), "entry_id", moment_of("started_at")))
    assert found.pop("never") is None
    by_number = [found[str(number)] for number in range(len(MOMENTS))]
    assert [as_datetime(moment) for moment in by_number] == MOMENTS
    assert sorted(by_number) == [by_number[MOMENTS.index(moment)] for moment in sorted(MOMENTS)]
    assert all(as_datetime(moment).utcoffset() == timedelta() for moment in by_number)
