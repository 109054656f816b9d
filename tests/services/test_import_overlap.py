"""Statistics over webhooks that told everything already, and the same statistics again."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from benchmarks import stats_overlap
from benchmarks.rewrites import counted_writes
from benchmarks.statistics_body import write_body
from benchmarks.stats_ours import records_alone, records_and_calls
from benchmarks.team import team
from django_mango.models import Account, Call, CallRecord
from django_mango.services.importing import batches

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def body(tmp_path: Path) -> Path:
    path = tmp_path / "body.csv"
    write_body(path, 700)
    return path


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setattr(batches, "BATCH", 90)  # conversations lie across the edges
    return team()


def test_nothing_is_twice_and_no_leg_is_lost(account: Account, body: Path) -> None:
    told = stats_overlap.store_webhooks(body, account)
    before = dict(Call.objects.values_list("entry_id", "pk"))
    assert told["calls"] == len(before) > 200
    figures = records_and_calls(body, account)
    assert (figures["rows"], figures["new"], figures["bad"]) == (700, 700, 0)
    assert dict(Call.objects.values_list("entry_id", "pk")) == before
    assert set(stats_overlap.wrong(body, account).values()) == {0}


def test_what_is_wrong_is_counted(account: Account, body: Path) -> None:
    """The benchmark's judge sees a lost leg, a lost call and one that only one source knows."""
    records_and_calls(body, account)
    CallRecord.objects.order_by("key").first().delete()  # type: ignore[union-attr] # there are some
    Call.objects.filter(parties__isnull=False).first().delete()  # type: ignore[union-attr]
    found = stats_overlap.wrong(body, account)
    assert found["records more or less than rows"] == 1
    assert found["conversations that lack a leg"] == 1
    assert found["calls more or less than conversations"] == 1
    assert found["people who rang and take no part"] >= 1
    assert found["calls not confirmed by webhooks"] == Call.objects.count()


def test_the_same_again_writes_nothing_at_all(account: Account, body: Path) -> None:
    """Said by the database, not by our counters."""
    records_and_calls(body, account)
    with counted_writes(connection) as writes:
        again = records_and_calls(body, account)
        assert records_alone(body, account)["unchanged"] == 700
        assert (again["unchanged"], again["calls"]) == (700, 0)
        # The triggers do count.
        Call.objects.filter(pk__in=list(Call.objects.values_list("pk", flat=True)[:1])).update(
            extension="x"
        )
    assert dict(writes) == {"UPDATE django_mango_call": 1}
