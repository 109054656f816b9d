"""Extended statistics of a service that misbehaves: a clear state, the other windows done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from django_mango.client import Client
from django_mango.models import Account, Call, CallRecord, StatsImport
from django_mango.services import ImportReport, import_statistics
from tests.services.calling_bench import Service, reply
from tests.services.import_bench import FakeClock, importer, make_account

pytestmark = pytest.mark.django_db

UNTIL = datetime(2026, 3, 3, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=2)
START = int(SINCE.timestamp()) + 100

KEY = reply({"key": "a+/=="})
Load = Callable[..., ImportReport]


def page(*names: str, status: str = "complete", **changes: Any) -> bytes:
    conversations = [
        {
            "entry_id": name,
            "context_type": 1,
            "context_status": 0,
            "caller_number": "79161234567",
            "called_number": "74951234567",
            "context_start_time": START,
            "duration": 20,
            "talk_duration": 0,
            "context_calls": [],
        }
        for name in names
    ]
    return reply({"result": 1000, "status": status, "data": [{"list": conversations}], **changes})


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with importer(service.url, FakeClock()) as client:
        yield client


@pytest.fixture
def load(account: Account, service: Service, client: Client) -> Load:
    """Import two windows of a day; the service answers as told."""

    def run(*answers: bytes) -> ImportReport:
        service.answers(*answers)
        return import_statistics(
            account, SINCE, UNTIL, kind="extended", window=timedelta(days=1), client=client
        )

    return run


def windows() -> list[tuple[str, str]]:
    return list(StatsImport.objects.order_by("pk").values_list("state", "problem"))


def test_the_good_case(load: Load) -> None:
    report = load(KEY, page("1"), KEY, page(status="request"), page("2", status="work"), page("3"))
    assert report.ok
    assert windows() == [("done", ""), ("done", "")]
    assert set(Call.objects.values_list("entry_id", "outcome")) == {
        ("1", "missed"),
        ("3", "missed"),
    }


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ([KEY, page(status="error")], "refused"),
        ([KEY, *[reply({"result": 5004, "status": "error"})] * 3], "refused"),
        ([KEY, page(status="not-found"), KEY, page(status="not-found")], "gone"),
        ([KEY, page(status="cancel"), KEY, page(status="cancel")], "gone"),
        ([KEY, reply("<html>Works</html>", 200, "text/html")], "unexpected"),
        ([KEY, reply('{"result":1000,"status":"complete","data":[{"list":[{]}')], "unexpected"),
        ([KEY, *[page("1", status="work")] * 121], "not_ready"),
        ([KEY, page(status="dreaming")], "unexpected"),
        ([reply({"result": 1000})], "unexpected"),
        ([*[reply("", 502)] * 3], "unexpected"),
    ],
)
def test_one_window_fails_and_the_next_is_loaded(
    load: Load, answers: list[bytes], problem: str
) -> None:
    report = load(*answers, KEY, page("2"))
    assert not report.ok
    assert windows() == [("failed", problem), ("done", "")]
    assert list(CallRecord.objects.values_list("entry_id", flat=True)) == ["2"]


def test_a_wrong_request_ends_the_run(load: Load, service: Service) -> None:
    """Q41, Q12: a second one would lock the account out."""
    report = load(reply({"result": 3100, "fields": {"end_date": 3111}}, 420))
    assert not report.ok
    assert len(service.requests) == 1
    (window,) = report.windows
    assert (window.problem, window.result_code) == ("refused", 3100)


def test_a_key_that_is_gone_is_asked_for_anew(load: Load) -> None:
    report = load(KEY, page(status="not-found"), KEY, page("1"), KEY, page("2"))
    assert report.ok
    assert Call.objects.count() == 2


def test_too_many_requests_are_waited_out(load: Load) -> None:
    slow = reply({"name": "Service Unavailable", "code": 0, "status": 429}, 429)
    assert load(KEY, slow, slow, slow, slow, page("1"), KEY, page("2")).ok


def test_bad_conversations_are_kept_with_their_position(load: Load) -> None:
    good = {"entry_id": "1", "context_start_time": START, "context_calls": []}
    broken = reply(
        {"result": 1000, "status": "complete", "data": [{"list": [None, good, {"entry_id": ""}]}]}
    )
    report = load(KEY, broken, KEY, page("2"))
    assert (report.bad, report.new) == (2, 2)
    assert [(row["line"], row["reason"]) for row in report.windows[0].bad_rows] == [
        (1, "object"), (3, "entry_id"),
    ]  # fmt: skip
    assert windows() == [("done", ""), ("done", "")]
