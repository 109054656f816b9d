"""Which periods there are to load: the latest, what is missing, what dead runs left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_mango.client import Client
from django_mango.models import Account, Call, StatsImport
from django_mango.sandbox import Sandbox
from django_mango.services import (
    Period,
    PeriodRefused,
    Progress,
    already_loaded,
    coverage,
    import_periods,
    latest_periods,
    unfinished_periods,
    windows_to_load,
)
from django_mango.services.importing import batches
from django_mango.testing import running_sandbox
from tests.services.calling_bench import Service, reply
from tests.services.import_bench import importer, make_account

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 12, 0, 0, tzinfo=UTC)
SETTLE, OVERLAP = timedelta(minutes=5), timedelta(hours=6)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def account() -> Account:
    return make_account()


def window(
    account: Account, since: datetime, until: datetime, asked: datetime | None = None, **more: Any
) -> StatsImport:
    """A window as a run leaves it, by default done and asked for at its end."""
    asked = asked or until
    state = more.pop("state", StatsImport.State.DONE)
    complete = min(until, asked - SETTLE) if state == "done" else None
    return StatsImport.objects.create(
        **{
            "account": account,
            "since": since,
            "until": until,
            "started_at": asked,
            "run_started_at": asked,
            "run_since": since,
            "run_until": until,
            "state": state,
            "complete_until": complete,
            **more,
        }
    )


def call(account: Account, start: datetime, end: datetime | None, sources: str = "events") -> Call:
    return Call.objects.create(
        account=account,
        entry_id=f"call {start} {end}",
        state=Call.State.FINISHED if end else Call.State.TALKING,
        started_at=start,
        ended_at=end,
        sources=sources,
    )


class TestLatest:
    def test_nothing_is_known_yet(self, account: Account) -> None:
        assert latest_periods(account) == [Period(NOW - 3 * DAY, NOW)]
        assert latest_periods(None) == [Period(NOW - 3 * DAY, NOW)]

    def test_from_the_complete_end_less_the_overlap(self, account: Account) -> None:
        window(account, NOW - 3 * DAY, NOW - HOUR)
        assert latest_periods(account) == [Period(NOW - HOUR - SETTLE - OVERLAP, NOW)]

    def test_the_overlap_is_a_setting(self, account: Account, settings: Any) -> None:
        settings.MANGO = {**settings.MANGO, "STATS_OVERLAP_SECONDS": 60}
        window(account, NOW - 3 * DAY, NOW - HOUR)
        assert latest_periods(account) == [Period(NOW - HOUR - SETTLE - timedelta(minutes=1), NOW)]

    def test_a_gap_is_loaded_along_and_what_is_complete_is_not(self, account: Account) -> None:
        window(account, NOW - 20 * DAY, NOW - 10 * DAY)
        window(account, NOW - 9 * DAY, NOW - HOUR)
        assert latest_periods(account) == [
            Period(NOW - 10 * DAY - SETTLE - OVERLAP, NOW - 9 * DAY),
            Period(NOW - HOUR - SETTLE - OVERLAP, NOW),
        ]

    def test_a_gap_while_all_else_is_loaded_up_to_now(self, account: Account) -> None:
        window(account, NOW - 20 * DAY, NOW - 10 * DAY)
        window(account, NOW - 9 * DAY, NOW)
        assert latest_periods(account) == [
            Period(NOW - 10 * DAY - SETTLE - OVERLAP, NOW - 9 * DAY),
            Period(NOW - SETTLE - OVERLAP, NOW),
        ]

    def test_a_failed_window_is_none(self, account: Account) -> None:
        window(account, NOW - 3 * DAY, NOW - HOUR)
        window(account, NOW - HOUR, NOW, state="failed", problem="not_ready")
        assert latest_periods(account) == [Period(NOW - HOUR - SETTLE - OVERLAP, NOW)]

    def test_the_other_kind_and_another_account_say_nothing(self, account: Account) -> None:
        window(account, NOW - 3 * DAY, NOW, kind="extended")
        window(make_account("second"), NOW - 3 * DAY, NOW)
        assert latest_periods(account) == [Period(NOW - 3 * DAY, NOW)]

    def test_before_the_first_import_it_begins_at_the_first_call(self, account: Account) -> None:
        call(account, NOW - 9 * DAY, NOW - 9 * DAY + HOUR)
        call(account, NOW - 12 * DAY, NOW - 12 * DAY + HOUR)
        (period,) = latest_periods(account)
        assert period == Period(NOW - 12 * DAY - timedelta(seconds=1), NOW)

    def test_calls_before_the_first_import_are_reached_back_for(self, account: Account) -> None:
        call(account, NOW - 12 * DAY, NOW - 12 * DAY + HOUR)
        window(account, NOW - 3 * DAY, NOW - HOUR)
        (period,) = latest_periods(account)
        assert period == Period(NOW - 12 * DAY - timedelta(seconds=1), NOW)

    def test_a_call_longer_than_the_overlap_is_reached_back_for(self, account: Account) -> None:
        """It stands in statistics after its end only, at its start."""
        window(account, NOW - 3 * DAY, NOW - HOUR)
        long = call(account, NOW - 20 * HOUR, NOW - timedelta(minutes=30))
        (period,) = latest_periods(account)
        assert period == Period(NOW - 20 * HOUR - timedelta(seconds=1), NOW)
        Call.objects.filter(pk=long.pk).update(sources="events,basic")
        assert latest_periods(account) == [Period(NOW - HOUR - SETTLE - OVERLAP, NOW)]

    def test_one_that_statistics_do_not_know_is_given_up(self, account: Account) -> None:
        """Asked for after its end, it was not there: asking for ever would not help."""
        call(account, NOW - 20 * HOUR, NOW - 19 * HOUR)
        window(account, NOW - 3 * DAY, NOW - HOUR)
        assert latest_periods(account) == [Period(NOW - HOUR - SETTLE - OVERLAP, NOW)]

    def test_a_call_that_goes_on_cannot_be_confirmed(self, account: Account) -> None:
        window(account, NOW - 3 * DAY, NOW - HOUR)
        call(account, NOW - 20 * HOUR, None)
        assert latest_periods(account) == [Period(NOW - HOUR - SETTLE - OVERLAP, NOW)]


class TestUnfinished:
    def test_no_run_died(self, account: Account) -> None:
        window(account, NOW - 3 * DAY, NOW - HOUR)
        assert unfinished_periods(account) == []
        assert unfinished_periods(None) == []

    def run(self, account: Account, *states: str, began: datetime = NOW - HOUR) -> list[Any]:
        """A run over five days before ``began``; windows not named were not tried."""
        since = began - 5 * DAY
        return [
            window(
                account,
                since + number * DAY,
                since + (number + 1) * DAY,
                began + number * timedelta(minutes=1),
                state=state,
                run_started_at=began,
                run_since=since,
                run_until=began,
                run_windows=5,
                run_position=number + 1,
                problem="interrupted" if state == "failed" else "",
            )
            for number, state in enumerate(states)
        ]

    def test_what_was_not_tried_and_what_failed(self, account: Account) -> None:
        began, since = NOW - HOUR, NOW - HOUR - 5 * DAY
        self.run(account, "done", "failed", "done")
        assert unfinished_periods(account) == [
            Period(since + DAY, since + 2 * DAY),
            Period(since + 3 * DAY, began),
        ]

    def test_what_was_complete_before_is_left_all_the_same(self, account: Account) -> None:
        """A nightly run reads again what is loaded; killed, it has the same to do still."""
        window(account, NOW - 30 * DAY, NOW - 2 * HOUR)
        self.run(account, "done", "done", "done", "done")
        assert unfinished_periods(account) == [Period(NOW - HOUR - DAY, NOW - HOUR)]

    def test_what_another_run_has_loaded_since_is_not_left(self, account: Account) -> None:
        since = NOW - HOUR - 5 * DAY
        self.run(account, "done", "done", "failed")
        window(account, since + 3 * DAY + HOUR, NOW, NOW)
        left = [Period(since + 2 * DAY, since + 3 * DAY + HOUR)]
        assert unfinished_periods(account) == left
        assert unfinished_periods(account, whole=True) == left
        window(account, since + 3 * DAY - HOUR, NOW, NOW)
        assert unfinished_periods(account) == [Period(since + 2 * DAY, since + 3 * DAY - HOUR)]
        assert unfinished_periods(account, whole=True) == [Period(since + 2 * DAY, since + 3 * DAY)]

    def test_a_run_that_loaded_everything_since(self, account: Account) -> None:
        self.run(account, "failed")
        self.run(account, "done", "done", "done", "done", "done", began=NOW)
        assert unfinished_periods(account) == [Period(NOW - HOUR - 5 * DAY, NOW - 5 * DAY)]

    def test_files_leave_nothing(self, account: Account) -> None:
        window(account, NOW - DAY, NOW, state="failed", file_name="a.csv")
        assert unfinished_periods(account) == []

    def test_a_dead_run_is_gone_on_with(self, account: Account) -> None:
        rows = self.run(account, "done", "failed", "done")
        windows = [
            Period(NOW - HOUR - (5 - number) * DAY, NOW - HOUR - (4 - number) * DAY)
            for number in range(5)
        ]
        assert already_loaded(account, windows) == {windows[0], windows[2]}
        others = [Period(one.since + HOUR, one.until) for one in windows]
        assert already_loaded(account, others) == set()
        assert already_loaded(None, windows) == set()
        for row in rows:
            StatsImport.objects.filter(pk=row.pk).update(run_started_at=NOW - 2 * DAY)
        assert already_loaded(account, windows) == set(), "too long ago"

    def test_a_run_that_failed_without_dying_is_read_again(self, account: Account) -> None:
        self.run(account, "done", "failed", "done", "done", "done")
        StatsImport.objects.filter(state="failed").update(problem="not_ready")
        windows = [Period(row.since, row.until) for row in StatsImport.objects.all()]
        assert already_loaded(account, windows) == set()


class TestWindows:
    def test_of_several_periods(self) -> None:
        windows = windows_to_load(
            [Period(NOW - 30 * DAY, NOW - DAY), Period(NOW - 40 * DAY, NOW - 38 * DAY)]
        )
        assert windows == [
            Period(NOW - 40 * DAY, NOW - 38 * DAY),
            Period(NOW - 30 * DAY, NOW - 2 * DAY),
            Period(NOW - 2 * DAY, NOW - DAY),
        ]

    def test_absurdly_many_are_refused(self) -> None:
        with pytest.raises(PeriodRefused) as caught:
            windows_to_load([Period(NOW - 365 * DAY, NOW)], window=timedelta(seconds=10))
        assert caught.value.code == "too_many"

    def test_a_kind_nobody_knows(self) -> None:
        with pytest.raises(ValueError, match="kind"):
            windows_to_load([Period(NOW - DAY, NOW)], kind="secret")


@pytest.fixture(scope="module")
def history() -> Iterator[Sandbox]:
    with running_sandbox(
        calls=60, days=10, history_end=NOW.timestamp(), statistics_delay=0, enforce_limits=False
    ) as pbx:
        yield pbx


@pytest.fixture
def client(history: Sandbox) -> Iterator[Client]:
    with importer(history.url) as client:
        yield client


class Dying(Progress):
    """Lets so many windows pass."""

    def __init__(self, windows: int) -> None:
        self.left = windows

    def window_started(self, index: int, total: int, since: Any, until: Any) -> None:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1


Load = Callable[..., Any]


@pytest.fixture
def load(account: Account, client: Client) -> Load:
    """Ten days in windows of one; ``windows`` is after how many it dies."""

    def run(windows: int | None = None, **options: Any) -> Any:
        progress = Progress() if windows is None else Dying(windows)
        return import_periods(
            account,
            [Period(NOW - 10 * DAY, NOW)],
            window=DAY,
            client=client,
            progress=progress,
            **options,
        )

    return run


def test_started_again_a_killed_import_goes_on(account: Account, load: Load) -> None:
    for windows in (3, 2):
        with pytest.raises(KeyboardInterrupt):
            load(windows, go_on=True)
    report = load(go_on=True)
    assert report.ok
    assert (report.skipped, report.planned, len(report.windows)) == (5, 5, 5)
    assert unfinished_periods(account) == []
    assert coverage.gaps(account, NOW - 10 * DAY, NOW - HOUR) == []
    # It is over now: started once more, it reads everything again.
    whole = load(go_on=True)
    assert (whole.skipped, len(whole.windows), whole.new) == (0, 10, 0)
    # The windows of a run know their places in the whole.
    assert [row.run_position for row in whole.windows] == list(range(1, 11))
    assert {row.run_windows for row in StatsImport.objects.all()} == {10}


def test_without_going_on_everything_is_read_again(load: Load) -> None:
    with pytest.raises(KeyboardInterrupt):
        load(3)
    report = load()
    assert (report.skipped, len(report.windows)) == (0, 10)


def test_the_run_is_known_from_its_first_window_on(account: Account, load: Load) -> None:
    with pytest.raises(KeyboardInterrupt):
        load(1)
    assert unfinished_periods(account) == [Period(NOW - 9 * DAY, NOW)]


def test_nothing_to_load_is_no_failure(account: Account, client: Client) -> None:
    report = import_periods(account, [], client=client)
    assert report.ok
    assert (report.planned, report.windows) == (0, [])
    assert not StatsImport.objects.exists()


def test_how_far_a_window_is(
    account: Account, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the starts of its calls: the page of a running import shows it, and the bar."""
    monkeypatch.setattr(batches, "BATCH", 2000)
    since = NOW - 10 * DAY
    lines = [
        f"e{number};[];{start};{start};0;{start + 5};;79161234567;101;;1110;;abonent"
        for number in range(4500)
        if (start := int(since.timestamp()) + number * 172)
    ]
    shares: list[float] = []
    stored: list[Any] = []

    class Watching(Progress):
        def reached(self, share: float) -> None:
            shares.append(share)
            stored.extend(StatsImport.objects.values_list("rows", "reached_at"))

    service.answers(reply({"key": "k"}), reply("\n".join([*lines, ""]), kind="text/csv"))
    with importer(service.url) as client:
        import_periods(account, [Period(since, NOW)], client=client, progress=Watching())
    assert [round(share, 2) for share in shares] == [0.39, 0.79, 0.9]
    # The last conversations of a full batch may go on: they come with the next one.
    late = 2000 // 40
    assert [rows for rows, _reached in stored] == [2000 - late, 4000 - late, 4500]
    assert stored[0][1] == since + timedelta(seconds=(1999 - late) * 172)
