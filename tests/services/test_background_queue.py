"""Jobs on their way to a queue and back: values, the host's hook, a queue that is away."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from django_mango import signals, tasks
from django_mango.models import Account, Call, Recording
from django_mango.services import background, following
from django_mango.services.background import later
from django_mango.services.changes import Change
from django_mango.services.parcels import packed, unpacked

pytestmark = pytest.mark.django_db(transaction=True)

MOMENT = datetime(2026, 11, 25, 11, 10, 1, 250_000, tzinfo=UTC)

#: What the hook below was given, as the JSON a broker would carry.
sent: list[str] = []
done: list[dict[str, Any]] = []


def hook(name: str, arguments: dict[str, Any]) -> None:
    """The queue of a host: keeps the texts, a test plays the worker."""
    sent.append(json.dumps([name, arguments]))


def broken_hook(name: str, arguments: dict[str, Any]) -> None:
    raise ConnectionError("the broker is away")


@background.job
def note(**kwargs: Any) -> None:
    done.append(kwargs)


def work() -> None:
    """The worker: does everything that was sent."""
    while sent:
        tasks.run(*json.loads(sent.pop(0)))


@pytest.fixture(autouse=True)
def _queue(settings: Any) -> None:
    sent.clear()
    done.clear()
    settings.MANGO = {**settings.MANGO, "TASKS": f"{__name__}.hook"}


@pytest.fixture
def account() -> Account:
    return Account.objects.create(alias="default")


def there_and_back(value: object) -> Any:
    return unpacked(json.loads(json.dumps(packed(value))))


@pytest.mark.parametrize(
    "value",
    [None, True, 7, "ё", [1, [2]], {1, 3}, MOMENT, {"$": "set", "of": {"x": MOMENT}}, {}],
)
def test_values_come_back_as_they_were(value: object) -> None:
    assert there_and_back(value) == value


@pytest.mark.parametrize("value", [object(), b"bytes", {1: 2}, [object()], lambda: None])
def test_what_cannot_travel_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        packed(value)


@pytest.mark.parametrize("text", ['{"$": "eval", "of": "1"}', "{}", '{"a": 1}'])
def test_what_is_no_parcel_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        unpacked(json.loads(text))


def test_a_row_travels_as_it_was(account: Account) -> None:
    call = Call.objects.create(
        account=account, entry_id="1", started_at=MOMENT, legs=[{"call_id": "x", "n": [1]}]
    )
    parcel = packed(Change(call, ("legs",), {"started_at": None, "legs": []}, [4]))
    Call.objects.update(state=Call.State.FINISHED, ended_at=MOMENT)
    found = unpacked(json.loads(json.dumps(parcel)))
    assert found.call == call
    assert (found.call.state, found.call.ended_at) == (call.state, None)
    assert (found.call.legs, found.call.started_at) == (call.legs, MOMENT)
    assert found.call.account == account
    assert (found.fields, found.before, found.confirmed) == (
        ("legs",),
        {"started_at": None, "legs": []},
        [4],
    )
    assert found.is_new


def test_a_deferred_column_stays_deferred(account: Account) -> None:
    found = there_and_back(Account.objects.only("alias").get())
    assert found.get_deferred_fields() == {"name", "blocked_until"}
    assert found.name == account.name


def test_a_job_goes_to_the_queue_after_the_commit() -> None:
    with transaction.atomic():
        later(note, word="x", moment=MOMENT)
        assert sent == []
    assert len(sent) == 1
    assert done == []
    work()
    assert done == [{"word": "x", "moment": MOMENT}]


def test_after_a_rollback_nothing_goes() -> None:
    with transaction.atomic():
        later(note)
        transaction.set_rollback(True)
    assert sent == []


def test_what_is_no_job_stays_here() -> None:
    here: list[int] = []
    later(lambda number: here.append(number), number=1)
    assert here == [1]
    assert sent == []


def test_a_queue_that_is_away_loses_nothing(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MANGO = {**settings.MANGO, "TASKS": f"{__name__}.broken_hook"}
    with caplog.at_level(logging.ERROR):
        later(note, word="here")
    assert done == [{"word": "here"}]
    assert "the broker is away" in caplog.text


def test_arguments_that_cannot_travel_lose_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        later(note, thing=b"bytes")
    assert done == [{"thing": b"bytes"}]
    assert "cannot travel" in caplog.text


def test_a_worker_does_our_jobs_and_nothing_else() -> None:
    for name in ("os.system", "django_mango.services.sweep", f"{__name__}.hook", "x"):
        with pytest.raises(LookupError):
            tasks.run(name, {})


def test_the_signals_of_a_call_are_sent_by_the_worker(account: Account) -> None:
    told: list[tuple[str, Any]] = []

    def listen(signal: Any, call: Call, **_more: Any) -> None:
        told.append((names[signal], call.state))

    names = {signals.call_started: "started", signals.call_finished: "finished"}
    call = Call.objects.create(account=account, entry_id="1", started_at=MOMENT)
    before = dict.fromkeys(
        ("started_at", "answered_at", "client_number", "outcome", "is_missed", "is_final")
    )
    for signal in names:
        signal.connect(listen)
    try:
        with transaction.atomic():
            following.follow(account, [Change(call, ("started_at",), before)])
        assert told == []
        # The call has gone on until the worker is free: each signal tells of its moment.
        Call.objects.update(state=Call.State.FINISHED, is_final=True)
        over = Call.objects.get()
        following.follow(account, [Change(over, ("is_final",), {**before, "started_at": MOMENT})])
        work()
    finally:
        for signal in names:
            signal.disconnect(listen)
    assert told == [("started", "ringing"), ("finished", "finished")]


def test_every_kind_of_follow_up_travels(account: Account) -> None:
    recording = Recording.objects.create(account=account, recording_id="r", entry_id="1")
    from django_mango.services import journal, missed, recordings

    for job, kwargs in (
        (recordings.announce_available, {"recording": recording}),
        (recordings.join_calls, {"account": account, "entry_ids": {"1", "2"}}),
        (missed.announce_settled, {"pks": {1, 2}, "since": MOMENT}),
        (journal.announce_command, {"command_pk": 1}),
        (journal.dispatch, {"command_pk": 1}),
        (following._announce_changes, {"changes": []}),
    ):
        later(job, **kwargs)
    assert len(sent) == 6
    work()


def test_the_setting_must_be_a_text(settings: Any) -> None:
    settings.MANGO = {**settings.MANGO, "TASKS": 7}
    with pytest.raises(ImproperlyConfigured):
        background.hook()
