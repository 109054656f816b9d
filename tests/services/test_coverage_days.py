"""What is loaded of each day, where the gaps are, and where a scheduled import begins."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from django_mango.models import Account, Call, StatsImport
from django_mango.services import coverage
from django_mango.services.coverage import Day, DayState
from django_mango.services.leases import HeldLease
from django_mango.services.periods import EDGE, Period, day_of, joined, without

pytestmark = pytest.mark.django_db

#: Wednesday, 14:10 in Moscow.
NOW = datetime(2026, 11, 25, 11, 10, tzinfo=UTC)
TODAY = date(2026, 11, 25)
SETTLE = timedelta(minutes=5)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def account() -> Account:
    return Account.objects.create(alias="default")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.get_current_timezone())


def window(account: Account, since: datetime, until: datetime, **fields: Any) -> StatsImport:
    """A window that is done, asked for when it ended, unless said otherwise."""
    asked = fields.pop("started_at", max(until, since))
    values: dict[str, Any] = {
        "state": StatsImport.State.DONE,
        "complete_until": min(until, asked - SETTLE),
        "started_at": asked,
        "finished_at": asked + timedelta(seconds=20),
        **fields,
    }
    return StatsImport.objects.create(account=account, since=since, until=until, **values)


def failed(account: Account, since: datetime, until: datetime, **fields: Any) -> StatsImport:
    return window(
        account,
        since,
        until,
        state=StatsImport.State.FAILED,
        complete_until=None,
        error="no answer",
        **fields,
    )


def day(account: Account, when: date = TODAY, kind: str = "basic") -> Day:
    (found,) = coverage.days(account, when, when, kind)
    return found


class TestCompleteUntil:
    def test_nothing_was_ever_loaded(self, account: Account) -> None:
        failed(account, NOW - DAY, NOW)
        assert coverage.complete_until(account) is None
        assert coverage.first_loaded(account) is None

    def test_a_window_counts_up_to_its_settled_end(self, account: Account) -> None:
        window(account, NOW - DAY, NOW)
        assert coverage.complete_until(account) == NOW - SETTLE

    def test_a_window_asked_for_at_once_covers_nothing(self, account: Account) -> None:
        window(account, NOW - timedelta(minutes=3), NOW)
        assert coverage.complete_until(account) is None

    def test_neighbours_and_overlaps_are_one_stretch(self, account: Account) -> None:
        start = NOW - 3 * DAY
        window(account, start, start + DAY, started_at=NOW)
        window(account, start + DAY, start + 2 * DAY, started_at=NOW)
        window(account, start + 2 * DAY + EDGE, start + 2 * DAY + HOUR, started_at=NOW)
        window(account, start + HOUR, start + 2 * HOUR, started_at=NOW)
        assert coverage.complete_until(account) == start + 2 * DAY + HOUR

    def test_a_window_that_failed_holds_the_end_back(self, account: Account) -> None:
        start = NOW - 3 * DAY
        window(account, start, start + DAY, started_at=NOW)
        failed(account, start + DAY, start + 2 * DAY, started_at=NOW)
        window(account, start + 2 * DAY, NOW)
        assert coverage.complete_until(account) == start + DAY

    def test_an_island_of_years_ago_holds_nothing_back(self, account: Account) -> None:
        island = NOW - 800 * DAY
        window(account, island, island + DAY, started_at=NOW)
        window(account, NOW - DAY, NOW)
        assert coverage.complete_until(account) == NOW - SETTLE
        assert coverage.first_loaded(account) == island

    def test_a_scheduler_that_stood_still_goes_on_where_it_was(self, account: Account) -> None:
        window(account, NOW - 201 * DAY, NOW - 200 * DAY, started_at=NOW)
        assert coverage.complete_until(account) == NOW - 200 * DAY

    def test_kinds_and_accounts_do_not_mix(self, account: Account) -> None:
        other = Account.objects.create(alias="other")
        window(account, NOW - DAY, NOW, kind="extended")
        window(other, NOW - DAY, NOW)
        assert coverage.complete_until(account) is None
        assert coverage.complete_until(account, "extended") == NOW - SETTLE


class TestGaps:
    def test_everything_is_a_gap_of_an_empty_account(self, account: Account) -> None:
        assert coverage.gaps(account, NOW - DAY, NOW) == [Period(NOW - DAY, NOW - SETTLE)]

    def test_the_parts_between_in_order(self, account: Account) -> None:
        start = NOW - 3 * DAY
        window(account, start + DAY, start + DAY + HOUR, started_at=NOW)
        window(account, start - HOUR, start + HOUR, started_at=NOW)
        failed(account, start + HOUR, start + DAY, started_at=NOW)
        assert coverage.gaps(account, start, start + 2 * DAY) == [
            Period(start + HOUR, start + DAY),
            Period(start + DAY + HOUR, start + 2 * DAY),
        ]
        assert coverage.gaps(account, start - HOUR, start + HOUR) == []

    def test_what_cannot_be_complete_yet_is_none(self, account: Account) -> None:
        window(account, NOW - DAY, NOW)
        assert coverage.gaps(account, NOW - DAY, NOW) == []
        assert coverage.gaps(account, NOW, NOW + DAY) == []


class TestDays:
    def test_yesterday_is_complete_and_today_loaded_until_now(self, account: Account) -> None:
        done = window(account, local("2026-11-20T00:00"), NOW)
        complete, today = day(account, TODAY - DAY), day(account)
        assert complete.state is DayState.COMPLETE
        assert (complete.missing, complete.to_load) == ((), None)
        assert complete.imported_at == done.finished_at
        assert complete.window == done.pk
        assert today.state is DayState.PARTLY
        assert today.loaded == Period(local("2026-11-25T00:00"), local("2026-11-25T14:05"))
        assert today.missing == (Period(local("2026-11-25T14:05"), NOW),)

    def test_the_first_day_is_loaded_from_the_moment_asked_for(self, account: Account) -> None:
        window(account, local("2026-11-22T14:10"), NOW)
        first = day(account, date(2026, 11, 22))
        assert first.state is DayState.PARTLY
        assert first.loaded == Period(local("2026-11-22T14:10"), local("2026-11-23T00:00"))
        assert first.to_load == Period(local("2026-11-22T00:00"), local("2026-11-22T14:10"))
        before = day(account, date(2026, 11, 21))
        assert (before.state, before.loaded) == (DayState.NEVER, None)

    def test_a_hole_between_is_a_gap(self, account: Account) -> None:
        window(account, local("2026-11-20T00:00"), local("2026-11-22T09:00"), started_at=NOW)
        window(account, local("2026-11-22T11:30"), NOW)
        hole = day(account, date(2026, 11, 22))
        assert hole.state is DayState.GAP
        assert hole.missing == (Period(local("2026-11-22T09:00"), local("2026-11-22T11:30")),)
        assert hole.to_load == hole.missing[0]

    def test_a_day_nobody_loaded_between_loaded_ones_is_a_gap(self, account: Account) -> None:
        window(account, local("2026-11-20T00:00"), local("2026-11-21T00:00"), started_at=NOW)
        window(account, local("2026-11-24T00:00"), NOW)
        states = [one.state for one in coverage.days(account, date(2026, 11, 19), TODAY)]
        assert states == ["partly", "complete", "gap", "gap", "gap", "complete", "never"]

    def test_the_end_is_a_gap_only_when_it_is_overdue(
        self, account: Account, settings: Any
    ) -> None:
        window(account, local("2026-11-20T00:00"), local("2026-11-24T23:50"))
        assert day(account, TODAY - DAY).state is DayState.PARTLY
        settings.MANGO = {**settings.MANGO, "STATS_ALERT_SECONDS": 3600}
        assert day(account, TODAY - DAY).state is DayState.GAP
        settings.MANGO = {**settings.MANGO, "STATS_ALERT_SECONDS": 0}
        assert day(account, TODAY - DAY).state is DayState.PARTLY

    def test_a_failed_window_says_why_until_another_one_succeeds(self, account: Account) -> None:
        window(account, local("2026-11-20T00:00"), local("2026-11-22T00:00"), started_at=NOW)
        bad = failed(
            account, local("2026-11-22T00:00"), local("2026-11-23T00:00"), started_at=NOW - HOUR
        )
        window(account, local("2026-11-23T00:00"), NOW)
        found = day(account, date(2026, 11, 22))
        assert (found.state, found.error, found.window) == (DayState.FAILED, "no answer", bad.pk)
        window(account, local("2026-11-22T00:00"), local("2026-11-23T00:00"), started_at=NOW)
        found = day(account, date(2026, 11, 22))
        assert (found.state, found.error) == (DayState.COMPLETE, "")

    def test_a_failure_that_is_not_overdue_is_told_without_alarm(self, account: Account) -> None:
        window(account, local("2026-11-20T00:00"), NOW - HOUR)
        failed(account, NOW - HOUR, NOW)
        found = day(account)
        assert (found.state, found.error) == (DayState.PARTLY, "no answer")

    def test_a_first_try_that_failed_is_no_day_nobody_asked_for(self, account: Account) -> None:
        failed(account, local("2026-11-20T00:00"), NOW)
        assert day(account, date(2026, 11, 22)).state is DayState.FAILED
        assert day(account, date(2026, 11, 19)).state is DayState.NEVER

    @pytest.mark.parametrize("state", ["requested", "loading"])
    def test_a_running_window_runs_as_long_as_its_lease(self, account: Account, state: str) -> None:
        window(account, local("2026-11-20T00:00"), local("2026-11-22T00:00"), started_at=NOW)
        window(
            account,
            local("2026-11-22T00:00"),
            NOW,
            state=state,
            complete_until=None,
            finished_at=None,
        )
        lease = HeldLease(coverage.import_lease(account))
        assert coverage.is_importing(account)
        assert day(account, date(2026, 11, 23)).state is DayState.RUNNING
        assert day(account, date(2026, 11, 21)).state is DayState.COMPLETE
        lease.release()
        assert not coverage.is_importing(account)
        assert day(account, date(2026, 11, 23)).state is DayState.FAILED

    def test_rows_not_understood_are_told(self, account: Account) -> None:
        window(account, local("2026-11-20T00:00"), NOW, bad=3)
        assert day(account).bad == 3
        window(account, local("2026-11-25T00:00"), NOW)
        assert day(account).bad == 0

    def test_nothing_ever(self, account: Account) -> None:
        assert [one.state for one in coverage.days(account, TODAY - DAY, TODAY + DAY)] == [
            "never",
            "never",
        ]
        assert coverage.days(account, TODAY + DAY, TODAY + 2 * DAY) == []

    def test_calls_are_counted_in_the_days_of_the_reader(self, account: Account) -> None:
        other = Account.objects.create(alias="other")
        for number, moment in enumerate(
            ["2026-11-23T23:59:59", "2026-11-24T00:00", "2026-11-24T23:59:59", "2026-11-25T00:00"]
        ):
            Call.objects.create(account=account, entry_id=str(number), started_at=local(moment))
        Call.objects.create(account=other, entry_id="0", started_at=local("2026-11-24T12:00"))
        found = coverage.days(account, TODAY - 2 * DAY, TODAY)
        assert [one.calls for one in found] == [1, 2, 1]
        with timezone.override("UTC"):
            found = coverage.days(account, TODAY - 2 * DAY, TODAY)
            assert [one.calls for one in found] == [0, 2, 2]

    def test_queries_do_not_grow_with_days_and_windows(self, account: Account) -> None:
        for number in range(40):
            window(account, NOW - (number + 1) * DAY, NOW - number * DAY, started_at=NOW)
        for first in (TODAY, TODAY - 60 * DAY):
            with CaptureQueriesContext(connection) as queries:
                coverage.days(account, first, TODAY)
            assert len(queries) == 4


@pytest.mark.parametrize(
    ("zone", "when", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/Santiago", date(2026, 9, 6), 23),  # the clock skips midnight
        ("America/Havana", date(2026, 11, 1), 25),  # midnight comes twice
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Europe/Moscow", date(2026, 3, 29), 24),
    ],
)
def test_days_are_as_long_as_the_zone_makes_them(
    account: Account, zone: str, when: date, hours: float
) -> None:
    with timezone.override(zone):
        whole = day_of(when)
        assert whole.length == timedelta(hours=hours)
        assert day_of(when - DAY).until == whole.since
        window(account, whole.since, whole.until, started_at=NOW)
        window(account, whole.until, NOW)
        found = {one.date: one.state for one in coverage.days(account, when - DAY, when + DAY)}
    assert [found[when - DAY], found[when], found[when + DAY]] == ["never", "complete", "complete"]


moments = st.integers(0, 40).map(lambda hours: NOW + timedelta(hours=hours))
periods = st.tuples(moments, moments).map(lambda two: Period(min(two), max(two)))


@given(st.lists(periods, max_size=8), periods)
def test_what_is_left_and_what_is_covered_make_the_whole(
    covered: list[Period], whole: Period
) -> None:
    stretches = joined(covered)
    left = without(whole, stretches)
    inside = [part for one in stretches if (part := one.within(whole))]
    assert joined([*left, *inside]) == ([whole] if whole.length else [])
    assert not any(one.overlaps(other) for one in left for other in covered)
    assert joined(reversed(stretches)) == stretches


@given(st.lists(periods.filter(lambda one: one.length > timedelta(0)), min_size=1, max_size=7))
def test_the_database_finds_the_first_gap_as_the_functions_do(covered: list[Period]) -> None:
    account = Account.objects.get_or_create(alias="default")[0]
    StatsImport.objects.all().delete()
    for one in covered:
        window(account, one.since, one.until, started_at=NOW + 100 * HOUR)
    assert coverage.complete_until(account) == joined(covered)[0].until
