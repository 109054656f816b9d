"""A service that misbehaves: bounded waiting, a clear state, the other windows done."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from django.utils import translation

from django_mango.client import Client
from django_mango.models import Account, Call, StatsImport
from django_mango.protocol import errors
from django_mango.services import accounts, importing, receive
from django_mango.services.importing import Progress, import_statistics
from django_mango.services.importing.problems import problem_of
from django_mango.services.leases import HeldLease
from tests.services.calling_bench import KEY, SALT, Service, reply
from tests.services.import_answers import (
    DAY,
    SINCE,
    UNTIL,
    Answer,
    Load,
    csv,
    key,
    loader,
    row,
    states,
)
from tests.services.import_bench import FakeClock, importer, make_account

pytestmark = pytest.mark.django_db

NOT_READY = reply(b"", 204)
HTML = reply("<html><h1>502 Bad Gateway</h1></html>", 502, "text/html")
POLITE_HTML = reply("<html><h1>Works going on</h1></html>", 200, "text/html")
GONE = reply("", 404)
NO_KEY = reply({"name": "Unauthorized", "status": 401}, 401)
BROKEN = b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + row(1).encode()


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(service: Service, clock: FakeClock) -> Iterator[Client]:
    with importer(service.url, clock) as client:
        yield client


@pytest.fixture
def load(account: Account, service: Service, client: Client) -> Load:
    return loader(account, service, client)


def asked(service: Service) -> list[str]:
    return [request.path.removeprefix("/vpbx/stats/") for request in service.requests]


def test_the_good_case(load: Load, service: Service) -> None:
    report = load(key(), csv(row(1)), key(), NOT_READY, csv(row(2)))
    assert report.ok
    assert asked(service) == ["request", "result", "request", "result", "result"]
    assert (report.new, Call.objects.count()) == (2, 2)


@pytest.mark.parametrize(
    "trouble",
    [HTML, POLITE_HTML, reply({"result": 2110}), reply(b"\xff\xfe\x00\x01" * 8, 500)],
    ids=["html-502", "html-200", "json-200", "bytes-500"],
)
def test_rubbish_instead_of_the_report_fails_that_window_only(
    load: Load, service: Service, trouble: bytes
) -> None:
    attempts = 3 if trouble.startswith((b"HTTP/1.1 5",)) else 1
    report = load(key(), *[trouble] * attempts, key(), csv(row(2)))
    assert states() == ["failed", "done"]
    assert not report.ok
    (error,) = report.errors
    assert error
    assert "\n" not in error
    assert (report.new, Call.objects.get().entry_id) == (1, "entry2")
    failed = StatsImport.objects.earliest("pk")
    assert failed.complete_until is None
    assert failed.finished_at is not None
    assert failed.error == error


@pytest.mark.parametrize(
    ("answers", "problem", "code"),
    [
        ([key(), HTML, HTML, HTML], "unexpected", None),
        ([key(), POLITE_HTML], "unexpected", None),
        ([key(), reply({"result": 2110})], "refused", 2110),
        ([reply({"result": 5011})] * 3, "refused", 5011),
        ([key(), GONE, key(), GONE], "gone", None),
        ([key(), BROKEN], "broke_off", None),
        ([key(), csv(row(1)[:40], end="")], "broke_off", None),
        ([key(), csv(*["rubbish"] * 30)], "unexpected", None),
        ([b""] * 3, "broke_off", None),
    ],
)
def test_the_journal_says_why_in_a_word_and_in_the_readers_language(
    load: Load, answers: list[Answer], problem: str, code: int | None
) -> None:
    report = load(*answers, key(), csv(row(9)))
    assert states() == ["failed", "done"]
    assert not report.ok
    failed = StatsImport.objects.earliest("pk")
    assert (failed.problem, failed.result_code) == (problem, code)
    assert failed.error, "evidence for support"
    with translation.override("en"):
        english = failed.why
    with translation.override("ru"):
        russian = failed.why
    for words in (english, russian):
        assert words
        assert "\n" not in words
        assert code is None or str(code) in words
    assert english.isascii()
    assert not set(russian) & set("abcdefghijklmnopqrstuvwxyz")
    assert StatsImport.objects.latest("pk").why == ""


def test_every_problem_has_its_words_and_every_error_its_problem() -> None:
    kinds = [one for one in vars(errors).values() if isinstance(one, type)]
    service = [one for one in kinds if issubclass(one, errors.ServiceError)]
    words = {problem_of(one("x")) for one in service if one is not errors.ServiceError}
    assert StatsImport.Problem.FAULT not in words
    assert problem_of(KeyError("x")) == StatsImport.Problem.FAULT
    with translation.override("ru"):
        labels = [str(label) for label in StatsImport.Problem.labels]
    assert all(set(label) & set("абвгдежзийклмнопрстуфхцчшщыьэюя") for label in labels)
    assert len(set(labels)) == len(labels)


def test_a_window_that_failed_before_there_were_words_shows_its_error() -> None:
    assert StatsImport(state="failed", error="HTTP 502").why == "HTTP 502"
    assert StatsImport(state="done", error="HTTP 502").why == ""


def test_rubbish_instead_of_the_key(load: Load) -> None:
    report = load(POLITE_HTML, key(), csv(row(2)))
    assert states() == ["failed", "done"]
    assert not report.ok


def test_a_key_that_is_gone_is_asked_for_anew_once(load: Load, service: Service) -> None:
    report = load(key("one"), GONE, key("two"), csv(row(1)), key(), csv(row(2)))
    assert report.ok
    assert report.windows[0].attempts == 2
    assert report.windows[0].request_key == "two"
    assert [request.payload.get("key") for request in service.requests[:4]] == [
        *(None, "one"),
        *(None, "two"),
    ]


def test_a_key_that_is_gone_twice_fails_the_window(load: Load, service: Service) -> None:
    report = load(key(), GONE, key(), GONE, key(), csv(row(2)))
    assert states() == ["failed", "done"]
    assert asked(service)[:5] == ["request", "result"] * 2 + ["request"]
    assert not report.ok


def test_204_for_ever_is_given_up_and_never_asked_oftener_than_every_five_seconds(
    account: Account, service: Service, client: Client, clock: FakeClock, settings: Any
) -> None:
    settings.MANGO = {**settings.MANGO, "STATS_MAX_WAIT_SECONDS": 120}
    moments: list[float] = []

    def not_ready(connection: socket.socket) -> None:
        moments.append(clock())
        connection.sendall(NOT_READY)

    service.answers(key(), *[not_ready] * 25, key(), csv(row(2)))
    report = import_statistics(account, SINCE, UNTIL, window=DAY, client=client)
    assert states() == ["failed", "done"]
    assert "120 s" in report.errors[0]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert min(gaps) >= 5
    assert moments[-1] - moments[0] <= 120


def test_a_readiness_notification_is_noticed_once(
    load: Load, account: Account, service: Service, clock: FakeClock
) -> None:
    moments: list[float] = []

    def ready(connection: socket.socket) -> None:
        moments.append(clock())
        connection.sendall(NOT_READY)

    beat = HeldLease.beat

    def notified(self: HeldLease) -> None:
        beat(self)
        receive(account, "result/stat", "default/result/stats", b'{"key": "a+/=="}')

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HeldLease, "beat", notified)
        report = load(key(), ready, ready, csv(row(1)), key("b"), csv(row(2)))
    assert report.ok
    assert moments[1] - moments[0] < 5  # the notification shortened this pause
    window = StatsImport.objects.earliest("pk")
    assert window.ready_at is not None  # and what it told is kept


@pytest.mark.parametrize("status", [429, 503])
def test_too_many_requests_are_waited_out(load: Load, clock: FakeClock, status: int) -> None:
    began = clock()
    slow = reply({"name": "Service Unavailable", "code": 0, "status": status}, status)
    report = load(slow, key(), slow, slow, csv(row(1)), key(), csv(row(2)))
    assert report.ok
    assert 10 <= clock() - began <= 120


def test_a_lock_out_stops_the_run(load: Load, account: Account, service: Service) -> None:
    report = load(key(), csv(row(1)), NO_KEY)
    assert states() == ["done", "failed"]
    assert asked(service) == ["request", "result", "request"]
    assert not report.ok
    report = load(NO_KEY)
    assert len(report.windows) == 1
    assert len(service.requests) == 3  # held back here: the lock-out is known


@pytest.mark.parametrize("code", [3102, 3105, 3111])
@pytest.mark.parametrize("status", [200, 420])
def test_one_wrong_request_is_the_last(
    load: Load, service: Service, code: int, status: int
) -> None:
    """The second within two minutes would lock the account out (Q12)."""
    report = load(reply({"result": code}, status))
    assert asked(service) == ["request"]
    assert states() == ["failed"]
    assert str(code) in report.errors[0]
    assert KEY not in report.errors[0]


def test_a_lock_out_is_shared_through_the_account(
    account: Account, service: Service, settings: Any
) -> None:
    """With the client of the settings, as the command and the admin use it."""
    settings.MANGO = {"API_KEY": KEY, "API_SALT": SALT, "API_URL": service.url}
    service.answers(NO_KEY)
    report = import_statistics(account, SINCE, UNTIL, window=DAY)
    assert not report.ok
    account.refresh_from_db()
    assert account.locked_until() is not None
    accounts._clients.clear()  # as in another process
    import_statistics(account, SINCE, UNTIL, window=DAY)
    assert len(service.requests) == 1


def test_nobody_listens(account: Account, clock: FakeClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/vpbx/"
    with importer(url, clock) as client:
        report = import_statistics(account, SINCE, UNTIL, window=DAY, client=client)
    assert states() == ["failed", "failed"]
    assert len(report.errors) == 2


def test_a_fault_of_ours_is_not_hidden_and_closes_the_window(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Progress):
        def rows_read(self, count: int) -> None:
            raise RuntimeError("of a listener")

    monkeypatch.setattr(importing, "Progress", Broken)
    with pytest.raises(RuntimeError):
        load(key(), csv(row(1)))
    assert states() == ["failed"]
    assert StatsImport.objects.get().error == "RuntimeError"
