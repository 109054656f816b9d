"""Statistics from a file: a saved answer, read as the answer itself, without the network."""

from __future__ import annotations

import gzip
import io
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_mango.client import Client, StatisticsClient
from django_mango.models import Account, Call, CallRecord, Lease, StatsImport
from django_mango.protocol.commands import StatsRequest
from django_mango.protocol.statistics import KNOWN_FIELDS, OUR_FIELDS
from django_mango.sandbox import Sandbox
from django_mango.services import (
    FileRefused,
    ImportReport,
    ImportRunning,
    Period,
    PeriodRefused,
    coverage,
    import_file,
    import_statistics,
    look_at_file,
    unfinished_periods,
)
from django_mango.services.coverage import import_lease
from django_mango.services.leases import HeldLease
from django_mango.testing import running_sandbox
from tests.services.import_bench import calls_of, importer, make_account, records_of

pytestmark = pytest.mark.django_db

END = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
SINCE = END - timedelta(days=20)


@pytest.fixture(scope="module")
def history() -> Iterator[Sandbox]:
    with running_sandbox(
        calls=80, days=20, history_end=END.timestamp(), statistics_delay=0, enforce_limits=False
    ) as pbx:
        yield pbx


@pytest.fixture
def client(history: Sandbox) -> Iterator[Client]:
    with importer(history.url) as client:
        yield client


@pytest.fixture
def account() -> Account:
    return make_account()


Load = Callable[..., ImportReport]


@pytest.fixture
def load(account: Account) -> Load:
    def run(body: bytes, **options: Any) -> ImportReport:
        return import_file(account, io.BytesIO(body), name="saved.csv", **options)

    return run


def saved(client: Client, fields: Sequence[str] = OUR_FIELDS) -> bytes:
    """A body as somebody saves it with another tool."""
    statistics = StatisticsClient(client)
    key = statistics.request(StatsRequest(SINCE, END, fields=tuple(fields)))
    with statistics.wait(key) as pieces:
        return b"".join(pieces)


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_gives_the_same_as_the_service(
    account: Account, client: Client, load: Load, packed: bool
) -> None:
    body = saved(client)
    report = load(gzip.compress(body) if packed else body)
    assert report.ok
    other = make_account("second")
    import_statistics(other, SINCE, END, client=client)
    assert records_of(account) == records_of(other)
    assert calls_of(account) == calls_of(other)
    assert report.new == report.rows == len(records_of(other)) > 100
    assert import_statistics(account, SINCE, END, client=client).new == 0
    assert not Lease.objects.exists()


def test_columns_in_any_order(account: Account, client: Client, load: Load) -> None:
    fields = list(OUR_FIELDS)
    random.Random(7).shuffle(fields)
    assert load(saved(client, fields), fields=[f" {name} " for name in fields]).ok
    other = make_account("second")
    import_statistics(other, SINCE, END, client=client)
    assert calls_of(account) == calls_of(other)


def test_the_journal_knows_the_file_and_its_period(client: Client, load: Load) -> None:
    load(saved(client))
    row = StatsImport.objects.get()
    assert (row.state, row.file_name, row.attempts) == ("done", "saved.csv", 1)
    starts = CallRecord.objects.order_by("started_at").values_list("started_at", flat=True)
    assert (row.since, row.until) == (starts[0], list(starts)[-1] + timedelta(seconds=1))


def test_a_file_does_not_say_that_nothing_is_missing(
    account: Account, client: Client, load: Load
) -> None:
    body = saved(client)
    load(body)
    assert coverage.complete_until(account) is None
    load(body, period=Period(SINCE, END))
    assert coverage.complete_until(account) == END
    assert coverage.gaps(account, SINCE, END) == []
    assert unfinished_periods(account) == []


def test_an_empty_file_and_one_row(load: Load) -> None:
    assert load(b"").rows == 0
    assert load(b"\r\n\n").ok
    report = load(b"e;[];1;1795000000;0;1795000001;;79161234567;101;;1110;;abonent")
    assert (report.new, report.calls) == (1, 1)
    row = StatsImport.objects.latest("pk")
    assert row.until - row.since == timedelta(seconds=1)


def test_bad_rows_are_reported_with_their_lines(load: Load) -> None:
    good = "e;[];1;1795000000;0;1795000001;;79161234567;101;;1110;;abonent"
    report = load("\n".join([good, "a;b", good.replace("e;", "f;"), ""]).encode())
    assert not report.ok
    assert (report.new, report.bad) == (2, 1)
    (window,) = report.windows
    assert window.bad_rows == [{"line": 2, "reason": "columns", "text": "a;b"}]
    assert window.state == "done"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"result": 3102}', "unexpected"),
        (b"\n <html><body>504</body></html>", "unexpected"),
        (b"\xef\xbb\xbf{}", "unexpected"),
        (b"MZ\x00\x01\n" * 40, "unexpected"),
        (gzip.compress(b"x;" * 200_000)[:-9], "broke_off"),
        (b"\x1f\x8bnot really", "broke_off"),
        (b"e;[];1;1795000000;0;17950000", "broke_off"),
    ],
    ids=["json", "html", "bom", "binary", "cut-gzip", "no-gzip", "cut-row"],
)
def test_rubbish_fails_with_a_clear_word(load: Load, body: bytes, problem: str) -> None:
    report = load(body)
    assert not report.ok
    (window,) = report.windows
    assert (window.state, window.problem) == ("failed", problem)
    assert window.why
    assert window.finished_at is not None
    assert not CallRecord.objects.exists()


def test_a_file_that_cannot_be_read_on(account: Account) -> None:
    class Dying(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 1000:
                raise OSError(5, "Input/output error")
            return super().read(500)

    good = b"e;[];1;1795000000;0;1795000001;;79161234567;101;;1110;;abonent\n"
    report = import_file(account, Dying(good * 100), name="x")
    assert report.windows[0].problem == "broke_off"
    assert CallRecord.objects.count() == 1, "what came before is stored"


def test_names_no_database_takes_are_mended(account: Account) -> None:
    name = "\udcff\0" + "dir/" * 100 + "a.csv"
    import_file(account, io.BytesIO(b""), name=name)
    stored = StatsImport.objects.get().file_name
    assert len(stored) == 255
    assert stored.endswith("/a.csv")


@pytest.mark.parametrize("fields", [["start", "secret"], ["start", "start"], [""]])
def test_unknown_columns_are_refused_before_anything_is_read(load: Load, fields: list[str]) -> None:
    with pytest.raises(FileRefused) as caught:
        load(b"a;b", fields=fields)
    assert all(name in str(caught.value) for name in KNOWN_FIELDS)
    assert not StatsImport.objects.exists()


def test_a_kind_that_no_file_has_is_refused(load: Load) -> None:
    with pytest.raises(FileRefused):
        load(b"", kind="secret")
    assert not StatsImport.objects.exists()


def test_a_senseless_period_is_refused(load: Load) -> None:
    with pytest.raises(PeriodRefused):
        load(b"", period=Period(END, SINCE))
    assert not StatsImport.objects.exists()


def test_who_imports_already_goes_first(account: Account, load: Load) -> None:
    lease = HeldLease(import_lease(account))
    with pytest.raises(ImportRunning):
        load(b"")
    lease.release()


def test_a_look_writes_nothing(client: Client) -> None:
    body = saved(client)
    found = look_at_file(io.BytesIO(body + b"bad;row\n"))
    assert (found.rows, found.bad, found.pk) == (body.count(b"\n") + 1, 1, None)
    assert found.since < found.until < timezone.now()
    assert look_at_file(io.BytesIO(b"<html>")).problem == "unexpected"
    assert not StatsImport.objects.exists()
    assert not Call.objects.exists()


def test_what_a_dead_file_import_left_is_closed(account: Account, load: Load) -> None:
    StatsImport.objects.create(
        account=account,
        since=SINCE,
        until=END,
        started_at=timezone.now(),
        state="loading",
        file_name="old.csv",
    )
    load(b"")
    assert StatsImport.objects.get(file_name="old.csv").problem == "interrupted"
    assert unfinished_periods(account) == []
