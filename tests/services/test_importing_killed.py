"""Killed at any moment and run again: the same rows and calls as of one clean run."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from django_mango.models import Account, Call, CallRecord, Lease, StatsImport
from django_mango.sandbox import Sandbox
from django_mango.services import (
    Period,
    coverage,
    import_periods,
    import_statistics,
    unfinished_periods,
)
from django_mango.services.caching import forget
from django_mango.testing import running_sandbox
from tests.services.import_bench import calls_of, importer, make_account, records_of
from tests.services.import_processes import batched, children, outcomes

pytestmark = pytest.mark.django_db(transaction=True)

END = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
SINCE = END - timedelta(days=30)
KILLED = -9


@pytest.fixture(scope="module")
def history() -> Iterator[Sandbox]:
    with running_sandbox(
        calls=120, days=30, history_end=END.timestamp(), statistics_delay=0, enforce_limits=False
    ) as pbx:
        yield pbx


@pytest.fixture
def account() -> Account:
    forget()
    return make_account()


def test_killed_again_and_again(account: Account, history: Sandbox) -> None:
    """Each process begins where the last one was killed, at a later statement of a batch."""
    plan = {
        "do": "import",
        "url": history.url,
        "since": SINCE.isoformat(),
        "until": END.isoformat(),
        "batch": 40,
    }
    moments = (12, 19, 33, 64)
    with children(*({**plan, "kill_at": moment} for moment in moments)) as processes:
        for process in processes:
            ((code, told),) = outcomes([process])
            assert code == KILLED, told
            _assert_records_have_their_calls(account)
            # Its lease runs out by itself, two minutes later.
            assert Lease.objects.update(until=timezone.now() - timedelta(seconds=1)) == 1
    assert CallRecord.objects.filter(account=account).count() > 0
    other = make_account("second")
    with importer(history.url) as client:
        resumed = import_statistics(account, SINCE, END, client=client)
        clean = import_statistics(other, SINCE, END, client=client)
    assert resumed.ok
    assert clean.ok
    assert (resumed.rows, resumed.new + resumed.unchanged) == (clean.rows, clean.new)
    assert resumed.unchanged > 0
    assert records_of(account) == records_of(other)
    assert calls_of(account) == calls_of(other)
    dead = StatsImport.objects.filter(account=account, problem="interrupted")
    assert dead.count() == len(moments)
    assert not Lease.objects.exists()


@pytest.mark.parametrize("kind", ["basic", "extended"])
def test_killed_at_twenty_random_moments(account: Account, history: Sandbox, kind: str) -> None:
    """Resumed each time; statements, commits and any moment between them."""
    chance = random.Random()
    how = ["again", "go_on", "resume"]
    plans = [
        {
            "do": "import",
            "url": history.url,
            "since": SINCE.isoformat(),
            "until": END.isoformat(),
            "window": 3,
            "batch": 15,
            "how": chance.choice(how),
            "kind": kind,
            # Some die by the clock, in the middle of whatever they do.
            "kill_at": chance.randrange(2, 60) if number % 4 else 0,
        }
        for number in range(20)
    ]
    killed = 0
    for some in batched(plans, 5):
        with children(*some) as processes:
            for plan, process in zip(some, processes, strict=True):
                after = None if plan["kill_at"] else chance.uniform(0.01, 0.4)
                ((code, told),) = outcomes([process], kill_after=after)
                assert code in (KILLED, 0), (plan, told)
                killed += code == KILLED
                _assert_records_have_their_calls(account, kind)
                Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert killed >= 12, plans
    other = make_account("second")
    with importer(history.url) as client:
        periods = unfinished_periods(account, kind) or [Period(SINCE, END)]
        assert import_periods(account, periods, kind=kind, client=client).ok
        assert import_statistics(other, SINCE, END, kind=kind, client=client).ok
    assert records_of(account) == records_of(other)
    assert calls_of(account) == calls_of(other)
    assert unfinished_periods(account, kind) == []
    assert coverage.gaps(account, SINCE, END, kind) == []
    assert not StatsImport.objects.filter(state__in=("requested", "loading")).exists()


def _assert_records_have_their_calls(account: Account, kind: str = "basic") -> None:
    """No kill parts records from their calls: both came, or neither."""
    records = CallRecord.objects.filter(account=account).exclude(entry_id="")
    with_records = set(records.values_list("entry_id", flat=True))
    calls = Call.objects.filter(account=account)
    assert set(calls.values_list("entry_id", flat=True)) == with_records
    assert not calls.exclude(sources=kind).exists()
    if kind == "extended":
        return  # conversations, legs and members: some end, some do not
    # A call is computed from all of its records that are there.
    for call in calls:
        legs = records.filter(entry_id=call.entry_id)
        assert call.ended_at == max(row.finished_at for row in legs if row.finished_at)


def test_two_importers_of_one_account_and_one_of_another(
    account: Account, history: Sandbox
) -> None:
    make_account("second")
    plan = {
        "do": "import",
        "url": history.url,
        "since": SINCE.isoformat(),
        "until": END.isoformat(),
        "batch": 20,
        "times": 2,
    }
    with children(plan, plan, {**plan, "alias": "second"}) as processes:
        told = outcomes(processes)
    refused = [text for code, text in told if code]
    assert len(refused) <= 1, told
    assert all("ImportRunning" in text and "process" in text for text in refused), told
    assert told[2] == (0, "done")
    accounts = Account.objects.order_by("pk")
    assert records_of(accounts[0]) == records_of(accounts[1])
    assert calls_of(accounts[0]) == calls_of(accounts[1])
