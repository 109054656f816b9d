"""Rebuilding in place: the same rows, what people wrote, and no less than was known."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from django_mango.models import (
    Account,
    Call,
    CallParty,
    CallRecord,
    CallWork,
    Employee,
    EmployeeAddress,
    Notification,
)
from django_mango.protocol import projection
from django_mango.services import RebuildReport, rebuild_calls
from tests.services.calling_bench import Service
from tests.services.counting import without_parts
from tests.services.import_bench import calls_of, deliver, make_account, whole_story
from tests.services.telling import (
    OTHER,
    Statistics,
    event,
    missed,
    moment,
    row,
    settled,
    summary,
    talk,
    tell,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_account()


def spoil(**columns: Any) -> None:
    """Columns as an older, worse projection may have left them."""
    wrong = {"direction": "unknown", "client_number": "", "talk_seconds": 1, **columns}
    Call.objects.update(**wrong)


def test_every_kind_of_conversation_comes_back_in_place(account: Account) -> None:
    story = whole_story()
    deliver(account, story.deliveries())
    before = calls_of(account)
    keys = dict(Call.objects.values_list("entry_id", "pk"))
    assert len(keys) > 15
    spoil(
        state="ringing", outcome="", started_at=moment(0), answered_at=None, ended_at=None,
        is_final=False, is_missed=False, legs=[{"call_id": "x"}], sources="", live_call_id="x",
        employee=None, extension="", participants={}, projection_version=0,
    )  # fmt: skip
    CallParty.objects.all().delete()
    report = rebuild_calls(account)
    assert (report.calls, report.changed) == (len(keys), len(keys))
    assert dict(Call.objects.values_list("entry_id", "pk")) == keys
    assert calls_of(account) == before


def test_nothing_changes_what_is_right(account: Account) -> None:
    tell(account, missed(), talk())
    before = calls_of(account)
    assert rebuild_calls(account) == RebuildReport(calls=2)
    assert calls_of(account) == before


def test_the_report_counts_columns(account: Account) -> None:
    tell(account, missed(), talk(), talk("other", number=OTHER))
    Call.objects.filter(entry_id="talk").update(talk_seconds=1, line_number="wrong")
    Call.objects.filter(entry_id="other").update(talk_seconds=1)
    report = rebuild_calls(account)
    assert (report.calls, report.changed) == (3, 2)
    assert report.fields == {"talk_seconds": 2, "line_number": 1}


def test_what_people_wrote_and_who_closed_stay(account: Account) -> None:
    tell(account, missed())
    boss = User.objects.create_superuser("boss")
    work = CallWork.objects.create(
        call=Call.objects.get(),
        note="ask for Ivan",
        closed_at=timezone.now(),
        closed_by=boss,
        closed_reason="letter",
    )
    spoil(is_missed=False)
    rebuild_calls(account)
    assert CallWork.objects.values().get() == CallWork.objects.filter(pk=work.pk).values().get()
    assert CallWork.objects.get().call.is_missed
    assert not Call.objects.unresolved().exists()


def test_missed_calls_are_settled_anew(account: Account) -> None:
    tell(account, missed(), talk())
    spoil(is_missed=False, missed_resolved_at=None, missed_resolved_by=None)
    rebuild_calls(account)
    assert settled(account) == {"missed": "talk"}


def test_a_stale_closing_is_a_fact_and_stays(account: Account) -> None:
    tell(account, event("call", "Connected", 0))
    Call.objects.update(stale_closed_at=timezone.now())
    rebuild_calls(account)
    call = Call.objects.get()
    assert (call.state, call.is_final) == ("finished", True)
    rebuild_calls(account)
    assert Call.objects.get().is_final


def test_deleted_facts_are_never_rebuilt_into_less(account: Account) -> None:
    tell(account, missed(), talk())
    Call.objects.filter(entry_id="talk").update(facts_purged_at=timezone.now(), talk_seconds=59)
    Notification.objects.filter(entry_id="talk").delete()
    before = calls_of(account)
    assert rebuild_calls(account).calls == 1
    assert rebuild_calls(account, entry_ids=["talk"]).calls == 0
    assert rebuild_calls(account, outdated=True).calls == 0
    assert calls_of(account) == before


def test_facts_that_vanished_unannounced_delete_no_call(account: Account) -> None:
    tell(account, talk())
    before = calls_of(account)
    Notification.objects.all().delete()
    assert rebuild_calls(account) == RebuildReport(calls=1)
    assert calls_of(account) == before


def test_records_are_read_whatever_the_call_believes(account: Account, service: Service) -> None:
    """A fault of a former version may have forgotten its sources."""
    tell(account, event("call", "Connected", 5))
    Statistics(account, service).load([row("call", 0, 60, answered=5)])
    before = calls_of(account)
    Call.objects.update(sources="events", is_final=False, ended_at=None, state="talking")
    rebuild_calls(account)
    assert calls_of(account) == before
    assert CallRecord.objects.count() == 1


def test_the_period_is_half_open_and_goes_by_the_start(account: Account) -> None:
    tell(account, *[talk(str(at), at=at, number=OTHER) for at in (0, 10, 20, 30)])
    spoil()
    report = rebuild_calls(account, since=moment(10), until=moment(30))
    assert report.calls == 2
    right = Call.objects.filter(direction="outgoing").values_list("entry_id", flat=True)
    assert sorted(right) == ["10", "20"]
    assert rebuild_calls(account, since=moment(30)).changed == 1
    assert rebuild_calls(account, until=moment(10)).changed == 1


def test_one_entry_and_an_account_of_its_own(account: Account) -> None:
    other = make_account("second")
    tell(account, talk(), talk("second", number=OTHER))
    tell(other, talk())
    spoil()
    assert rebuild_calls(account, entry_ids=iter(["talk", "nobody"])).changed == 1
    assert rebuild_calls(account, entry_ids=[]).calls == 0
    assert Call.objects.filter(direction="outgoing").count() == 1


def test_only_the_outdated(account: Account) -> None:
    tell(account, talk(), talk("old", number=OTHER))
    Call.objects.filter(entry_id="old").update(projection_version=projection.VERSION - 1)
    report = rebuild_calls(account, outdated=True)
    assert (report.calls, report.changed) == (1, 0), "the version alone changes no call"
    assert rebuild_calls(account, outdated=True).calls == 0
    assert set(Call.objects.values_list("projection_version", flat=True)) == {projection.VERSION}


def test_employees_are_those_of_the_time_of_the_call(account: Account) -> None:
    """The extension went to somebody else since."""
    tell(account, talk())
    first = Call.objects.get().employee
    assert first is not None
    EmployeeAddress.objects.filter(employee=first).update(valid_to=moment(2000))
    heir = Employee.objects.create(account=account, name="heir")
    EmployeeAddress.objects.create(employee=heir, value="101", valid_from=moment(2000))
    tell(account, talk("later", at=3000))
    rebuild_calls(account)
    owners = dict(Call.objects.values_list("entry_id", "employee__name"))
    assert owners == {"talk": first.name, "later": "heir"}


def test_in_batches_with_progress(account: Account, monkeypatch: Any) -> None:
    monkeypatch.setattr("django_mango.services.rebuilding._PART", 2)
    tell(account, *[talk(str(n), number=f"7903000000{n}") for n in range(5)])
    spoil()
    seen: list[int] = []
    assert rebuild_calls(account, progress=seen.append).changed == 5
    assert seen == [2, 4, 5]


def test_the_number_of_statements_does_not_grow_with_the_calls(account: Account) -> None:
    counts = []
    for size in (25, 75):  # a handful is written by other statements on PostgreSQL
        tell(account, *[talk(f"{size}-{n}", number=f"79030{size:02}{n:04}") for n in range(size)])
        Call.objects.update(line_number="wrong")
        statements: list[str] = []

        def count(execute: Any, sql: str, *rest: Any, to: list[str] = statements) -> Any:
            to.append(sql)
            return execute(sql, *rest)

        with connection.execute_wrapper(count):
            rebuild_calls(account)
        counts.append(len(without_parts(statements)))
    assert counts[0] == counts[1]


def test_a_doubled_rebuild_is_harmless_after_a_newer_fact(account: Account) -> None:
    tell(account, talk())
    rebuild_calls(account)
    tell(account, summary("talk", 100, 400, talked=105, direction=2))
    rebuild_calls(account)
    assert Call.objects.get().talk_seconds == 295
