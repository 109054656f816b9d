"""Extended rows as records of their own kind, and the calls that come of them."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_mango.models import Account, Call, CallRecord, Recording
from django_mango.protocol.extended import ExtendedRecord, Page
from django_mango.services import ImportReport, import_file, rebuild_calls
from django_mango.services.bulk import extended_of
from django_mango.services.importing import batches
from tests.protocol.wire_samples import wire_body

pytestmark = pytest.mark.django_db(transaction=True)

KIND = CallRecord.Kind.EXTENDED
ENTRY = "NTAwODcxNjIyNQ=="


@pytest.fixture
def account() -> Account:
    return Account.objects.create(alias="main", name="main")


def load(account: Account, body: bytes) -> ImportReport:
    return import_file(account, io.BytesIO(body), name="saved.json", kind=KIND)


def sample(**changes: Any) -> bytes:
    """The sample with other fields of its conversation; ``leg`` changes those of its first leg."""
    body = json.loads(wire_body("stats_calls_complete"))
    item = body["data"][0]["list"][0]
    item["context_calls"][0].update(changes.pop("leg", {}))
    item.update(changes)
    return json.dumps(body).encode()


def counted(report: ImportReport) -> tuple[int, int, int, int]:
    return report.new, report.changed, report.unchanged, report.bad


def test_rows_are_stored_as_they_were_told(account: Account) -> None:
    assert counted(load(account, sample())) == (4, 0, 0, 0)
    rows = {(row.level, row.path): row for row in CallRecord.objects.all()}
    assert set(rows) == {
        ("conversation", ""), ("leg", "0"), ("member", "0.0"), ("member", "0.1"),
    }  # fmt: skip
    assert {row.kind for row in rows.values()} == {"extended"}
    head = rows["conversation", ""]
    assert (head.cost, head.cost_full, head.cost_tariff) == (
        Decimal("155.2500"), Decimal("12.5000"), Decimal("10.2500"),
    )  # fmt: skip
    assert (head.context_type, head.context_status, head.recall_status) == (1, 1, None)
    assert head.details is not None
    assert head.details["call_comment"] == "Перезвонить"


def test_a_stored_row_is_the_reported_one(account: Account) -> None:
    """Both ways through every column: what comes back has the digest it went in with."""
    reported = {
        row.key: row
        for row in Page([wire_body("stats_calls_odd")])
        if isinstance(row, ExtendedRecord)
    }
    load(account, wire_body("stats_calls_odd"))
    stored = {row.key: row for row in CallRecord.objects.all()}
    assert stored.keys() == reported.keys()
    for key, row in stored.items():
        assert extended_of(row) == reported[key]
        assert row.row_digest == extended_of(row).digest


def test_a_call_comes_of_it(account: Account) -> None:
    load(account, sample())
    call = Call.objects.get()
    assert (call.direction, call.outcome, call.client_number) == (
        "incoming", "answered", "+79161234567",
    )  # fmt: skip
    assert (call.wait_seconds, call.talk_seconds, call.is_final) == (14, 53, True)
    assert call.sources == "extended"
    assert Recording.objects.get().call == call


def test_the_same_again_writes_nothing(account: Account) -> None:
    load(account, sample())
    before = list(CallRecord.objects.order_by("pk").values())
    assert counted(load(account, sample())) == (0, 0, 4, 0)
    assert list(CallRecord.objects.order_by("pk").values()) == before


def test_a_later_report_replaces_the_earlier_and_blanks_nothing(account: Account) -> None:
    load(account, sample())
    first = CallRecord.objects.get(level="conversation")
    leg = {"recording_id": ["LATER"], "call_end_reason": None}
    report = load(account, sample(duration=70, context_cost_full=None, call_comment="", leg=leg))
    assert counted(report) == (0, 2, 2, 0)
    head = CallRecord.objects.get(level="conversation")
    assert (head.pk, head.duration_seconds, head.first_seen_at) == (
        first.pk, 70, first.first_seen_at,
    )  # fmt: skip
    assert head.changed_at > first.changed_at
    assert head.cost_full == Decimal("12.5000")
    assert head.details is not None
    assert head.details["call_comment"] == "Перезвонить"
    group = CallRecord.objects.get(level="leg")
    assert group.disconnect_reason == "1110"
    assert group.recording_ids == ["MToxMDAwMDc3Nzo1MDA4NzE2MjI1OjE=", "LATER"]
    assert Call.objects.get().talk_seconds == 56


def test_who_was_called_back_at_last_loses_the_code(account: Account) -> None:
    load(account, sample(context_status=0, talk_duration=0, recall_status=2))
    assert CallRecord.objects.get(level="conversation").recall_status == 2
    load(account, sample(context_status=1))
    assert CallRecord.objects.get(level="conversation").recall_status is None


def test_a_conversation_on_two_pages_is_stored_once(account: Account) -> None:
    body = json.loads(sample())
    body["data"][0]["list"] *= 2
    assert counted(load(account, json.dumps(body).encode())) == (4, 0, 4, 0)
    assert Call.objects.count() == 1


def test_bad_items_are_counted_with_their_position(account: Account) -> None:
    report = load(account, wire_body("stats_calls_odd"))
    assert not report.ok
    (window,) = report.windows
    assert [(row["line"], row["reason"]) for row in window.bad_rows] == [
        (1, "object"), (2, "leg"), (3, "object"), (4, "entry_id"),
    ]  # fmt: skip
    assert (window.new, window.bad) == (5, 4)
    assert Call.objects.count() == 2


def test_a_file_of_something_else_is_no_report(account: Account) -> None:
    assert not load(account, b"E1;[];1748090923").ok
    assert not load(account, sample()[:-40]).ok


def test_a_rebuild_reads_them_again(account: Account) -> None:
    load(account, sample())
    Call.objects.update(outcome="missed", talk_seconds=None, answered_at=None)
    assert rebuild_calls(account).changed == 1
    assert Call.objects.get().talk_seconds == 53


def test_no_batch_parts_a_conversation_from_its_legs(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    body = json.loads(sample())
    head = body["data"][0]["list"][0]
    body["data"][0]["list"] = [{**head, "entry_id": f"E{number}"} for number in range(5)]
    report = load(account, json.dumps(body).encode())
    assert (report.new, report.calls, Call.objects.count()) == (20, 5, 5)


def test_a_batch_takes_a_fixed_number_of_statements(account: Account) -> None:
    def cost(first: int, count: int) -> int:
        body = json.loads(sample())
        head = body["data"][0]["list"][0]
        body["data"][0]["list"] = [
            {**head, "entry_id": f"E{number}"} for number in range(first, first + count)
        ]
        text = json.dumps(body).encode()
        with CaptureQueriesContext(connection) as made:
            assert load(account, text).new == 4 * count
        # A long insert is sent in parts where a database limits them.
        return sum(not query["sql"].startswith("INSERT") for query in made.captured_queries)

    cost(0, 1)  # what is remembered of the account is read
    # Large batches are staged in another way than small ones.
    assert cost(200, 400) <= cost(100, 40) + 6
