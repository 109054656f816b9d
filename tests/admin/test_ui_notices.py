"""Every kind of notification in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from django_mango.ui import notices, text

LEG = {"entry_id": "e", "call_id": "c", "timestamp": 1_700_000_000, "seq": 1}
SIDES = {"from": {"number": "79161234567"}, "to": {"extension": "101", "number": "sip:a@b"}}
RECORDING = {"entry_id": "e", "recording_id": "r", "recording_state": "Completed"}
SUMMARY = {"entry_id": "e", "call_direction": 1, "end_time": 1_700_000_100, **SIDES}


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("events/call", {**LEG, **SIDES, "call_state": "Appeared"}, "ringing: {} → 101"),
        ("events/call", {**LEG, **SIDES, "call_state": "Connected"}, "connected: {} → 101"),
        (
            "events/call",
            {**LEG, "from": SIDES["from"], "to": {}, "call_state": "Appeared", "location": "ivr"},
            "ringing (voice menu): {}",
        ),
        ("events/call", {**LEG, "call_state": "OnHold", "location": "queue"}, "on hold (queue)"),
        (
            "events/call",
            {**LEG, **SIDES, "call_state": "Disconnected", "disconnect_reason": "1121"},
            "ended: {} → 101, the remote side is busy (1121)",
        ),
        ("events/call", {**LEG, "call_state": "Unheard"}, "call event"),
        ("events/summary", {**SUMMARY, "talk_time": 1_700_000_035}, "summary: talk 1:05"),
        ("events/summary", {**SUMMARY, "talk_time": 0}, "summary: nobody talked"),
        ("events/summary", {**SUMMARY, "talk_time": 1, "to": {}}, "summary: nobody talked"),
        ("result/callback", {"command_id": "x", "result": "1000"}, "result of a command: done"),
        ("result/sms", {"result": 2240}, "result of a command: not enough money (2240)"),
        ("result/callback", {"result": "x"}, "result/callback"),
        ("result/stat", {"key": "k"}, "a report of statistics is ready"),
        ("events/recording", {**RECORDING, "completion_code": 1000}, "recording completed"),
        (
            "events/recording",
            {**RECORDING, "completion_code": "4002"},
            "recording completed: too short (4002)",
        ),
        ("events/recording", {**RECORDING, "recording_state": "Started"}, "recording started"),
        ("events/recording", {**RECORDING, "recording_state": "Continued"}, "recording goes on"),
        ("events/recording", {**RECORDING, "recording_state": "?"}, "recording"),
        ("events/recording", {"entry_id": "e"}, "recording"),
        ("events/record/added", RECORDING, "recording stored by the service"),
        ("events/record/tagged", RECORDING, "topics of a recording recognised"),
        ("events/recognized/offline", {}, "speech of an uploaded file recognised"),
        ("events/sms", {"reason": 1000}, "SMS delivered"),
        ("events/sms", {"reason": "4301"}, "SMS not delivered: the SMS expired (4301)"),
        ("events/sms", {}, "delivery of an SMS"),
        ("events/dtmf", {"dtmf": "12", "location": "ivr.1"}, "keys 12 in the menu ivr.1"),
        ("events/dtmf", {"dtmf": 7, "location": "ivr"}, "keys 7 in the voice menu"),
        ("events/unheard/of", {"a": 1}, "events/unheard/of"),
        ("ping", {}, "ping"),
    ],
)
def test_each_kind_is_put_into_words(kind: str, body: dict[str, Any], words: str) -> None:
    shown = notices.what(kind, json.dumps(body))
    assert shown.startswith(words.format("+7 916 123-45-67"))


@pytest.mark.parametrize("broken", ["", "{", "[]", "null", "1"])
def test_an_unreadable_text_is_named_by_its_kind(broken: str) -> None:
    assert notices.what("events/sms", broken) == "delivery of an SMS"
    assert notices.what("events/other", broken) == "events/other"


_KINDS = ("events/call", "events/summary", "events/recording", "events/sms", "events/dtmf")
_NAMES = ("entry_id", "from", "to", "reason", "dtmf", "talk_time", "end_time", "completion_code")
_VALUES = st.none() | st.integers() | st.text(max_size=9) | st.just({}) | st.lists(st.integers())


@given(st.sampled_from(_KINDS), st.dictionaries(st.sampled_from(_NAMES), _VALUES))
def test_nothing_that_may_come_breaks_the_page(kind: str, body: dict[str, Any]) -> None:
    assert notices.what(kind, json.dumps(body))


def test_words_are_in_the_readers_language() -> None:
    body = json.dumps({**RECORDING, "completion_code": 4002})
    with translation.override("ru"):
        assert "4002" in notices.what("events/recording", body)
        assert "recording" not in notices.what("events/recording", body)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (11_100, "3 h 5 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 day"),
        (180_000, "2 days"),
    ],
)
def test_spans_are_rough_and_do_not_break(seconds: float, shown: str) -> None:
    assert text.span(seconds) == shown.replace(" ", "\N{NO-BREAK SPACE}")
