"""The rows of a report: cut, bad, given twice, changed later."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from django_mango.models import Account, Call, CallRecord, StatsImport
from django_mango.services.importing import batches
from tests.services.calling_bench import Service, reply
from tests.services.import_answers import START, Answer, Load, csv, key, loader, row, states
from tests.services.import_bench import importer, make_account, records_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def load(account: Account, service: Service) -> Iterator[Load]:
    with importer(service.url) as client:
        yield loader(account, service, client)


def cut(body: str, *, by: int = 50) -> Answer:
    """A report whose connection breaks ``by`` bytes before its announced end."""
    whole = reply(body, kind="text/csv")

    def send(connection: socket.socket) -> None:
        connection.sendall(whole[:-by])

    return send


def test_a_connection_cut_in_the_middle(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came whole is stored with its calls; next time those rows are unchanged."""
    monkeypatch.setattr(batches, "BATCH", 200)
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
    monkeypatch.setattr(batches, "BATCH", batch)
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
