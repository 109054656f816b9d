"""Many missed calls settle in a fixed number of statements, each as the pure rule says."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_mango.models import Account, Call
from django_mango.services import settlings
from django_mango.services.changes import Change, concern_of
from django_mango.services.missed import resolve_clients, resolve_concerned
from tests.services.import_bench import make_account
from tests.services.telling import moment

pytestmark = pytest.mark.django_db

CLIENTS = ("+79161234567", "+79037654321")
COLUMNS = ("client_number", "is_missed", "answered_at", "started_at", "outcome")


@pytest.fixture
def account() -> Account:
    return make_account()


def a_miss(at: int, client: str = CLIENTS[0]) -> dict[str, Any]:
    return {
        "client_number": client,
        "is_missed": True,
        "started_at": moment(at),
        "answered_at": None,
        "outcome": Call.Outcome.MISSED,
    }


def a_talk(at: int, client: str = CLIENTS[0], wait: int = 5, **more: Any) -> dict[str, Any]:
    return {
        "client_number": client,
        "is_missed": False,
        "started_at": moment(at),
        "answered_at": moment(at + wait),
        "outcome": Call.Outcome.ANSWERED,
        **more,
    }


def an_attempt(at: int, client: str = CLIENTS[0]) -> dict[str, Any]:
    return {**a_talk(at, client), "answered_at": None, "outcome": Call.Outcome.NO_ANSWER}


def keep(account: Account, calls: list[dict[str, Any]]) -> list[Call]:
    Call.objects.filter(account=account).delete()
    rows = [Call(account=account, entry_id=f"E{n}", **one) for n, one in enumerate(calls)]
    return Call.objects.bulk_create(rows)


def stored(account: Account) -> dict[int, datetime | None]:
    calls = Call.objects.filter(account=account)
    assert not calls.filter(missed_resolved_at=None).exclude(missed_resolved_by=None).exists()
    for call in calls.exclude(missed_resolved_by=None).select_related("missed_resolved_by"):
        assert call.missed_resolved_by is not None
        assert call.missed_resolved_by.answered_at == call.missed_resolved_at
        assert call.missed_resolved_by.is_talk
    return dict(calls.values_list("pk", "missed_resolved_at"))


def as_the_rule_says(account: Account) -> dict[int, datetime | None]:
    """When each call is settled, in the words of the rule."""
    calls = list(Call.objects.filter(account=account))
    found: dict[int, datetime | None] = {}
    for call in calls:
        assert call.started_at is not None
        later = [
            talk.answered_at
            for talk in calls
            if talk.client_number == call.client_number
            and talk.is_talk
            and talk.answered_at
            and talk.answered_at > call.started_at
        ]
        found[call.pk] = min(later, default=None) if call.is_missed else None
    return found


_moments = st.integers(0, 30)
_clients = st.sampled_from(CLIENTS)
_calls = st.one_of(
    st.builds(a_miss, _moments, _clients),
    st.builds(a_talk, _moments, _clients, st.integers(0, 9)),
    st.builds(a_talk, _moments, _clients, outcome=st.just(Call.Outcome.NO_ANSWER)),
    st.builds(a_talk, _moments, _clients, outcome=st.just("")),
    st.builds(an_attempt, _moments, _clients),
)
_any_size = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@_any_size
@given(calls=st.lists(_calls, max_size=12), data=st.data())
def test_all_calls_of_a_client_as_the_rule_says(
    account: Account, calls: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Whatever they were settled by before."""
    rows = keep(account, calls)
    talks = [row for row in rows if row.is_talk]
    for row in rows:
        by = data.draw(st.sampled_from([None, *talks]))
        if by is not None and by is not row:
            row.missed_resolved_at, row.missed_resolved_by = by.answered_at, by
            row.save()
    open_before = {row.pk for row in rows if row.missed_resolved_at is None}
    settled = resolve_clients(account, CLIENTS)
    expected = as_the_rule_says(account)
    assert stored(account) == expected
    assert settled == {pk for pk, at in expected.items() if at and pk in open_before}
    assert resolve_clients(account, CLIENTS) == set()


@_any_size
@given(
    calls=st.lists(_calls, max_size=10),
    later=st.lists(_calls, min_size=1, max_size=5),
    data=st.data(),
)
def test_what_changes_settles_what_it_concerns(
    account: Account,
    calls: list[dict[str, Any]],
    later: list[dict[str, Any]],
    data: st.DataObject,
) -> None:
    """New calls, and known ones that became something else, even of another client."""
    rows = keep(account, calls)
    resolve_clients(account, CLIENTS)
    changes = []
    for number, values in enumerate(later):
        known = data.draw(st.sampled_from([None, *rows]))
        call = (
            Call(account=account, entry_id=f"new{number}")
            if known is None
            else Call.objects.get(pk=known.pk)
        )
        before = {name: getattr(call, name) for name in COLUMNS}
        for name, value in values.items():
            setattr(call, name, value)
        call.save()
        changes.append(Change(call, COLUMNS, before))
    resolve_concerned(account, concern_of(changes))
    assert stored(account) == as_the_rule_says(account)


def _statements(account: Account, clients: int) -> list[str]:
    calls = []
    for number in range(clients):
        client = f"+7916{number:07}"
        calls += [a_miss(0, client), a_talk(50, client), a_miss(20, client)]
    rows = keep(account, calls)
    changes = [
        Change(row, COLUMNS, {name: getattr(Call(), name) for name in COLUMNS}) for row in rows
    ]
    with CaptureQueriesContext(connection) as made:
        settled = resolve_concerned(account, concern_of(changes))
    assert len(settled) == 2 * clients
    assert stored(account) == as_the_rule_says(account)
    texts = [query["sql"] for query in made.captured_queries]
    texts = [text for text in texts if not text.startswith(("SAVEPOINT", "RELEASE", "SET"))]
    # A long update is sent in parts.
    return [
        text
        for before, text in pairwise(["", *texts])
        if not (text.startswith("UPDATE") and before.startswith("UPDATE"))
    ]


def test_any_number_of_clients_costs_the_same(account: Account) -> None:
    few, many = _statements(account, 10), _statements(account, 1000)
    assert len(few) == len(many) <= 8


def test_all_taken_back_at_once(account: Account) -> None:
    """Every value written is null, which a database cannot guess the type of."""
    rows = keep(account, [a_miss(0), a_miss(1), a_talk(50)])
    assert resolve_clients(account, CLIENTS) == {rows[0].pk, rows[1].pk}
    Call.objects.filter(pk=rows[2].pk).update(outcome=Call.Outcome.NO_ANSWER)
    assert resolve_clients(account, CLIENTS) == set()
    assert set(stored(account).values()) == {None}


def test_who_settled_one_of_many_meanwhile_told_of_it(account: Account) -> None:
    """Another process was faster with one: only the others are ours to announce."""
    rows = keep(account, [a_miss(0), a_miss(1), a_miss(2), a_talk(50)])
    done: list[str] = []

    def meanwhile(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        result = execute(sql, params, *rest)
        if sql.startswith("SELECT") and not done:
            done.append(sql)
            Call.objects.filter(pk=rows[1].pk).update(
                missed_resolved_at=rows[3].answered_at, missed_resolved_by=rows[3]
            )
        return result

    with connection.execute_wrapper(meanwhile):
        settled = resolve_clients(account, CLIENTS)
    assert settled == {rows[0].pk, rows[2].pk}
    assert stored(account) == as_the_rule_says(account)


def test_a_moment_before_the_change_is_left_alone(account: Account) -> None:
    """Only what a change can reach is read: a client has years of calls."""
    rows = keep(account, [a_miss(0), a_talk(10), a_miss(1000), a_talk(2000), a_talk(1500)])
    resolve_clients(account, CLIENTS)
    before = {name: getattr(Call(), name) for name in COLUMNS}
    concern = concern_of([Change(rows[4], COLUMNS, before)])
    assert concern.since == rows[4].started_at
    read = [call.pk for part in concern.parts(Call.objects.all()) for call in part.calls]
    assert read == [rows[2].pk]
    assert moment(0) + timedelta(seconds=1000) == rows[2].started_at


def test_a_talk_opens_no_call_that_was_missed_after_it(account: Account) -> None:
    """The talk that settles it is not among those read."""
    rows = keep(account, [a_miss(1000), a_talk(2000), a_talk(500), a_talk(600)])
    resolve_clients(account, CLIENTS)
    before = {name: getattr(Call(), name) for name in COLUMNS}
    resolve_concerned(account, concern_of([Change(rows[2], COLUMNS, before)]))
    assert stored(account)[rows[0].pk] == rows[1].answered_at


def test_of_talks_answered_at_one_moment_the_one_stored_first(account: Account) -> None:
    rows = keep(account, [a_miss(0), *(a_talk(20 - n, wait=n) for n in range(12))])
    resolve_clients(account, CLIENTS)
    assert Call.objects.get(pk=rows[0].pk).missed_resolved_by_id == rows[1].pk


def test_more_than_one_statement_takes(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlings, "_AT_ONCE", 3)
    monkeypatch.setattr(settlings, "_BY_CASES", 3)
    rows = keep(account, [*(a_miss(n) for n in range(8)), a_talk(50), a_talk(40)])
    Call.objects.filter(pk__in=[row.pk for row in rows[:4]]).update(
        missed_resolved_at=rows[8].answered_at, missed_resolved_by=rows[8]
    )
    assert resolve_clients(account, CLIENTS) == {row.pk for row in rows[4:8]}
    assert stored(account) == as_the_rule_says(account)


def test_what_was_stored_in_several_formats_is_one_moment(account: Account) -> None:
    """A fraction of a second more is later, on SQLite too, where moments are texts."""
    soon = timedelta(microseconds=1)
    rows = keep(account, [a_miss(5), a_talk(0), a_talk(0), a_talk(900)])
    Call.objects.filter(pk=rows[2].pk).update(answered_at=moment(5) + soon)
    assert set(resolve_clients(account, CLIENTS)) == {rows[0].pk}
    assert stored(account)[rows[0].pk] == moment(5) + soon


def test_moments_are_written_to_the_microsecond(account: Account) -> None:
    """Many in one statement, settled and then settled anew by an earlier talk."""
    parts = [timedelta(microseconds=n) for n in (1, 999_999, 333_333)]
    clients = [*CLIENTS, "+79990000001"]
    rows = keep(
        account,
        [a_miss(0, client) for client in clients]
        + [
            {**talk, "answered_at": talk["answered_at"] + part}
            for part, client in zip(parts, clients, strict=True)
            for talk in (a_talk(50, client), a_talk(90, client))
        ],
    )
    for talks in (rows[4::2], rows[3::2]):  # the later ones are known first
        Call.objects.filter(pk__in=[row.pk for row in rows[3::2]]).update(
            outcome=Call.Outcome.ANSWERED if talks == rows[3::2] else Call.Outcome.NO_ANSWER
        )
        resolve_clients(account, clients)
        settled = Call.objects.filter(is_missed=True).order_by("pk")
        assert list(settled.values_list("missed_resolved_at", "missed_resolved_by")) == [
            (talk.answered_at, talk.pk) for talk in talks
        ]
