"""Stored first, whatever it is; processed once; failures kept and healed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_mango.models import Account, Call, CallRecord, Notification
from django_mango.services import inbox, receive, sweeping
from tests.services.import_bench import Story, calls_of, deliver, make_account

pytestmark = pytest.mark.django_db

EVENT: dict[str, Any] = {
    "entry_id": "MjM3MjMyMjY0MDY=",
    "call_id": "MToxMDIwNjUzMjo1NzI6OTA3NDAwMDM6MQ==",
    "timestamp": 1748090923,
    "seq": 1,
    "call_state": "Appeared",
    "location": "abonent",
    "from": {"number": "79161234567"},
    "to": {"extension": "101", "line_number": "74951234567"},
}


@pytest.fixture
def account() -> Account:
    return make_account()


def take(account: Account, text: bytes | dict[str, Any], kind: str = "events/call") -> Notification:
    raw = text if isinstance(text, bytes) else json.dumps(text).encode()
    row = receive(account, kind, f"default/{kind}", raw)
    stored = Notification.objects.get(pk=row.pk)
    assert (stored.processed_at, stored.error) == (row.processed_at, row.error) or not row.error
    return stored


@contextmanager
def broken_projection() -> Iterator[None]:
    """Every statement that locks calls fails, as on a full disk."""

    def fail(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("INSERT") and "django_mango_call" in sql.split("(")[0]:
            raise OSError("no space left")
        return execute(sql, *rest)

    with connection.execute_wrapper(fail):
        yield


def test_a_call_event_is_stored_processed_and_projected(account: Account) -> None:
    row = take(account, EVENT)
    assert (row.kind, row.path) == ("events/call", "default/events/call")
    assert (row.entry_id, row.call_id, row.seq) == (EVENT["entry_id"], EVENT["call_id"], 1)
    assert row.json == json.dumps(EVENT)
    assert row.processed_at is not None
    assert row.error == ""
    assert Call.objects.get().client_number == "+79161234567"


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (b"", ""),
        (b"{", "{"),
        (b"[]", "[]"),
        (b"null", "null"),
        (b'{"a": NaN}', '{"a": NaN}'),
        (b'{"entry_id": "\xff\xfe"}', '{"entry_id": "\ufffd\ufffd"}'),
        (b'{"entry_id": "a\x00b"}', '{"entry_id": "a\ufffdb"}'),
        (b'{"entry_id": "\xed\xa0\x80"}', '{"entry_id": "\ufffd\ufffd\ufffd"}'),
        (b'{"entry_id": "\\ud800", "call_state": "Appeared"}', None),
        (b'{"entry_id": "\\u0000", "call_state": "Appeared"}', None),
        (json.dumps({**EVENT, "entry_id": "x" * 129}).encode(), None),
        (json.dumps({**EVENT, "entry_id": 10**200}).encode(), None),
        (json.dumps({**EVENT, "call_state": "Exploded"}).encode(), None),
        (b'{"timestamp": ' + b"9" * 5000 + b"}", None),
        (b"[" * 20000, None),
    ],
)
def test_what_cannot_be_read_is_stored_with_its_error(
    account: Account, text: bytes, stored: str | None
) -> None:
    row = take(account, text)
    assert row.error
    assert row.processed_at is not None
    assert row.json == (text.decode() if stored is None else stored)
    assert not Call.objects.exists()


@pytest.mark.parametrize("field", ["seq", "timestamp"])
@pytest.mark.parametrize("value", [10**30, -(10**30), "9" * 30, 1e308, 2**63, True, [], "x"])
def test_impossible_numbers_harm_nothing(account: Account, field: str, value: object) -> None:
    take(account, EVENT)
    connected = {**EVENT, "call_state": "Connected", "seq": 2, "timestamp": 1748090930}
    row = take(account, {**connected, field: value})
    assert row.error == ""
    assert row.processed_at is not None
    # Without a number it is the older event of the two.
    expected = Call.State.TALKING if field == "timestamp" else Call.State.RINGING
    assert Call.objects.get().state == expected


@pytest.mark.parametrize("path", ["a\0b/events/call", "\ud800/events/call", "x" * 900])
def test_any_path_is_stored(account: Account, path: str) -> None:
    row = receive(account, "events/call", path, json.dumps(EVENT).encode())
    assert Notification.objects.get(pk=row.pk).path


@pytest.mark.parametrize("kind", ["events/dtmf", "events/something/new", "result/sms", "ping"])
def test_other_kinds_are_kept_with_the_ids_they_name(account: Account, kind: str) -> None:
    row = take(account, {"entry_id": "e", "command_id": "c", "result": 1000}, kind)
    assert row.processed_at is not None
    assert row.error == ""
    assert (row.command_id if kind == "result/sms" else row.entry_id) in ("c", "e")
    assert not Call.objects.exists()


def test_without_an_entry_or_a_time_there_is_no_call(account: Account) -> None:
    for missing in ("entry_id", "timestamp"):
        row = take(account, {name: EVENT[name] for name in EVENT if name != missing})
        assert row.processed_at is not None
        assert row.error == ""
    assert not Call.objects.exists()
    # A later event with a time makes the call of both.
    take(account, EVENT)
    assert Call.objects.get().started_at == datetime.fromtimestamp(1748090923, UTC)


def test_the_kind_is_part_of_the_identity(account: Account) -> None:
    other = make_account("second")
    pks = {
        take(one, EVENT, kind).pk
        for one in (account, other)
        for kind in ("events/call", "events/summary")
    }
    assert len(pks) == 4


@pytest.mark.parametrize("healer", ["copy", "next", "replay", "sweep"])
def test_a_failure_is_kept_and_healed(account: Account, healer: str, caplog: Any) -> None:
    with broken_projection():
        row = take(account, EVENT)
    assert (row.processed_at, row.error) == (None, "OSError")
    assert "could not be processed" in caplog.text
    assert not Call.objects.exists()
    if healer == "copy":
        take(account, EVENT)
    elif healer == "next":
        take(account, {**EVENT, "seq": 2, "call_state": "Connected"})
    elif healer == "replay":
        assert inbox.replay(row)
    else:
        sweeping.process_waiting(account)
    row.refresh_from_db()
    assert row.processed_at is not None
    assert row.error == ""
    assert row.copies == (healer == "copy")
    assert Call.objects.get().started_at == datetime.fromtimestamp(1748090923, UTC)


def test_replay_finds_what_a_former_version_could_not_read(account: Account) -> None:
    row = take(account, EVENT)
    Call.objects.all().delete()
    Notification.objects.update(entry_id="", call_id="", seq=None, error="not understood")
    row.refresh_from_db()
    assert inbox.replay(row)
    row.refresh_from_db()
    assert (row.entry_id, row.seq, row.error) == (EVENT["entry_id"], 1, "")
    assert Call.objects.get().entry_id == EVENT["entry_id"]


@pytest.mark.parametrize("damage", [b"\xff", b"\x00"])
def test_replay_makes_no_fact_of_a_damaged_text(account: Account, damage: bytes) -> None:
    text = json.dumps({**EVENT, "note": "X"}).encode().replace(b"X", damage)
    row = take(account, text)
    assert not inbox.replay(row)
    row.refresh_from_db()
    assert row.error
    assert row.entry_id == ""
    assert not Call.objects.exists()


def test_replay_of_what_was_understood_changes_nothing(account: Account) -> None:
    story = Story()
    story.incoming("79161234567")
    deliver(account, story.deliveries())
    before = calls_of(account)
    for row in Notification.objects.all():
        assert inbox.replay(row)
    assert calls_of(account) == before


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=st.sampled_from(["events/call", "events/summary", "events/recording", "result/callback"]),
    text=st.one_of(
        st.binary(max_size=60),
        st.dictionaries(
            st.sampled_from([*EVENT, "call_direction", "create_time", "end_time", "result"]),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
                lambda inner: st.dictionaries(st.sampled_from(["number", "extension"]), inner),
                max_leaves=4,
            ),
        ).map(lambda value: json.dumps({**EVENT, **value}).encode()),
    ),
)
def test_nothing_that_is_signed_breaks_the_inbox(kind: str, text: bytes) -> None:
    """Every row is stored and either understood or has its error; none waits."""
    account, _ = Account.objects.get_or_create(alias="default")
    row = take(account, text, kind)
    assert row.processed_at is not None
    assert not row.error.endswith("Error")


def test_import_and_inbox_share_the_call(account: Account) -> None:
    """A record stored before is read with a later event."""
    moment = datetime.fromtimestamp(1748090923, UTC)
    CallRecord.objects.create(
        account=account,
        key="1748090923-a",
        entry_id=EVENT["entry_id"],
        started_at=moment,
        finished_at=moment + timedelta(seconds=9),
        from_number="79161234567",
        to_extension="101",
        location="abonent",
        disconnect_reason="1110",
        first_seen_at=moment,
        changed_at=moment,
    )
    take(account, EVENT)
    call = Call.objects.get()
    assert call.sources == "basic,events"
    assert call.ended_at == moment + timedelta(seconds=9)
