"""Imports against the sandbox over real HTTP: windows, repeats, overlaps, true counters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone

from django_mango.client import Client
from django_mango.models import Account, Call, CallRecord, Lease, StatsImport
from django_mango.sandbox import Sandbox
from django_mango.services import ImportRunning, Progress, import_statistics
from django_mango.services.errors import PeriodRefused
from django_mango.services.importing import batches
from django_mango.services.leases import LIFETIME, HeldLease, LeaseTaken
from django_mango.testing import running_sandbox
from tests.services.calling_bench import Service, reply
from tests.services.import_bench import (
    FakeClock,
    Story,
    calls_of,
    deliver,
    importer,
    make_account,
    records_of,
    whole_story,
)

pytestmark = pytest.mark.django_db

END = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
DAYS = 60
SINCE = END - timedelta(days=DAYS)


@pytest.fixture(scope="module")
def history() -> Iterator[Sandbox]:
    with running_sandbox(
        calls=150,
        days=DAYS,
        history_end=END.timestamp(),
        statistics_delay=0,
        enforce_limits=False,
    ) as pbx:
        yield pbx


@pytest.fixture
def client(history: Sandbox) -> Iterator[Client]:
    with importer(history.url) as client:
        yield client


@pytest.fixture
def account() -> Account:
    return make_account()


def test_sixty_days_come_in_three_windows_that_share_their_edges(
    account: Account, client: Client
) -> None:
    report = import_statistics(account, SINCE, END, client=client)
    assert report.ok
    assert [(item.since, item.until) for item in report.windows] == [
        (SINCE, SINCE + timedelta(days=28)),
        (SINCE + timedelta(days=28), SINCE + timedelta(days=56)),
        (SINCE + timedelta(days=56), END),
    ]
    for window in StatsImport.objects.all():
        assert window.state == StatsImport.State.DONE
        assert window.complete_until == window.until
        assert window.finished_at is not None
        assert (window.attempts, window.error, window.bad_rows) == (1, "", [])
    assert Call.objects.count() == 150
    assert report.rows == CallRecord.objects.count() == report.new > 300
    assert report.calls == 150
    assert not Lease.objects.exists()


def test_again_nothing_is_written(account: Account, client: Client) -> None:
    import_statistics(account, SINCE, END, client=client)
    rows, calls = list(CallRecord.objects.order_by("pk").values()), calls_of(account)
    again = import_statistics(account, SINCE, END, client=client)
    assert (again.new, again.changed, again.bad, again.calls) == (0, 0, 0, 0)
    assert again.unchanged == again.rows == len(rows)
    assert list(CallRecord.objects.order_by("pk").values()) == rows
    assert calls_of(account) == calls


@pytest.mark.parametrize("window", [timedelta(days=3), timedelta(days=11, seconds=7)])
def test_overlapped_in_small_windows_and_backwards_it_is_the_same(
    account: Account, client: Client, window: timedelta
) -> None:
    import_statistics(account, SINCE, END, client=client)
    other = make_account("second")
    middle = SINCE + timedelta(days=25)
    for since, until in (
        (middle, END),
        (SINCE, middle + timedelta(days=9)),
        (middle - timedelta(days=2), middle + timedelta(hours=1)),
    ):
        assert import_statistics(other, since, until, window=window, client=client).ok
    assert records_of(other) == records_of(account)
    assert calls_of(other) == calls_of(account)


def test_small_batches_give_the_same_rows_and_counters(
    account: Account, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = import_statistics(account, SINCE, END, client=client)
    monkeypatch.setattr(batches, "BATCH", 7)
    other = make_account("second")
    parts = import_statistics(other, SINCE, END, client=client)
    assert (parts.rows, parts.new, parts.changed, parts.unchanged, parts.bad) == (
        (whole.rows, whole.new, whole.changed, whole.unchanged, whole.bad)
    )
    assert records_of(other) == records_of(account)
    assert calls_of(other) == calls_of(account)


def test_rows_of_a_shared_edge_second_are_one(account: Account, client: Client) -> None:
    import_statistics(account, SINCE, END, client=client)
    edge = CallRecord.objects.order_by("started_at")[100].started_at
    assert edge is not None
    expected = records_of(account)
    other = make_account("second")
    first = import_statistics(other, SINCE, edge, client=client)
    second = import_statistics(other, edge, END, client=client)
    assert second.unchanged >= 1
    assert first.rows + second.rows == len(expected) + second.unchanged
    assert records_of(other) == expected


def test_progress_tells_the_truth(account: Account, client: Client) -> None:
    told: list[Any] = []

    class Listening(Progress):
        def started(self, windows: int) -> None:
            told.append(windows)

        def window_started(self, index: int, total: int, since: Any, until: Any) -> None:
            told.append((index, total, since, until))

        def rows_read(self, count: int) -> None:
            told.append(count)

        def window_done(self, window: StatsImport) -> None:
            told.append((window.state, window.rows))

    report = import_statistics(
        account, SINCE, END, window=timedelta(days=30 - 2), progress=Listening(), client=client
    )
    edges = [SINCE, SINCE + timedelta(days=28), SINCE + timedelta(days=56), END]
    expected: list[Any] = [3]
    for index, window in enumerate(report.windows, 1):
        expected += [(index, 3, edges[index - 1], edges[index])]
        expected += [window.rows] if window.rows else []
        expected += [("done", window.rows)]
    assert told == expected


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    story = whole_story()
    with story.pbx:
        yield story


@pytest.mark.parametrize("first", ["webhooks", "statistics", "between"])
def test_webhooks_and_statistics_meet_in_the_same_calls(
    account: Account, story: Story, first: str
) -> None:
    deliveries = story.deliveries()
    half = len(deliveries) // 2 if first == "between" else len(deliveries)
    with importer(story.pbx.url) as client:
        if first == "statistics":
            assert import_statistics(account, story.since, timezone.now(), client=client).ok
            deliver(account, deliveries)
        else:
            deliver(account, deliveries[:half])
            assert import_statistics(account, story.since, timezone.now(), client=client).ok
            deliver(account, deliveries[half:])
        found = calls_of(account)
        # The reference: everything stored, then computed in one go.
        other = make_account("second")
        deliver(other, deliveries)
        import_statistics(other, story.since, timezone.now(), client=client)
    assert found == calls_of(other)
    assert len(found) == len(story.conversations())
    assert all("basic" in call["sources"] and call["is_final"] for call in found.values())


def test_events_alone_statistics_alone_and_both_agree(account: Account, story: Story) -> None:
    """What a lost webhook would have told comes with the statistics."""
    deliver(account, story.deliveries())
    by_events = calls_of(account)
    other = make_account("second")
    with importer(story.pbx.url) as client:
        import_statistics(other, story.since, timezone.now(), client=client)
    by_records = calls_of(other)
    assert by_records.keys() == by_events.keys()
    # A callback whose employee did not answer is one row, which looks like a missed call.
    unknowable = {
        entry_id for entry_id, call in by_events.items() if call["outcome"] == "cancelled"
    }
    assert len(unknowable) == 2
    for entry_id, call in by_records.items():
        if entry_id in unknowable:
            continue
        for name in ("direction", "state", "client_number", "started_at", "outcome", "ended_at"):
            assert call[name] == by_events[entry_id][name], (name, call, by_events[entry_id])


NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("since", "until", "window", "code"),
    [
        (SINCE, SINCE, None, "upside_down"),
        (END, SINCE, None, "upside_down"),
        (NOW + timedelta(days=1), NOW + timedelta(days=2), None, "future"),
        (SINCE.replace(tzinfo=None), END, None, "naive"),
        (SINCE, END.replace(tzinfo=None), None, "naive"),
        (SINCE, END, timedelta(days=29), "window"),
        (SINCE, END, timedelta(0), "window"),
        (SINCE, END, timedelta(days=-1), "window"),
        (datetime(1, 1, 1, tzinfo=UTC), END, None, "too_early"),
    ],
)
def test_a_senseless_period_is_refused_before_anything_is_sent(
    account: Account,
    service: Service,
    since: datetime,
    until: datetime,
    window: timedelta | None,
    code: str,
) -> None:
    with importer(service.url) as client, pytest.raises(PeriodRefused) as caught:
        import_statistics(account, since, until, window=window, client=client)
    assert caught.value.code == code
    assert "\n" not in str(caught.value)
    assert service.requests == []
    assert not StatsImport.objects.exists()
    assert not Lease.objects.exists()


def test_the_future_is_cut_off(account: Account, service: Service) -> None:
    service.answers(reply({"key": "k=="}), reply(b"", kind="text/csv"))
    since = timezone.now() - timedelta(hours=1)
    with importer(service.url) as client:
        report = import_statistics(account, since, since + timedelta(days=400), client=client)
    (window,) = report.windows
    assert window.until <= timezone.now()
    # Calls of the last minutes may be missing in statistics still.
    assert window.complete_until is not None
    assert window.complete_until < window.until
    asked = service.requests[0].payload
    assert asked["date_to"] == str(int(window.until.timestamp()))
    assert asked["fields"].startswith("entry_id,")
    assert asked["fields"].endswith(",location")
    assert json.dumps(asked).count("date_from") == 1


def test_who_imports_is_told_and_the_other_waits_for_nothing(
    account: Account, service: Service
) -> None:
    lease = HeldLease(f"import:{account.alias}")
    with importer(service.url) as client:
        with pytest.raises(ImportRunning) as caught:
            import_statistics(account, SINCE, END, client=client)
        assert "process" in str(caught.value)
        assert service.requests == []
        lease.release()
        service.answers(reply({"key": "k"}), *[reply(b"", kind="text/csv")] * 3)
        assert import_statistics(account, END - timedelta(days=1), END, client=client).ok


def test_accounts_do_not_wait_for_each_other(account: Account, client: Client) -> None:
    lease = HeldLease("import:second")
    assert import_statistics(account, END - timedelta(days=3), END, client=client).ok
    lease.release()


def test_an_expired_lease_is_taken_over_and_its_windows_are_closed(
    account: Account, client: Client
) -> None:
    """What a killed process leaves: a lease, and a window that looks running."""
    Lease.objects.create(
        name="import:default", owner="gone", until=timezone.now() - timedelta(seconds=1)
    )
    left = StatsImport.objects.create(
        account=account,
        since=SINCE,
        until=END,
        started_at=timezone.now(),
        state=StatsImport.State.LOADING,
    )
    assert import_statistics(account, END - timedelta(days=3), END, client=client).ok
    left.refresh_from_db()
    assert (left.state, left.error) == (StatsImport.State.FAILED, "interrupted")
    assert left.finished_at is not None
    assert not Lease.objects.exists()


def test_a_lease_lost_in_the_middle_stops_the_import(
    account: Account, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_mango.services.leases._BEAT", timedelta(0))

    class Robbed(Progress):
        def rows_read(self, count: int) -> None:
            Lease.objects.update(owner="another process, 7, x")

    with pytest.raises(ImportRunning, match="another process, 7"):
        import_statistics(account, SINCE, END, progress=Robbed(), client=client)
    # Nothing of the other's was touched, and what was stored is whole.
    assert Lease.objects.get().owner == "another process, 7, x"
    assert StatsImport.objects.filter(state=StatsImport.State.FAILED).count() == 1
    assert not StatsImport.objects.filter(state=StatsImport.State.LOADING).exists()
    stored = set(CallRecord.objects.values_list("entry_id", flat=True))
    assert stored == set(Call.objects.values_list("entry_id", flat=True)) != set()
    Lease.objects.all().delete()
    other = make_account("second")
    for one in (account, other):
        import_statistics(one, SINCE, END, client=client)
    assert records_of(account) == records_of(other)


def test_a_lease_is_kept_through_a_long_wait(
    account: Account, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rate limit for minutes, an early readiness notification: the lease is beaten on."""
    monkeypatch.setattr("django_mango.services.leases._BEAT", timedelta(0))
    clock = FakeClock()
    beats = [clock()]
    beat = HeldLease.beat

    def heard(self: HeldLease) -> None:
        beat(self)
        beats.append(clock())

    monkeypatch.setattr(HeldLease, "beat", heard)
    too_fast = reply({"status": 429, "code": 0}, 429)
    csv = reply(b"", kind="text/csv")
    service.answers(reply({"key": "k"}), *[too_fast] * 9, *[reply(b"", 204)] * 30, csv)
    with importer(service.url, clock) as client:
        assert import_statistics(account, END - timedelta(days=1), END, client=client).ok
    assert clock() - beats[0] > 2 * LIFETIME.total_seconds()
    # The gate holds back half a minute at most, the rest is waited for in half seconds.
    longest = max(later - earlier for earlier, later in pairwise([*beats, clock()]))
    assert longest <= LIFETIME.total_seconds() / 3


def test_the_second_of_two_leases_is_refused_and_names_the_first() -> None:
    first = HeldLease("import:x")
    with pytest.raises(LeaseTaken) as caught:
        HeldLease("import:x")
    assert caught.value.owner in Lease.objects.get().owner
    first.release()
    HeldLease("import:x").release()
