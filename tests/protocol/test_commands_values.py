"""Commands: the official samples byte for byte, and nothing wrong is ever built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol.commands import (
    Callback,
    Command,
    Hangup,
    StatsRequest,
    StatsResult,
)
from django_mango.protocol.encoding import compact_json
from django_mango.protocol.errors import InputError
from django_mango.protocol.signing import Credentials, sign
from django_mango.protocol.statistics import KNOWN_FIELDS

SAMPLES = Credentials("<YOUR_API_KEY>", "<YOUR_API_SALT>")
SINCE, UNTIL = 1445288400, 1445374859
DAY = 86_400

OFFICIAL: list[tuple[Command, str, str, str]] = [
    (
        Callback(command_id="your-command-id", extension="<extension>", to_number="<to_number>"),
        "commands/callback",
        (
            '{"command_id":"your-command-id","from":{"extension":"<extension>","number":""},'
            '"to_number":"<to_number>"}'
        ),
        "afdeb462cd5e0e422a9c9220390124608df06a4472cb1add6ebd6e24184bd15a",
    ),
    (
        Hangup(command_id="your-command-id", call_id="<CALL_ID>"),
        "commands/call/hangup",
        '{"command_id":"your-command-id","call_id":"<CALL_ID>"}',
        "2d1d01246f52cec1fdb44f2a4d7091dc54f67e318369c0628201d66b5d336ef0",
    ),
    (
        StatsRequest(SINCE, UNTIL),
        "stats/request",
        (
            '{"date_from":"1445288400","date_to":"1445374859",'
            '"from":{"extension":"","number":""},"to":{"extension":"","number":""}}'
        ),
        "94e263aa0aa65d77481b86e9224fa2230265faa387322e40716389406982c0fb",
    ),
    (
        StatsResult(key="<REQUEST_KEY>"),
        "stats/result",
        '{"key":"<REQUEST_KEY>"}',
        "515069b8c079df62f408e36dd7933912b8e86d833c5927ee77eb4b68d766c4f5",
    ),
]


@pytest.mark.parametrize(("command", "path", "json_text", "signature"), OFFICIAL)
def test_official_samples(command: Command, path: str, json_text: str, signature: str) -> None:
    assert command.path == path
    assert compact_json(command.payload()) == json_text
    assert sign(SAMPLES, compact_json(command.payload())) == signature


def test_only_reads_may_be_repeated() -> None:
    assert {command.kind: command.is_read for command, *_ in OFFICIAL} == {
        "callback": False,
        "hangup": False,
        "stats_request": True,
        "stats_result": True,
    }


def test_a_whole_callback_as_in_the_document() -> None:
    command = Callback(
        command_id="cbk1",
        extension="1234",
        from_number="12345678",
        to_number="74955404444",
        line_number="74951234567",
        answer_after=0,
    )
    assert compact_json(command.payload()) == (
        '{"command_id":"cbk1","from":{"extension":"1234","number":"12345678"},'
        '"to_number":"74955404444","line_number":"74951234567",'
        '"sip_headers":{"Call-Info/answer-after":"0"}}'
    )


def test_statistics_by_either_party_as_in_the_document() -> None:
    command = StatsRequest(
        1072915200,
        1072997812,
        fields=("records", "start", "finish"),
        call_party_extension="789",
        request_id="request222320",
    )
    assert compact_json(command.payload()) == (
        '{"date_from":"1072915200","date_to":"1072997812","fields":"records,start,finish",'
        '"call_party":{"extension":"789"},"request_id":"request222320"}'
    )


def test_statistics_filtered_by_both_parties() -> None:
    command = StatsRequest(SINCE, UNTIL, from_extension="0511", to_number="74955404444")
    payload = command.payload()
    assert payload["from"] == {"extension": "0511", "number": ""}
    assert payload["to"] == {"extension": "", "number": "74955404444"}
    assert "call_party" not in payload


def test_datetimes_travel_as_unix_seconds() -> None:
    moscow = timezone(timedelta(hours=3))
    command = StatsRequest(
        datetime(2015, 10, 20, tzinfo=moscow),
        datetime(2015, 10, 20, 21, 0, 59, 999_999, tzinfo=UTC),
    )
    assert command == StatsRequest(command.date_from, command.date_to)
    assert command.payload()["date_from"] == "1445288400"
    assert command.payload()["date_to"] == "1445374859"


def test_a_period_of_31_days_and_one_of_a_moment_pass() -> None:
    StatsRequest(SINCE, SINCE + 31 * DAY)
    StatsRequest(SINCE, SINCE)


def _callback(**values: object) -> Callback:
    return Callback(**{"command_id": "c", "extension": "101", "to_number": "7", **values})  # type: ignore[arg-type]


def _stats(**values: object) -> StatsRequest:
    return StatsRequest(**{"date_from": SINCE, "date_to": UNTIL, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("build", "field", "reason"),
    [
        (lambda: _callback(command_id=""), "command_id", "required"),
        (lambda: _callback(extension=" \u00a0"), "extension", "required"),
        (lambda: _callback(extension=101), "extension", "not_text"),
        (lambda: _callback(to_number=None), "to_number", "not_text"),
        (lambda: _callback(to_number=""), "to_number", "required"),
        (lambda: _callback(to_number="7" * 129), "to_number", "too_long"),
        (lambda: _callback(line_number="я" * 65), "line_number", "too_long"),
        (lambda: _callback(to_number="7916\n"), "to_number", "control_characters"),
        (lambda: _callback(line_number="a\x00b"), "line_number", "control_characters"),
        (lambda: _callback(line_number="\ud800"), "line_number", "control_characters"),
        (lambda: _callback(from_number="\u2028"), "from_number", "control_characters"),
        (lambda: _callback(answer_after=-1), "answer_after", "invalid"),
        (lambda: _callback(answer_after=True), "answer_after", "invalid"),
        (lambda: _callback(answer_after="1"), "answer_after", "invalid"),
        (lambda: Hangup("c", ""), "call_id", "required"),
        (lambda: Hangup("", "1"), "command_id", "required"),
        (lambda: Hangup("c", "x" * 129), "call_id", "too_long"),
        (lambda: StatsResult(""), "key", "required"),
        (lambda: StatsResult("a\tb"), "key", "control_characters"),
        (lambda: _stats(date_from=UNTIL, date_to=SINCE), "date_to", "period_order"),
        (lambda: _stats(date_to=SINCE + 31 * DAY + 1), "date_to", "period_length"),
        (lambda: _stats(date_from=0), "date_from", "invalid"),
        (lambda: _stats(date_from=-5), "date_from", "invalid"),
        (lambda: _stats(date_to=UNTIL * 1000), "date_to", "invalid"),
        (lambda: _stats(date_from=True), "date_from", "invalid"),
        (lambda: _stats(date_from="1445288400"), "date_from", "invalid"),
        (lambda: _stats(date_from=datetime(2015, 10, 20)), "date_from", "naive_time"),
        (lambda: _stats(fields=()), "fields", "required"),
        (lambda: _stats(fields="start"), "fields", "invalid"),
        (lambda: _stats(fields=("start", "сreate")), "fields", "unknown_field"),  # Q27
        (lambda: _stats(fields=("start", [])), "fields", "unknown_field"),
        (lambda: _stats(fields=("start", "start")), "fields", "repeated_field"),
        (
            lambda: _stats(call_party_number="7", from_extension="1"),
            "call_party",
            "conflict",
        ),
        (lambda: _stats(call_party_number=7), "call_party_number", "not_text"),
        (lambda: _stats(request_id="r" * 129), "request_id", "too_long"),
    ],
)
def test_what_the_service_would_count_as_wrong_is_refused(
    build: Callable[[], Command], field: str, reason: str
) -> None:
    with pytest.raises(InputError) as caught:
        build()
    assert (caught.value.field, caught.value.reason) == (field, reason)


def test_the_longest_texts_pass() -> None:
    assert _callback(to_number="7" * 128, line_number="я" * 64).payload()["line_number"] == "я" * 64


def test_commands_are_values() -> None:
    assert _callback() == _callback()
    assert hash(_stats()) == hash(_stats())
    with pytest.raises(FrozenInstanceError):
        _callback().to_number = "8"  # type: ignore[misc]


@given(st.lists(st.sampled_from(sorted(KNOWN_FIELDS)), unique=True, min_size=1))
def test_columns_keep_the_order_asked_for(fields: list[str]) -> None:
    payload = _stats(fields=tuple(fields)).payload()
    assert payload["fields"] == ",".join(fields)
    assert list(payload)[:3] == ["date_from", "date_to", "fields"]


@given(st.text())
def test_any_text_is_sent_as_it_is_or_refused(text: str) -> None:
    try:
        command = _callback(line_number=text)
    except InputError:
        assert len(text.encode("utf-8", "replace")) > 128 or not text.isprintable()
    else:
        assert command.payload().get("line_number", "") == text
