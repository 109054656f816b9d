"""What crashes and lost notifications leave behind is put right."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from django_mango.models import Account, Call, Command, Notification, Recording, StatsImport
from django_mango.services import receive, sweep
from django_mango.services.sweeping import close_stale_calls, process_waiting, resolve_behind
from tests.services.calling_bench import Service
from tests.services.import_bench import calls_of, make_account
from tests.services.telling import (
    OTHER,
    Statistics,
    Told,
    committed,
    event,
    hearing,
    keep,
    missed,
    moment,
    recording,
    row,
    settled,
    summary,
    talk,
    tell,
    told,
)

pytestmark = pytest.mark.django_db

STALE = timedelta(seconds=7200)


@pytest.fixture
def account() -> Account:
    return make_account()


def swept(account: Account, **more: Any) -> list[str]:
    """Entry ids of the calls a sweep changed."""
    with committed():
        changes = sweep(account, **more)
    return sorted({change.call.entry_id for change in changes})


# Waiting notifications


def test_what_a_crash_left_is_processed_as_if_it_came_now(account: Account) -> None:
    story = [missed(), event("talk", "Connected", 60), talk(at=55), talk("b", number=OTHER)]
    tell(account, *story)
    undisturbed = calls_of(account)
    Notification.objects.all().delete()
    Call.objects.all().delete()
    keep(account, *story)
    assert not Call.objects.exists()
    assert swept(account) == ["b", "missed", "talk"]
    assert calls_of(account) == undisturbed
    assert settled(account) == {"missed": "talk"}
    assert not Notification.objects.troubled().exists()


def test_again_it_finds_nothing_to_do(account: Account) -> None:
    keep(account, missed(), talk(), recording("record/added"))
    swept(account)
    before = (calls_of(account), list(Notification.objects.order_by("pk").values()))
    with hearing() as heard:
        assert swept(account) == []
    assert heard.names == []
    assert (calls_of(account), list(Notification.objects.order_by("pk").values())) == before


def test_a_row_whose_processing_broke_is_taken(account: Account) -> None:
    def fail(execute: Any, sql: str, *rest: Any) -> Any:
        if "django_mango_call" in sql and not sql.startswith("SELECT"):
            raise OSError("no space left")
        return execute(sql, *rest)

    kind, text = talk()
    with connection.execute_wrapper(fail):
        receive(account, kind, kind, text)
    row = Notification.objects.get()
    assert (row.processed_at, row.error) == (None, "OSError")
    assert swept(account) == ["talk"]
    row.refresh_from_db()
    assert row.processed_at is not None
    assert row.error == ""


OTHERS: list[Told] = [
    told("events/sms", command_id="c", timestamp=1, reason=1000),
    told("events/dtmf", entry_id="E", seq=1, dtmf="1", timestamp=1),
    told("events/ab/contacts", anything=1),
    told("result/sms", command_id="nobody's", result=1000),
    told("events/call", call_state="Appeared", call_id="no entry"),
    recording("record/added", entry_id=""),
]


@pytest.mark.parametrize("one", OTHERS, ids=[kind for kind, _text in OTHERS])
def test_every_kind_is_swept(account: Account, one: Told) -> None:
    keep(account, one)
    swept(account)
    assert Notification.objects.get().processed_at is not None
    assert Notification.objects.get().error == ""
    assert not Call.objects.exists()


def test_the_outcome_of_a_command_is_swept(account: Account) -> None:
    command = Command.objects.create(
        account=account,
        command_id="c1",
        kind=Command.Kind.CALLBACK,
        status=Command.Status.ACCEPTED,
        created_at=timezone.now(),
    )
    keep(account, told("result/callback", command_id="c1", result="1000"))
    Command.objects.update(status=Command.Status.ACCEPTED, result_code=None)
    swept(account)
    command.refresh_from_db()
    assert (command.status, command.result_code) == (Command.Status.CONFIRMED, 1000)


def test_the_readiness_of_a_report_is_swept(account: Account) -> None:
    window = StatsImport.objects.create(
        account=account,
        since=moment(0),
        until=moment(1),
        started_at=moment(0),
        request_key="k",
        state=StatsImport.State.LOADING,
    )
    keep(account, told("result/stat", key="k"))
    StatsImport.objects.update(ready_at=None)
    process_waiting(account)
    window.refresh_from_db()
    assert window.ready_at is not None


def test_one_that_breaks_hinders_no_other(account: Account, caplog: Any) -> None:
    """Together they fail; alone the good ones pass and the bad one keeps its error."""
    keep(account, talk("good"), talk("bad", number=OTHER), talk("worthy", number="79990001122"))

    def fail(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        is_write = "django_mango_call" in sql and not sql.startswith("SELECT")
        if is_write and "bad" in f"{sql} {params}":
            raise OSError("poison")
        return execute(sql, params, *rest)

    with connection.execute_wrapper(fail):
        swept(account)
    assert set(calls_of(account)) == {"good", "worthy"}
    assert Notification.objects.unprocessed().get().error == "OSError"
    assert "poison" in caplog.text
    swept(account)
    assert set(calls_of(account)) == {"good", "bad", "worthy"}


def test_waiting_recordings(account: Account) -> None:
    keep(account, talk(), recording(recording_state="Started", seq=1), recording("record/added"))
    Recording.objects.all().delete()
    with hearing() as heard:
        swept(account)
    row = Recording.objects.get()
    assert (row.state, row.call) == (Recording.State.AVAILABLE, Call.objects.get())
    assert heard.names.count("recording_available") == 1


def test_only_of_this_account(account: Account) -> None:
    other = make_account("second")
    keep(other, talk())
    assert swept(account) == []
    assert Notification.objects.unprocessed().count() == 1


# Missed calls


def behind(account: Account, **columns: Any) -> None:
    """The resolution of ``missed`` as a crash or a fault may have left it."""
    Call.objects.filter(account=account, entry_id="missed").update(**columns)


@pytest.mark.parametrize(
    ("at", "by"),
    [(None, None), (105, None), (505, "later"), (105, "later"), (55, "attempt"), (205, "stranger")],
)
def test_a_settling_that_does_not_agree(account: Account, at: int | None, by: str | None) -> None:
    tell(
        account,
        missed(),
        talk(at=100),
        talk("later", at=500),
        summary("attempt", 50, 70, direction=2, reason=1111),
        talk("stranger", at=200, number=OTHER),
    )
    behind(
        account,
        missed_resolved_at=None if at is None else moment(at),
        missed_resolved_by=Call.objects.filter(entry_id=by).first(),
    )
    resolve_behind(account)
    assert settled(account) == {"missed": "talk"}


def test_a_settling_by_an_earlier_talk_of_somebody_else(account: Account) -> None:
    tell(account, missed(), talk("stranger", at=50, number=OTHER), talk(at=100))
    by = Call.objects.get(entry_id="stranger")
    behind(account, missed_resolved_at=moment(55), missed_resolved_by=by)
    resolve_behind(account)
    assert settled(account) == {"missed": "talk"}


def test_a_settling_by_nothing_is_taken_back(account: Account) -> None:
    tell(account, missed(), summary("attempt", 50, 70, direction=2, reason=1111))
    by = Call.objects.get(entry_id="attempt")
    behind(account, missed_resolved_at=moment(55), missed_resolved_by=by)
    assert resolve_behind(account) == set()
    assert settled(account) == {"missed": None}


def test_a_settling_of_what_was_not_missed(account: Account) -> None:
    tell(account, talk("missed"), talk("by", at=500))
    by = Call.objects.get(entry_id="by")
    behind(account, missed_resolved_at=moment(505), missed_resolved_by=by)
    resolve_behind(account)
    assert settled(account) == {}


def test_an_answering_machine_is_not_looked_for_again_and_again(account: Account) -> None:
    tell(account, missed(), talk("machine", reason=1310))
    with connection.execute_wrapper(no_update):
        assert resolve_behind(account) == set()
    assert settled(account) == {"missed": None}


def no_update(execute: Any, sql: str, *rest: Any) -> Any:
    assert not sql.startswith("UPDATE")
    return execute(sql, *rest)


def test_an_agreeing_settling_costs_four_queries(
    account: Account, django_assert_num_queries: Any
) -> None:
    tell(account, missed(), talk(), missed("other", number=OTHER))
    with django_assert_num_queries(4):
        resolve_behind(account)


# Stale calls


def long_ago(account: Account, *notifications: Told, seconds: int = 9000) -> None:
    """As if these had come so many seconds before now."""
    tell(account, *notifications)
    Notification.objects.update(received_at=timezone.now() - timedelta(seconds=seconds))


def old(entry_id: str = "call", state: str = "Connected", at: int = -6000, **more: Any) -> Told:
    """An event of 9,600 seconds ago."""
    return event(entry_id, state, at, **more)


def test_a_call_without_news_is_closed_and_marked(account: Account) -> None:
    long_ago(account, old())
    assert Call.objects.get().is_live
    with hearing() as heard:
        assert swept(account) == ["call"]
    call = Call.objects.get()
    assert not call.is_live
    assert call.is_final
    assert call.stale_closed_at is not None
    assert (call.outcome, call.answered_at) == (Call.Outcome.ANSWERED, moment(-6000))
    assert call.talk_seconds == 0, "nobody knows how long they talked"
    assert heard.names == ["call_finished"]


def test_who_rang_in_vain_is_missed_and_settled_like_any_other(account: Account) -> None:
    tell(account, talk(at=100))
    long_ago(account, old(state="Appeared"))
    with hearing() as heard:
        swept(account)
    assert settled(account) == {"call": "talk"}
    assert heard.about("call") == ["call_finished", "call_missed", "missed_call_resolved"]


@pytest.mark.parametrize("seconds", [0, 7000])
def test_with_recent_news_nothing_is_closed(account: Account, seconds: int) -> None:
    """A talk of three hours in which a key was pressed is no lost one."""
    long_ago(account, old())
    tell(account, told("events/dtmf", entry_id="call", seq=1, dtmf="1", timestamp=1))
    Notification.objects.filter(kind="events/dtmf").update(
        received_at=timezone.now() - timedelta(seconds=seconds)
    )
    assert swept(account) == []
    assert Call.objects.get().is_live


def test_a_young_call_is_not_closed(account: Account) -> None:
    long_ago(account, event("call", "Connected", 0))
    assert swept(account) == []
    assert swept(account, now=timezone.now() + STALE) == ["call"]


def test_the_time_is_a_setting(account: Account, settings: Any) -> None:
    settings.MANGO = {**settings.MANGO, "STALE_CALL_SECONDS": 600}
    long_ago(account, event("call", "Connected", 0), seconds=700)
    assert swept(account) == ["call"]


def test_a_newer_event_takes_it_back(account: Account) -> None:
    long_ago(account, old())
    swept(account)
    now = int(timezone.now().timestamp()) - int(moment(0).timestamp())
    tell(account, old(state="OnHold", at=now + 5, seq=2))
    call = Call.objects.get()
    assert call.is_live
    assert not call.is_final
    assert call.state == Call.State.ON_HOLD
    assert swept(account) == [], "it has news now"


def test_a_summary_that_comes_after_tells_the_truth(account: Account) -> None:
    long_ago(account, old(state="Appeared"))
    swept(account)
    assert Call.objects.missed().exists()
    tell(account, summary("call", -6000, -5000, talked=-5990))
    call = Call.objects.get()
    assert (call.outcome, call.is_missed, call.talk_seconds) == ("answered", False, 990)


def test_statistics_know_better_than_the_clock(account: Account, service: Service) -> None:
    long_ago(account, old())
    Statistics(account, service).load([row("call", -6000, -5400, answered=-5990)], hours=4)
    call = Call.objects.get()
    assert call.is_final
    assert call.stale_closed_at is None
    assert call.talk_seconds == 590


def test_after_being_taken_back_it_can_be_closed_again(account: Account) -> None:
    long_ago(account, old())
    swept(account)
    now = int(timezone.now().timestamp()) - int(moment(0).timestamp())
    tell(account, old(state="OnHold", at=now + 5, seq=2))
    stamp = Call.objects.get().stale_closed_at
    assert stamp is not None
    assert swept(account, now=timezone.now() + 2 * STALE) == ["call"]
    again = Call.objects.get().stale_closed_at
    assert again is not None
    assert again > stamp


def test_an_event_that_comes_while_it_is_closed_wins(account: Account) -> None:
    """It is stored between the search for stale calls and their lock."""
    long_ago(account, old())
    done: list[str] = []

    def meanwhile(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        if not done and sql.startswith(("INSERT", "UPDATE")):
            done.append(sql)
            kind, text = old(state="OnHold", at=3500, seq=2)
            receive(account, kind, kind, text)
        return execute(sql, params, *rest)

    with connection.execute_wrapper(meanwhile):
        assert close_stale_calls(account) == []
    assert done
    call = Call.objects.get()
    assert call.is_live
    assert call.stale_closed_at is None


def test_a_closed_call_is_left_alone(account: Account) -> None:
    long_ago(account, old(), talk("finished", at=-6000))
    assert swept(account) == ["call"]
    before = calls_of(account), Call.objects.get(entry_id="call").stale_closed_at
    assert swept(account) == []
    assert before == (calls_of(account), Call.objects.get(entry_id="call").stale_closed_at)


def test_json_of_the_facts_is_untouched(account: Account) -> None:
    """Facts are edited by nobody (rule 1)."""
    keep(account, talk(), missed())
    texts = sorted(Notification.objects.values_list("json", "digest", "copies"))
    swept(account)
    assert sorted(Notification.objects.values_list("json", "digest", "copies")) == texts
    assert all(json.loads(text) for text, _digest, _copies in texts)
