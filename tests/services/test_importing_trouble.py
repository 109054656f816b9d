"""A service that misbehaves: bounded waiting, a clear state, the other windows done."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import translation

from django_mango.client import Client
from django_mango.models import Account, Call, CallRecord, StatsImport
from django_mango.protocol import errors
from django_mango.services import accounts, importing, receive
from django_mango.services.importing import ImportReport, Progress, import_statistics, writing
from django_mango.services.importing.problems import problem_of
from django_mango.services.leases import HeldLease
from tests.services.calling_bench import KEY, SALT, Service, reply
from tests.services.import_bench import FakeClock, importer, make_account, records_of

pytestmark = pytest.mark.django_db

UNTIL = datetime(2026, 3, 3, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=2)
DAY = timedelta(days=1)
START = int(SINCE.timestamp()) + 100
Answer = bytes | Callable[[socket.socket], None]

NOT_READY = reply(b"", 204)
HTML = reply("<html><h1>502 Bad Gateway</h1></html>", 502, "text/html")
POLITE_HTML = reply("<html><h1>Works going on</h1></html>", 200, "text/html")
GONE = reply("", 404)
NO_KEY = reply({"name": "Unauthorized", "status": 401}, 401)


def row(number: int, records: str = "[]", line: str = "74951234567", reason: str = "1110") -> str:
    """A line of a report in our columns: one answered incoming call."""
    start = START + number * 60
    return (
        f"entry{number};{records};{start};{start};{start + 5};{start + 30};;79161234567;"
        f"101;sip:smirnova@romashka.mangosip.ru;{reason};{line};abonent"
    )


def csv(*lines: str, end: str = "\r\n") -> bytes:
    return reply("\r\n".join(lines) + end, kind="text/csv;charset=UTF-8")


def key(name: str = "a+/==") -> bytes:
    return reply({"key": name})


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
def load(account: Account, service: Service, client: Client) -> Callable[..., ImportReport]:
    """Import two windows of a day; the service answers as told."""

    def run(*answers: Answer) -> ImportReport:
        service.answers(*answers)
        return import_statistics(account, SINCE, UNTIL, window=DAY, client=client)

    return run


Load = Callable[..., ImportReport]


def states() -> list[str]:
    return list(StatsImport.objects.order_by("pk").values_list("state", flat=True))


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


BROKEN = b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + row(1).encode()


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


def cut(body: str, *, by: int = 50) -> Answer:
    """A report whose connection breaks ``by`` bytes before its announced end."""
    whole = reply(body, kind="text/csv")

    def send(connection: socket.socket) -> None:
        connection.sendall(whole[:-by])

    return send


def test_a_connection_cut_in_the_middle(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came whole is stored with its calls; next time those rows are unchanged."""
    monkeypatch.setattr(writing, "BATCH", 200)
    body = "\r\n".join(row(number) for number in range(1500)) + "\r\n"
    report = load(key(), cut(body, by=150), key(), csv(row(2000)))
    assert states() == ["failed", "done"]
    assert not report.ok
    failed = report.windows[0]
    assert 0 < failed.new == failed.rows < 1500
    assert failed.complete_until is None
    assert Call.objects.count() == CallRecord.objects.count() == failed.new + 1
    again = load(key(), reply(body, kind="text/csv"), key(), csv(row(2000)))
    assert again.ok
    assert again.unchanged == failed.new + 1
    assert Call.objects.count() == CallRecord.objects.count() == 1501


@pytest.mark.parametrize("left", range(1, len(row(1)) - 1, 13))
def test_a_cut_last_line_is_no_row(load: Load, left: int) -> None:
    report = load(key(), csv(row(1), row(2)[:left], end=""), key(), csv(row(20)))
    assert states() == ["failed", "done"]
    first = report.windows[0]
    assert (first.rows, first.new, first.bad) == (2, 1, 1)
    assert first.bad_rows[0]["line"] == 2
    assert first.bad_rows[0]["reason"] in ("cut", "time")
    assert not report.ok
    assert set(Call.objects.values_list("entry_id", flat=True)) == {"entry1", "entry20"}


def test_bad_rows_are_counted_shown_and_shift_nothing(load: Load) -> None:
    bad = [
        "too;few",
        row(1) + ";more",
        row(1).replace(str(START + 60), "yesterday"),
        "x" * 129 + row(1),
        row(1, line="\0"),
    ]
    lines = [row(1), *bad, row(2), *["rubbish"] * 30, "", "\t\t" + row(3)]
    report = load(key(), csv(*lines), key(), csv(row(4)))
    window = StatsImport.objects.earliest("pk")
    assert window.state == StatsImport.State.DONE
    assert (window.rows, window.new, window.bad) == (38, 3, 35)
    assert not report.ok
    assert report.errors == []
    assert len(window.bad_rows) == 20
    assert [item["line"] for item in window.bad_rows[:6]] == [2, 3, 4, 5, 6, 8]
    reasons = [item["reason"] for item in window.bad_rows[:5]]
    assert reasons == ["columns", "columns", "time", "too_long", "text"]
    assert Call.objects.count() == 4


def test_bytes_that_are_no_text_are_a_bad_row(load: Load) -> None:
    body = f"{row(1)}\r\n".encode() + b"\xff\x00;\xfe\r\n" + f"{row(2)}\r\n".encode()
    report = load(key(), reply(body, kind="text/csv"), key(), csv(row(3)))
    assert report.windows[0].bad_rows[0]["reason"] == "encoding"
    assert Call.objects.count() == 3


def test_recordings_appear_late_and_never_shrink(load: Load) -> None:
    load(key(), csv(row(1)), key(), csv(row(2, "[x]")))
    first = CallRecord.objects.earliest("key").first_seen_at
    report = load(key(), csv(row(1, "[a]")), key(), csv(row(2, "[y,x]")))
    assert (report.changed, report.unchanged) == (2, 0)
    report = load(key(), csv(row(1, "", line="", reason="")), key(), csv(row(2, "y")))
    assert (report.changed, report.unchanged) == (0, 2)
    one, two = CallRecord.objects.order_by("key")
    assert (one.recording_ids, two.recording_ids) == (["a"], ["x", "y"])
    assert (one.line_number, one.disconnect_reason) == ("74951234567", "1110")
    assert one.first_seen_at == first < one.changed_at


@pytest.mark.parametrize("batch", [2000, 1])
def test_the_same_row_twice_is_one(
    load: Load, account: Account, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one batch and across batches; reported again, it settles."""
    monkeypatch.setattr(writing, "BATCH", batch)
    twice = csv(row(1, "[a]"), row(1, "[b]", line=""), row(1, "[]", reason=""))
    report = load(key(), twice, key(), csv(row(2)))
    assert report.rows == report.new + report.changed + report.unchanged == 4
    assert CallRecord.objects.get(entry_id="entry1").recording_ids == ["a", "b"]
    before = records_of(account)
    assert before[0]["line_number"] == "74951234567"
    again = load(key(), twice, key(), csv(row(2)))
    assert (again.new, again.changed, again.unchanged) == (0, 0, 4)
    assert records_of(account) == before


def test_a_row_without_an_entry_is_kept_and_makes_no_call(load: Load) -> None:
    report = load(key(), csv(row(1).removeprefix("entry1")), key(), csv(row(2)))
    assert report.ok
    assert CallRecord.objects.count() == 2
    assert Call.objects.count() == 1


def test_an_empty_report_is_a_report(load: Load) -> None:
    empty = reply(b"", kind="text/csv")
    report = load(key(), *[empty] * 3, key(), csv(row(1)))
    assert report.ok
    assert (report.rows, states()) == (1, ["done", "done"])


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
