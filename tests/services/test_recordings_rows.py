"""Recordings as rows: ids of events and of statistics meet, whatever comes first."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from django_mango.models import Account, Call, Notification, Recording
from django_mango.protocol.statistics import Record
from django_mango.services import receive, sweep
from django_mango.services.recordings import note_reported, refresh_recordings
from tests.services.calling_bench import Service
from tests.services.import_bench import make_account
from tests.services.telling import (
    Statistics,
    hearing,
    moment,
    recording,
    row,
    talk,
    tell,
)

pytestmark = pytest.mark.django_db

State = Recording.State
STARTED = recording(at=105, recording_state="Started", seq=1, extension="101", call_id="L1")
CONTINUED = recording(at=120, recording_state="Continued", seq=2, extension="102", call_id="L2")
COMPLETED = recording(at=160, recording_state="Completed", seq=3, completion_code=1000)
ADDED = recording("record/added", at=170, user_id=7, product_id=1)
TAGGED = recording("record/tagged", at=180, user_id=-1)


@pytest.fixture
def account() -> Account:
    return make_account()


def columns() -> dict[str, Any]:
    found = Recording.objects.values().get()
    call = Call.objects.filter(pk=found.pop("call_id")).first()
    found.pop("id")
    return {**found, "call": call.entry_id if call else None}


def test_a_whole_life(account: Account) -> None:
    tell(account, talk(), STARTED)
    assert columns()["state"] == State.EXPECTED
    tell(account, CONTINUED, COMPLETED)
    assert columns()["state"] == State.EXPECTED
    tell(account, ADDED, TAGGED)
    assert columns() == {
        "account_id": account.pk,
        "recording_id": "R1",
        "entry_id": "talk",
        "call": "talk",
        "state": State.AVAILABLE,
        "extension": "101",
        "pbx_user_id": 7,
        "started_at": moment(105),
        "completed_at": moment(160),
        "completion_code": 1000,
        "recipient": "",
        "added_at": moment(170),
        "tagged_at": moment(180),
    }
    assert not Notification.objects.troubled().exists()


def test_every_order_leaves_one_equal_row(account: Account) -> None:
    story = [talk(), STARTED, COMPLETED, ADDED, TAGGED]
    found = []
    for order in list(permutations(story))[::3]:
        Notification.objects.all().delete()
        Recording.objects.all().delete()
        Call.objects.all().delete()
        tell(account, *order, order[0], order[-1])
        found.append(columns())
    assert all(one == found[0] for one in found)
    assert found[0]["call"] == "talk"


def test_told_before_the_call_is_known(account: Account) -> None:
    with hearing() as heard:
        tell(account, ADDED)
    assert columns()["call"] is None
    assert heard.names == ["recording_available"]
    tell(account, talk())
    assert columns()["call"] == "talk"
    assert list(Call.objects.get().recordings.all()) == [Recording.objects.get()]


def test_a_call_that_comes_while_its_recording_is_written(account: Account) -> None:
    """Neither sees the other: the call is committed after the row looked for it."""
    done: list[str] = []

    def meanwhile(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        result = execute(sql, params, *rest)
        if "django_mango_recording" in sql and not done and sql.startswith("INSERT"):
            done.append(sql)
        elif "facts_purged_at" in sql and len(done) == 1:
            done.append(sql)
            Call.objects.create(account=account, entry_id="talk", started_at=timezone.now())
        return result

    with connection.execute_wrapper(meanwhile):
        tell(account, ADDED)
    assert len(done) == 2
    assert columns()["call"] == "talk"


def test_a_row_without_its_call_is_joined_by_the_sweep(account: Account) -> None:
    tell(account, talk(), ADDED)
    Recording.objects.update(call=None)
    sweep(account)
    assert columns()["call"] == "talk"


@pytest.mark.parametrize("first", ["events", "statistics"])
def test_ids_of_statistics_and_of_events_meet(
    account: Account, service: Service, first: str
) -> None:
    statistics = Statistics(account, service)
    lines = [row("talk", 100, 165, answered=105, records="[R1,R2]")]
    if first == "events":
        tell(account, STARTED, ADDED)
        statistics.load(lines)
    else:
        statistics.load(lines)
        assert set(Recording.objects.values_list("state", flat=True)) == {State.EXPECTED}
        tell(account, STARTED, ADDED)
    rows = Recording.objects.order_by("recording_id")
    assert [(one.recording_id, one.state) for one in rows] == [
        ("R1", State.AVAILABLE),
        ("R2", State.EXPECTED),
    ]
    assert {one.call.entry_id for one in rows if one.call} == {"talk"}


def test_recordings_that_appear_late_in_statistics(account: Account, service: Service) -> None:
    statistics = Statistics(account, service)
    statistics.load([row("talk", 100, 165, answered=105)])
    assert not Recording.objects.exists()
    statistics.load([row("talk", 100, 165, answered=105, records="[R1]")])
    assert columns()["call"] == "talk"
    statistics.load([row("talk", 100, 165, answered=105)])
    assert columns()["call"] == "talk"


def test_a_crash_between_rows_and_recordings_is_healed_by_the_next_import(
    account: Account, service: Service
) -> None:
    statistics = Statistics(account, service)
    lines = [row("talk", 100, 165, answered=105, records="[R1,R2]")]
    statistics.load(lines)
    Recording.objects.filter(recording_id="R2").delete()
    assert statistics.load(lines).unchanged == 1
    assert Recording.objects.filter(call__entry_id="talk").count() == 2


def test_too_short_is_missing_for_ever(account: Account, service: Service) -> None:
    short = recording(at=110, recording_state="Completed", seq=2, completion_code="4002")
    with hearing() as heard:
        tell(account, talk(), STARTED, short)
        Statistics(account, service).load(
            [row("talk", 100, 165, answered=105, records="[R1]", number="79161234567")]
        )
    assert columns()["state"] == State.MISSING
    assert "recording_available" not in heard.names


@pytest.mark.parametrize("added_first", [True, False])
def test_a_notice_without_entry_finds_its_recording_by_the_id(
    account: Account, service: Service, added_first: bool
) -> None:
    nameless = recording("record/added", at=170, entry_id="")
    lines = [row("talk", 100, 165, answered=105, records="[R1]")]
    if added_first:
        tell(account, nameless)
        assert columns()["call"] is None
    Statistics(account, service).load(lines)
    with hearing() as heard:
        tell(account, nameless)
    assert (columns()["state"], columns()["call"]) == (State.AVAILABLE, "talk")
    assert heard.names == ([] if added_first else ["recording_available"])
    tell(account, STARTED)
    assert columns()["state"] == State.AVAILABLE, "what names no entry is read every time"
    assert columns()["added_at"] == moment(170)


def test_accounts_do_not_mix(account: Account) -> None:
    other = make_account("second")
    tell(account, talk(), STARTED)
    tell(other, ADDED)
    assert Recording.objects.count() == 2
    assert Recording.objects.get(account=account).state == State.EXPECTED
    assert Recording.objects.get(account=other).call is None


def test_ids_differ_by_case(account: Account) -> None:
    tell(account, recording("record/added", recording_id="r1"), ADDED)
    assert Recording.objects.count() == 2


def test_a_recording_whose_facts_were_deleted_is_not_made_less(account: Account) -> None:
    tell(account, talk(), STARTED, COMPLETED, ADDED)
    before = columns()
    Notification.objects.all().delete()
    Call.objects.update(facts_purged_at=timezone.now())
    tell(account, recording("record/tagged", at=9000), recording("record/added", recording_id="X"))
    Recording.objects.get(recording_id="X").delete()
    assert columns() == before


def test_a_failed_recording_stays_unprocessed_and_is_swept(account: Account) -> None:
    def fail(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("INSERT") and "django_mango_recording" in sql.split("(")[0]:
            raise OSError("no space left")
        return execute(sql, *rest)

    kind, text = ADDED
    with connection.execute_wrapper(fail):
        receive(account, kind, kind, text)
    assert Notification.objects.unprocessed().get().error == "OSError"
    sweep(account)
    assert columns()["state"] == State.AVAILABLE
    assert not Notification.objects.troubled().exists()


def test_again_nothing_is_written(account: Account) -> None:
    tell(account, talk(), STARTED, ADDED)
    before = columns()
    assert refresh_recordings(account, ["talk", "", "nobody"]) == []
    assert refresh_recordings(account, []) == []
    assert columns() == before


@pytest.mark.django_db(transaction=True)
def test_a_call_deleted_since_its_row_was_stored(account: Account) -> None:
    """Its key is known from a moment ago: the recording is kept without the call."""
    there = Call.objects.create(account=account, entry_id="E1")
    gone = Call.objects.create(account=account, entry_id="E2")
    keys = {"E1": there.pk, "E2": gone.pk}
    gone.delete()
    rows = [Record(entry, 1, 2, records=(f"r-{entry}",)) for entry in ("E1", "E2")]
    note_reported(account, rows, keys)
    assert list(Recording.objects.order_by("entry_id").values_list("recording_id", "call")) == [
        ("r-E1", there.pk),
        ("r-E2", None),
    ]
