"""Reading notifications: the documented samples, and values as odd as the service sends them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol.errors import ReadError
from django_mango.protocol.notifications import (
    CallEvent,
    CommandResult,
    Other,
    Party,
    StatsReady,
    Summary,
    read,
)

# §2.1.6 of the reference, both samples of the document.
SAMPLE_2018 = """{"entry_id":"1MN0Q1MDOQ==","call_id":"MIxEyNTzTo6NDxkzNMMOzNQ==",
 "timestamp":1558422128,"seq":2,"call_state":"Disconnected","location":"abonent",
 "from":{"number":"79001234567","taken_from_call_id":"oMNTMyzTzNTo6NxNkDIxOxM3EMNTj"},
 "to":{"extension":"29","number":"sip:user00000@tech.mangosip.ru",
 "line_number":"sip:line00000@tech.mangosip.ru","acd_group":"303"},
 "disconnect_reason":1131,"dct":{"number":"74001234567","type":1}}"""
SAMPLE_TEXTS = """{"call_id":"100:500:256","entry_id":"232wc3e3w3s222","timestamp":"1399907008",
 "seq":"3","location":"abonent","call_state":"Disconnected","from":{"extension":"1234","number":"74955404444"},"to":{"number":"12345678"},
 "disconnect_reason":"1120"}"""
SUMMARY = """{"entry_id":"232wc3e3w3s222","call_direction":1,"from":{"number":"7800123635242"},
 "to":{"extension":"123","number":"7800123456789"},"line_number":"7800123456789",
 "create_time":1399906976,"forward_time":1399906978,"talk_time":1399906980,"end_time":1399906990,
 "entry_result":1,"disconnect_reason":1100}"""


def _event(**changes: Any) -> CallEvent:
    value = read("events/call", json.dumps({"call_state": "Appeared", **changes}))
    assert isinstance(value, CallEvent)
    return value


def _summary(**changes: Any) -> Summary:
    value = read("events/summary", json.dumps(changes))
    assert isinstance(value, Summary)
    return value


def test_call_event_of_the_document() -> None:
    assert read("events/call", SAMPLE_2018) == CallEvent(
        entry_id="1MN0Q1MDOQ==",
        call_id="MIxEyNTzTo6NDxkzNMMOzNQ==",
        timestamp=1558422128,
        seq=2,
        state="Disconnected",
        location="abonent",
        caller=Party("", "79001234567"),
        called=Party("29", "sip:user00000@tech.mangosip.ru"),
        taken_from="oMNTMyzTzNTo6NxNkDIxOxM3EMNTj",
        to_line="sip:line00000@tech.mangosip.ru",
        group_number="303",
        disconnect_reason="1131",
        text=SAMPLE_2018,
    )


def test_call_event_with_numbers_as_texts() -> None:
    assert read("events/call", SAMPLE_TEXTS) == CallEvent(
        entry_id="232wc3e3w3s222",
        call_id="100:500:256",
        timestamp=1399907008,
        seq=3,
        state="Disconnected",
        location="abonent",
        caller=Party("1234", "74955404444"),
        called=Party("", "12345678"),
        disconnect_reason="1120",
        text=SAMPLE_TEXTS,
    )


@pytest.mark.parametrize("kind", ["events/summary", "events/call"])
def test_summary_of_the_document_under_either_path(kind: str) -> None:
    """Q75: documents print summary samples under ``events/call``."""
    assert read(kind, SUMMARY) == Summary(
        entry_id="232wc3e3w3s222",
        direction=1,
        caller=Party("", "7800123635242"),
        called=Party("123", "7800123456789"),
        line_number="7800123456789",
        create_time=1399906976,
        forward_time=1399906978,
        talk_time=1399906980,
        end_time=1399906990,
        entry_result=1,
        disconnect_reason="1100",
        text=SUMMARY,
    )


def test_call_event_under_the_path_of_summaries() -> None:
    assert isinstance(read("events/summary", SAMPLE_2018), CallEvent)


def test_summary_without_anything_is_a_summary() -> None:
    assert _summary() == Summary("", None, Party(), Party(), "", 0, 0, 0, 0, None, "", text="{}")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("12", "12"), (12, "12"), ("0511", "0511"), (12.0, "12"), (" 12 ", "12"), ("", ""), (None, ""),
     (True, ""), ([], ""), ({}, ""), (0, "0"), (1.5, ""), (1e300, "")],
)  # fmt: skip
def test_extension_as_text_or_number(value: object, expected: str) -> None:
    """T-03, Q60: leading zeros stay."""
    assert _event(to={"extension": value}).called == Party(expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(5, 5), ("5", 5), (" 5 ", 5), (5.0, 5), (None, 0), ("", 0), ("five", 0), (True, 0), ([5], 0),
     (5.5, 0), ("5.0", 0), (10**400, 0), ("9" * 19, 0), (-1, -1), ("٣", 0)],
)  # fmt: skip
def test_seq_as_text_or_number(value: object, expected: int) -> None:
    assert _event(seq=value).seq == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1748090923, 1748090923), ("1748090923", 1748090923), (0, 0), ("0", 0), (None, 0), ("", 0),
     (-5, 0), (1748090923000, 0), ("2025-05-24", 0), (4102444799, 4102444799), (4102444800, 0),
     (1e999, 0)],
)  # fmt: skip
def test_timestamp_is_plain_unix_time_or_never(value: object, expected: int) -> None:
    """Q52: no shift; milliseconds and rubbish are no moments."""
    text = json.dumps({"call_state": "Appeared", "timestamp": value}).replace("Infinity", "1e999")
    event = read("events/call", text)
    assert isinstance(event, CallEvent)
    assert event.timestamp == expected


@pytest.mark.parametrize("key", ["from", "to"])
@pytest.mark.parametrize("value", [None, [], "x", 5, {}])
def test_party_that_is_no_object_is_nobody(key: str, value: object) -> None:
    event = _event(**{key: value})
    assert (event.caller, event.called, event.taken_from) == (Party(), Party(), "")
    assert not event.caller


def test_taken_from_on_either_side() -> None:
    assert _event(to={"taken_from_call_id": "L1"}).taken_from == "L1"
    assert (
        _event(
            **{"from": {"taken_from_call_id": "L0"}, "to": {"taken_from_call_id": "L1"}}
        ).taken_from
        == "L0"
    )


def test_line_number_in_its_three_places() -> None:
    """Q63."""
    assert _event(**{"from": {"line_number": "1"}}).from_line == "1"
    assert _event(to={"line_number": "2"}).to_line == "2"
    assert _event(line_number="3").to_line == "3"
    assert _event(line_number="3", to={"line_number": "2"}).to_line == "2"


@pytest.mark.parametrize("word", ["СС", "CC", "СC"])
def test_initiator_with_cyrillic_letters(word: str) -> None:
    assert _event(callback_initiator=word).callback_initiator == "CC"


@pytest.mark.parametrize("state", ["Appeared", "appeared", "CONNECTED", " OnHold ", "Disсоnnесtеd"])
def test_states_in_any_case_and_alphabet(state: str) -> None:
    assert _event(call_state=state).state.lower()[0] == state.strip().lower()[0]


@pytest.mark.parametrize("state", [None, "", "Ringing", 1, {}, True])
def test_unknown_state_is_refused(state: object) -> None:
    with pytest.raises(ReadError, match="call_state"):
        _event(call_state=state)


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 0), ("2", 2), (3, None), (-1, None), ("", None)]
)
def test_summary_direction(value: object, expected: int | None) -> None:
    assert _summary(call_direction=value).direction == expected


@pytest.mark.parametrize("name", ["entry_id", "call_id", "command_id"])
def test_an_id_longer_than_documented_is_refused(name: str) -> None:
    assert getattr(_event(**{name: "я" * 128}), name) == "я" * 128
    with pytest.raises(ReadError, match=name):
        _event(**{name: "x" * 129})


@pytest.mark.parametrize("value", ["a\x00b", "a\nb", "\ud800", "a\x7f"])
def test_an_id_no_database_could_hold_is_refused(value: str) -> None:
    with pytest.raises(ReadError, match="entry_id"):
        _event(entry_id=value)


def test_number_with_thousands_of_digits_is_refused() -> None:
    with pytest.raises(ReadError):
        read("events/call", '{"call_state":"Appeared","entry_id":' + "9" * 4000 + "}")


@pytest.mark.parametrize(
    "text",
    ["", " ", "x", "[]", '"x"', "5", "null", "true", '{"a":1', "{'a':1}", '{"a":NaN}',
     '{"a":Infinity}', "[" * 100_000, '{"a":' * 100_000, '{"a":' + "9" * 5000 + "}",
     "{}" + " " * 4_000_000],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["events/call", "events/summary", "result/stat", "events/sms"])
def test_what_is_no_json_object_is_refused(kind: str, text: str) -> None:
    with pytest.raises(ReadError):
        read(kind, text)


@pytest.mark.parametrize(
    ("text", "code"),
    [('{"command_id":"c","result":1000}', 1000), ('{"command_id":"c","result":"4101"}', 4101),
     ('{"Result":1000,"command_id":"c"}', 1000), ('{"RESULT":" 5003 ","command_id":"c"}', 5003)],
)  # fmt: skip
def test_command_result(text: str, code: int) -> None:
    """T-02, T-28."""
    assert read("result/call/hangup", text) == CommandResult("result/call/hangup", "c", code)


@pytest.mark.parametrize("result", [None, "", "ok", 0, -1, 100_000, {}, [1000], True, 10.5])
def test_command_result_without_a_code_is_refused(result: object) -> None:
    with pytest.raises(ReadError, match="result"):
        read("result/callback", json.dumps({"command_id": "c", "result": result}))


def test_statistics_are_ready() -> None:
    text = '{"key":"b3Z7pivetIDB+DvIt8hPJReV8v4MYspQQA==","request_id":"request22230"}'
    expected = StatsReady("b3Z7pivetIDB+DvIt8hPJReV8v4MYspQQA==", "request22230")
    assert read("result/stat", text) == expected
    assert read("result/stat", '{"key":"' + "k" * 200 + '"}') == StatsReady("k" * 200)


def test_other_notifications_keep_their_ids() -> None:
    text = '{"seq":"1","call_id":"L","entry_id":"E","command_id":7,"more":{}}'
    assert read("events/new/kind", text) == Other("events/new/kind", "E", "L", "7", 1)
    assert read("events/ab/create", "{}") == Other("events/ab/create")


def test_events_of_a_leg_are_totally_ordered() -> None:
    """``seq`` (missing is 0), time, state, text."""
    ordered = [
        _event(call_state="Disconnected"),
        _event(call_state="Appeared", timestamp=5),
        _event(call_state="Appeared", timestamp=6, seq=1),
        _event(call_state="Connected", timestamp=6, seq=1),
        _event(call_state="OnHold", timestamp=6, seq=1),
        _event(call_state="Disconnected", timestamp=6, seq=1, zone="x"),
        _event(call_state="Disconnected", timestamp=6, seq=1, zone="y"),
        _event(call_state="Appeared", timestamp=1, seq=2),
    ]
    ranks = [event.rank for event in ordered]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)


def test_text_stays_out_of_the_repr() -> None:
    """A journal may hold numbers; a log line need not hold whole notifications."""
    assert "dct" not in repr(read("events/call", SAMPLE_2018))
    assert "forward" not in repr(read("events/summary", SUMMARY)).replace("forward_time", "")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_names = st.sampled_from(
    ["entry_id", "call_id", "timestamp", "seq", "call_state", "location", "from", "to", "extension",
     "number", "taken_from_call_id", "line_number", "acd_group", "disconnect_reason", "command_id",
     "callback_initiator", "transfer", "call_direction", "create_time", "talk_time", "end_time",
     "result", "Result", "key", "request_id"],
)  # fmt: skip
_likely = st.one_of(_json, st.sampled_from(["Appeared", "Connected", "ivr", 1748090923, "1000", 2]))
_objects = st.dictionaries(_names, st.one_of(_likely, st.dictionaries(_names, _likely)))
_kinds = st.sampled_from(
    ["events/call", "events/summary", "result/callback", "result/stat", "events/dtmf", "ping", ""]
)


@given(_kinds, st.one_of(_json, _objects).map(json.dumps))
def test_any_json_is_read_or_refused(kind: str, text: str) -> None:
    _read_or_refuse(kind, text)


@given(_kinds, st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_any_text_is_read_or_refused(kind: str, text: str) -> None:
    _read_or_refuse(kind, text)


def _read_or_refuse(kind: str, text: str) -> None:
    try:
        value = read(kind, text)
    except ReadError:
        return
    hash(value)
    if isinstance(value, CallEvent | Summary):
        for name in value.__slots__:
            field = getattr(value, name)
            if name != "text" and isinstance(field, str):
                assert len(field) <= 128
                field.encode()  # every database takes it
