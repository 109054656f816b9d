"""A batch of statistics becomes calls set-wise, and each is what all its facts make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_mango.models import Account, Call, CallParty, Notification, Recording
from django_mango.protocol.projection import Directory
from django_mango.protocol.statistics import OUR_FIELDS, Record, read_rows
from django_mango.sandbox.history import History
from django_mango.sandbox.rows import csv_lines
from django_mango.services import rebuild_calls
from django_mango.services.bulk import BASIC, Counters, Target, prepare, write_report
from django_mango.services.directory import directory_of
from django_mango.services.following import News
from django_mango.services.foreseeing import Foreseen, foresee
from django_mango.services.recordings import note_reported
from django_mango.services.unfolding import Unfolded, unfold
from tests.services.counting import without_parts
from tests.services.import_bench import calls_of, make_account
from tests.services.telling import (
    ALL,
    CLIENT,
    committed,
    event,
    hearing,
    keep,
    missed,
    recording,
    row,
    settled,
    summary,
    talk,
    tell,
)

pytestmark = pytest.mark.django_db

END = 1_748_090_923


@pytest.fixture
def account() -> Account:
    return make_account()


def records_in(lines: Sequence[str]) -> list[Record]:
    found = list(read_rows([f"{line}\r\n".encode() for line in lines]))
    assert all(isinstance(one, Record) for one in found)
    return [one for one in found if isinstance(one, Record)]


def past(calls: int, seed: int = 1) -> list[Record]:
    history = History(seed, calls, 3, END)
    lines = csv_lines(history.rows(END - 3 * 86_400, END), OUR_FIELDS)
    return records_in([line.rstrip() for line in lines])


def written(account: Account, records: Sequence[Record]) -> tuple[Counters, Foreseen, Directory]:
    """The rows are stored; what calls they make is to be unfolded."""
    target, directory = Target.of(account), directory_of(account)
    report = prepare(BASIC, target, records)
    foreseen = foresee(target, report.rows.values(), directory)
    return write_report(account, report), foreseen, directory


def take(account: Account, records: Sequence[Record]) -> Unfolded:
    """What an import does with one batch."""
    with transaction.atomic():
        found = unfold(account, *written(account, records))
    News(account).take_unfolded(found)
    note_reported(account, records)
    return found


def is_what_the_facts_make(account: Account) -> bool:
    """Whether computing every call anew, the general way, changes nothing."""
    before = calls_of(account)
    parties = CallParty.objects.filter(account=account).count()
    report = rebuild_calls(account)
    assert report.changed == 0, report.fields
    assert CallParty.objects.filter(account=account).count() == parties
    return bool(before == calls_of(account) and report.calls == len(before))


def test_a_generated_past(account: Account) -> None:
    records = past(150)
    found = take(account, records)
    assert found.calls == len(found.new_calls) == Call.objects.count() == 150
    assert found.changes == [], "it is long ago: nothing will be announced"
    assert settled(account)
    assert Recording.objects.exclude(call=None).count() == sum(len(one.records) for one in records)
    # Participants are known by their digests, so they are deleted for the rebuild to write them.
    parties = {key: value["parties"] for key, value in calls_of(account).items()}
    assert is_what_the_facts_make(account)
    CallParty.objects.all().delete()
    Call.objects.update(participants={})
    rebuild_calls(account)
    assert {key: value["parties"] for key, value in calls_of(account).items()} == parties


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(1, 50), cuts=st.lists(st.integers(0, 130), max_size=4), data=st.data())
def test_however_the_rows_are_cut_into_batches(
    account: Account, seed: int, cuts: list[int], data: st.DataObject
) -> None:
    """Legs of one conversation come in several batches, in any order, and twice."""
    Call.objects.all().delete()
    account.records.all().delete()
    Recording.objects.all().delete()
    records = data.draw(st.permutations(past(40, seed)))
    edges = sorted({0, len(records), *(cut for cut in cuts if cut < len(records))})
    for start, end in pairwise(edges):
        take(account, records[max(0, start - 5) : end])
    assert Call.objects.count() == 40
    assert is_what_the_facts_make(account)


def test_events_told_before(account: Account) -> None:
    tell(account, event("known", "Connected", 5))
    keep(account, event("unprocessed", "Connected", 200), missed("waiting", 300))
    tell(account, event("known", "Connected", 5))
    with hearing() as heard:
        found = take(
            account,
            records_in(
                [
                    row("known", 0, 60, answered=5),
                    row("unprocessed", 195, 260, answered=200),
                    row("waiting", 300, 320),
                    row("new", 400, 460, answered=405),
                ]
            ),
        )
        assert {one.call.entry_id for one in found.changes} == {
            "known", "unprocessed", "waiting", "new",
        }  # fmt: skip
        assert sorted(found.new_calls) == ["new", "unprocessed", "waiting"]
    assert heard.names == [], "signals are for the end of the run"
    assert not Notification.objects.unprocessed().exists()
    sources = dict(Call.objects.values_list("entry_id", "sources"))
    assert sources == {
        "known": "basic,events",
        "unprocessed": "basic,events",
        "waiting": "summary,basic",
        "new": "basic",
    }
    assert is_what_the_facts_make(account)


def test_only_conversations_with_a_new_row_are_computed(account: Account) -> None:
    records = past(30)
    take(account, records)
    Call.objects.update(line_number="left alone")
    late = records_in([row("new", 0, 60, answered=5)])
    assert take(account, [*records, *late]).calls == 1
    assert Call.objects.filter(line_number="left alone").count() == 30


def test_a_row_without_a_moment_waits_for_one_that_has_it(account: Account) -> None:
    """Of it no call is made; of both together one is, which knows both."""
    empty = f"E1;[];0;0;0;0;;{CLIENT};101;;1110;74951234567;abonent"
    assert take(account, records_in([empty])).calls == 0
    assert not Call.objects.exists()
    take(account, records_in([row("E1", 100, 160, answered=105)]))
    assert Call.objects.get().outcome == Call.Outcome.ANSWERED
    assert is_what_the_facts_make(account)


def test_rows_without_a_conversation_are_kept_and_make_no_call(account: Account) -> None:
    assert take(account, records_in([row("", 0, 60), row("", 100, 160)])).calls == 0
    assert account.records.count() == 2
    assert not Call.objects.exists()


def between(work: Callable[[], object]) -> Callable[..., Any]:
    """Runs ``work`` when the rows are stored and before calls are.

    Where it is asked which calls are stored already, after that; else before they are tried.
    """
    done: list[str] = []
    rows, calls = map(connection.ops.quote_name, ("django_mango_callrecord", "django_mango_call"))

    def run(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        is_tried = sql.startswith("SAVEPOINT") and done == ["rows"]
        if is_tried:
            done.append("work")
            work()
        result = execute(sql, params, *rest)
        if sql.startswith(f"INSERT INTO {rows}") and not done:
            done.append("rows")
        if sql.startswith("SELECT") and f"FROM {calls}" in sql and done == ["rows"]:
            done.append("work")
            work()
        return result

    return run


@pytest.mark.parametrize(
    "told",
    [
        event("E1", "Connected", 5, number="79037654321"),
        summary("E1", 0, 60, talked=5, number="79037654321"),
    ],
)
@pytest.mark.parametrize("is_processed", [True, False])
def test_what_is_committed_meanwhile_is_seen(
    account: Account, told: tuple[str, bytes], is_processed: bool
) -> None:
    """A notification of the same call comes between the question and the insert.

    Its own processing may have made the call already, or waits for our lock.
    """
    lines = [row("E1", 0, 60, answered=5), row("E2", 0, 60, answered=5)]
    with connection.execute_wrapper(
        between(partial(tell if is_processed else keep, account, told))
    ):
        found = take(account, records_in(lines))
    assert sorted(Call.objects.values_list("entry_id", flat=True)) == ["E1", "E2"]
    assert "basic" in Call.objects.get(entry_id="E1").sources
    assert Call.objects.get(entry_id="E1").sources != "basic"
    assert CallParty.objects.filter(call__entry_id="E1").exists()
    # Here the other process sees our uncommitted row, so that nothing is left to change for us.
    new = [one.is_new for one in found.changes if one.call.entry_id == "E1"]
    assert new == ([] if is_processed else [True]), "announced once, by who made the call"
    assert is_what_the_facts_make(account)


def test_another_importer_at_the_same_moment(account: Account) -> None:
    """Its lease ran out, yet it writes on: the other leg of the call is its own."""
    menu, phone = row("E1", 0, 10, location="ivr", reason=1100), row("E1", 10, 60, answered=15)
    other = partial(take, account, records_in([phone]))
    with connection.execute_wrapper(between(other)):
        take(account, records_in([menu]))
    call = Call.objects.get()
    assert (call.outcome, call.is_final) == (Call.Outcome.ANSWERED, True)
    assert call.parties.count() == 1
    assert is_what_the_facts_make(account)


def statements(account: Account, calls: int, seed: int) -> list[str]:
    # At least one missed call that is settled, whatever the past brings.
    records = [
        *past(calls - 2, seed),
        *records_in([row("missed", 0, 20), row("talk", 100, 160, answered=110)]),
    ]
    with CaptureQueriesContext(connection) as made:
        take(account, records)
    texts = [query["sql"] for query in made.captured_queries]
    return [text for text in texts if not text.startswith(("SAVEPOINT", "RELEASE"))]


def test_a_batch_costs_the_same_whatever_its_size(account: Account) -> None:
    few = statements(account, 60, seed=5)  # fewer are written by other statements on PostgreSQL
    many = statements(make_account("second"), 500, seed=5)
    assert Call.objects.filter(account=account).count() == 60
    few, many = without_parts(few), without_parts(many)
    assert len(few) == len(many) <= 30, "\n".join(text[:300] for text in many)


def test_recordings_of_events_and_of_rows_meet(account: Account) -> None:
    tell(account, recording("record/added", at=200, entry_id="E1"))
    records = records_in(
        [
            row("E1", 100, 165, answered=105, records="[R1,R2]"),
            row("E2", 100, 165, answered=105, records="[R3]"),
        ]
    )
    take(account, records)
    states = dict(Recording.objects.values_list("recording_id", "state"))
    assert states == {"R1": "available", "R2": "expected", "R3": "expected"}
    assert not Recording.objects.filter(call=None).exists()


def test_a_recording_named_by_two_conversations_is_of_the_first(account: Account) -> None:
    for order in (["E1", "E2"], ["E2", "E1"]):
        Recording.objects.all().delete()
        account.records.all().delete()
        for entry_id in order:
            take(account, records_in([row(entry_id, 100, 165, answered=105, records="[R1]")]))
        assert Recording.objects.get().entry_id == "E1"


def test_recent_calls_are_announced_at_the_end_and_once(account: Account) -> None:
    news = News(account)
    records = records_in([row("missed", 0, 20), row("talk", 100, 160, answered=110)])
    with hearing() as heard:
        for part in (records[:1], records[1:]):
            with transaction.atomic():
                found = unfold(account, *written(account, part))
            news.take_unfolded(found)
        assert heard.names == []
        with committed():
            news.announce()
            news.announce()
    assert heard.about("missed") == [
        "call_started", "call_finished", "call_missed", "missed_call_resolved",
    ]  # fmt: skip
    assert heard.about("talk") == ["call_started", "call_answered", "call_finished"]


def test_talks_settle_the_misses_of_their_batch(account: Account) -> None:
    tell(account, missed("before", -500), talk("of another", at=-400, number="79037654321"))
    take(
        account,
        records_in(
            [row("during", 0, 20), row("talk", 100, 160, answered=110), row("after", 200, 220)]
        ),
    )
    assert settled(account) == {"before": "talk", "during": "talk", "after": None}


def test_a_day_of_calls_is_not_kept_for_nobody(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in ALL.values():
        monkeypatch.setattr(one, "receivers", [])
        monkeypatch.setattr(one, "sender_receivers_cache", {})
    news = News(account)
    news.take_unfolded(take(account, records_in([row("new", 0, 60, answered=5)])))
    tell(account, event("known", "Connected", 100))
    found = take(account, records_in([row("known", 95, 160, answered=100)]))
    assert [one.call.entry_id for one in found.changes] == ["known"]
    news.take_unfolded(found)
    with hearing() as heard, committed():
        news.announce()
    assert heard.names == []
