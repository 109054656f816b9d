"""The next batch is computed while this one is written: in another thread, in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from django_mango.models import StatsImport
from django_mango.protocol.errors import AnswerLost
from django_mango.protocol.statistics import OUR_FIELDS, read_lines
from django_mango.sandbox.history import History
from django_mango.sandbox.rows import csv_lines
from django_mango.services import rebuild_calls
from django_mango.services.following import News
from django_mango.services.importing import batches
from django_mango.services.importing.ahead import computed_ahead
from django_mango.services.importing.batches import Preparing
from django_mango.services.importing.writing import Writer
from tests.services.import_bench import calls_of, make_account

WAIT = 20.0
END = 1_748_090_923


def broken_after(count: int, error: Exception) -> Iterator[Callable[[], int]]:
    for number in range(count):
        yield partial(int, number)
    raise error


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_everything_comes_once_and_in_order(count: int) -> None:
    works = (partial(int, number) for number in range(count))
    assert list(computed_ahead(works)) == list(range(count))


def test_the_next_one_is_computed_before_it_is_asked_for() -> None:
    begun = threading.Event()

    def second() -> str:
        begun.set()
        return threading.current_thread().name

    taken = computed_ahead(iter([lambda: "first", second]))
    assert next(taken) == "first"
    assert begun.wait(WAIT), "nobody computes while we have the first"
    assert next(taken) != threading.current_thread().name
    assert next(taken, None) is None


def test_what_came_before_the_answer_broke_off_is_given() -> None:
    taken = computed_ahead(broken_after(3, AnswerLost("cut")))
    assert [next(taken) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(AnswerLost):
        next(taken)


def test_after_any_other_trouble_nothing_more_is_given() -> None:
    """Somebody else may have the lease by now: what is not written yet must not be."""
    taken = computed_ahead(broken_after(2, RuntimeError("taken over")))
    assert next(taken) == 0
    with pytest.raises(RuntimeError):
        next(taken)


def test_an_error_of_the_computation_reaches_who_waits_for_it() -> None:
    works: list[Callable[[], float]] = [lambda: 1.0, lambda: 1 / 0, lambda: 3.0]
    taken = computed_ahead(iter(works))
    assert next(taken) == 1.0
    with pytest.raises(ZeroDivisionError):
        next(taken)


def test_closed_early_it_fetches_no_more_and_leaves_no_thread() -> None:
    fetched: list[int] = []

    def works() -> Iterator[Callable[[], int]]:
        for number in range(100):
            fetched.append(number)
            yield partial(int, number)

    before = threading.active_count()
    taken = computed_ahead(works())
    next(taken)
    taken.close()
    assert fetched == [0, 1]
    assert threading.active_count() == before


@pytest.mark.django_db
def test_the_other_thread_leaves_the_database_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[int | None] = set()
    computing: set[int | None] = set()
    ensure, batch = BaseDatabaseWrapper.ensure_connection, Preparing.batch

    def watched(connection: BaseDatabaseWrapper) -> None:
        asked.add(threading.current_thread().ident)
        ensure(connection)

    def noted(*arguments: Any, **options: Any) -> Any:
        computing.add(threading.current_thread().ident)
        return batch(*arguments, **options)

    account = make_account()
    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", watched)
    monkeypatch.setattr(Preparing, "batch", noted)
    monkeypatch.setattr(batches, "BATCH", 100)
    lines = csv_lines(History(1, 200, 3, END).rows(END - 3 * 86_400, END), OUR_FIELDS)
    now = timezone.now()
    window = StatsImport.objects.create(
        account=account, since=now - timedelta(days=3), until=now, started_at=now
    )
    writer = Writer(account, News(account))
    written = sum(1 for _ in writer.store(window, read_lines(line.encode() for line in lines)))
    assert written > 3
    assert writer.calls >= len(calls_of(account)) > 100
    assert computing
    assert not computing & asked
    # Conversations went on from batch to batch; their calls are made of all their rows.
    before = calls_of(account)
    rebuild_calls(account)
    assert calls_of(account) == before
