"""One history, told by basic statistics, extended ones, webhooks or any mix: the same calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from django_mango.client import Client
from django_mango.models import Account, Call, CallRecord, Employee, Recording, StatsImport
from django_mango.sandbox import Sandbox
from django_mango.services import import_statistics
from django_mango.services.errors import PeriodRefused
from django_mango.testing import running_sandbox
from tests.services.import_bench import deliver, importer, make_account, whole_story

pytestmark = pytest.mark.django_db

END = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
DAYS = 40
SINCE = END - timedelta(days=DAYS)
ESSENCE = (
    "entry_id", "direction", "state", "outcome", "client_number", "started_at", "answered_at",
    "ended_at", "wait_seconds", "talk_seconds", "is_final", "is_missed",
)  # fmt: skip


@pytest.fixture(scope="module")
def history() -> Iterator[Sandbox]:
    with running_sandbox(
        calls=200,
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


def essence(account: Account) -> dict[str, tuple[Any, ...]]:
    rows = Call.objects.filter(account=account).values_list(*ESSENCE)
    return {row[0]: row for row in rows}


def who(account: Account) -> set[tuple[Any, ...]]:
    parties = Call.objects.filter(account=account)
    return set(
        parties.values_list(
            "entry_id", "parties__extension", "parties__answered_at", "parties__ended_at"
        )
    )


def told(name: str, client: Client, *kinds: str) -> Account:
    account = make_account(name)
    for kind in kinds:
        report = import_statistics(account, SINCE, END, kind=kind, client=client)
        assert report.ok, report.errors
    return account


def lone_callbacks(account: Account) -> set[str]:
    """Callbacks that none of us took: their one row looks like a missed call (Q67)."""
    rows = CallRecord.objects.filter(account=account, kind="basic")
    found: dict[str, list[CallRecord]] = {}
    for row in rows:
        found.setdefault(row.entry_id, []).append(row)
    return {
        entry_id
        for entry_id, rows in found.items()
        if len(rows) == 1 and rows[0].location == "abonent" and not rows[0].from_extension
        and not rows[0].answered_at and not rows[0].from_number.startswith("sip:")
    }  # fmt: skip


def test_basic_extended_and_both_make_the_same_calls(client: Client) -> None:
    basic = told("basic", client, "basic")
    extended = told("extended", client, "extended")
    both = told("both", client, "basic", "extended")
    other = told("other", client, "extended", "basic")
    unsure = lone_callbacks(basic)
    of_basic, of_extended = essence(basic), essence(extended)
    assert len(of_extended) == 200
    assert 0 < len(unsure) < 10
    assert {k: v for k, v in of_basic.items() if k not in unsure} == {
        k: v for k, v in of_extended.items() if k not in unsure
    }
    # Only the extended statistics know whose calls those were.
    for entry_id in unsure:
        assert of_extended[entry_id][1:4] == ("outgoing", "finished", "cancelled")
    assert essence(both) == essence(other) == of_extended
    assert {one.sources for one in Call.objects.filter(account=both)} == {"extended,basic"}


def test_nothing_is_counted_twice(client: Client) -> None:
    basic, both = told("one", client, "basic"), told("two", client, "basic", "extended")
    assert Call.objects.filter(account=both).count() == 200
    assert Recording.objects.filter(account=both).count() == (
        Recording.objects.filter(account=basic).count()
    )
    assert who(both) == who(basic)
    rows = CallRecord.objects.filter(account=both)
    assert rows.filter(kind="extended", level="conversation").count() == 200


def test_people_are_known_by_their_ids(client: Client) -> None:
    """Without a SIP address in the directory only the service's own id tells who talked."""
    account = make_account("ids")
    for person in Employee.objects.filter(account=account):
        person.addresses.exclude(kind="extension").delete()
    report = import_statistics(account, SINCE, END, kind="extended", client=client)
    assert report.ok
    answered = Call.objects.filter(account=account, outcome="answered")
    assert answered.exclude(extension="").count() == answered.count() > 50


def test_the_same_again_writes_nothing(client: Client) -> None:
    account = told("again", client, "extended")
    before = list(CallRecord.objects.filter(account=account).order_by("pk").values())
    report = import_statistics(account, SINCE, END, kind="extended", client=client)
    assert (report.new, report.changed, report.unchanged) == (0, 0, len(before))
    assert list(CallRecord.objects.filter(account=account).order_by("pk").values()) == before


def test_windows_are_a_second_less_than_thirty_days(client: Client) -> None:
    """Q41."""
    account = told("windows", client, "extended")
    windows = StatsImport.objects.filter(account=account, kind="extended").order_by("since")
    longest = timedelta(days=29, hours=23, minutes=59, seconds=59)
    assert [window.until - window.since for window in windows] == [
        longest, timedelta(days=DAYS) - longest,
    ]  # fmt: skip
    with pytest.raises(PeriodRefused):
        import_statistics(
            account, SINCE, END, kind="extended", window=timedelta(days=30), client=client
        )


@pytest.mark.parametrize("first", ["webhooks", "extended"])
def test_webhooks_and_extended_statistics_in_any_order(first: str) -> None:
    story = whole_story()
    by_events, by_both = make_account("events"), make_account("mixed")
    deliver(by_events, story.deliveries())
    with story.pbx, importer(story.pbx.url) as client:
        if first == "webhooks":
            deliver(by_both, story.deliveries())
        import_statistics(by_both, story.since, datetime.now(UTC), kind="extended", client=client)
        if first == "extended":
            deliver(by_both, story.deliveries())
    assert essence(by_both) == essence(by_events)
    assert who(by_both) == who(by_events)
