"""What is read of a conversation of the extended statistics: every oddity by its Q-number."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from django_mango.protocol.extended import ExtendedRecord, Page
from tests.protocol.extended_json import T0, conversation, good, leg
from tests.protocol.wire_samples import wire_body


def test_the_sample_is_read_whole() -> None:
    found = list(Page([wire_body("stats_calls_complete")]))
    assert [(row.level, row.path) for row in found if isinstance(row, ExtendedRecord)] == [
        ("conversation", ""),
        ("leg", "0"),
        ("member", "0.0"),
        ("member", "0.1"),
    ]
    head, group, anna, boris = (row for row in found if isinstance(row, ExtendedRecord))
    assert {row.entry_id for row in (head, group, anna, boris)} == {"NTAwODcxNjIyNQ=="}
    assert (head.start, head.finish, head.duration, head.talk) == (
        1748090923, 1748090990, 67, 53,
    )  # fmt: skip
    assert head.costs == (Decimal("155.2500"), Decimal("12.5000"), Decimal("10.2500"))
    assert (head.from_number, head.to_number) == ("79161234567", "74951234567")
    assert head.details["call_comment"] == "Перезвонить"
    assert (group.abonent_type, group.abonent_id, group.name) == ("group", 10051301, "Отдел продаж")
    assert (anna.answer, anna.finish, anna.disconnect_reason) == (1748090937, 1748090990, "1110")
    assert anna.records == ("MToxMDAwMDc3Nzo1MDA4NzE2MjI1OjE=",)
    assert (boris.answer, boris.name, boris.talk) == (0, "Пётр Иванов", 0)
    assert len({row.key for row in (head, group, anna, boris)}) == 4


@pytest.mark.parametrize(
    ("changes", "attribute", "expected"),
    [
        ({"context_type": 9}, "context_type", 9),
        ({"context_type": "3"}, "context_type", 3),
        ({"context_type": "incoming"}, "context_type", None),
        ({"context_type": 10**6}, "context_type", None),
        ({"caller_id": "300100101"}, "abonent_id", 300100101),
        ({"caller_number": 79161234567}, "from_number", "79161234567"),
        ({"caller_number": None}, "from_number", ""),
        ({"context_start_time": 0}, "finish", 0),
        ({"duration": None}, "finish", 0),
        ({"duration": -5}, "duration", 0),
        ({"talk_duration": "51"}, "talk", 51),
        ({"cost": "155.25"}, "cost", Decimal("155.25")),
        ({"cost": 155}, "cost", Decimal(155)),
        ({"cost": "free"}, "cost", None),
        ({"cost": True}, "cost", None),
        ({"cost": "1e40"}, "cost", None),
        ({"cost": "NaN"}, "cost", None),
        ({"context_cost_full": "0.0001"}, "cost_full", Decimal("0.0001")),
        ({"context_cost_tariff": None}, "cost_tariff", None),
        ({"context_init_type": "6"}, "init_type", 6),
        ({"context_init_type": 77}, "init_type", 77),
    ],
)
def test_fields_of_a_conversation(changes: Any, attribute: str, expected: object) -> None:
    assert getattr(good(conversation(**changes))[0], attribute) == expected


@pytest.mark.parametrize(
    ("context_type", "context_status", "expected"),
    [(1, 0, 1), (1, 1, None), (2, 0, None), (3, 0, None), ("1", "0", 1)],
)
def test_recall_status_belongs_to_unanswered_incoming_calls(
    context_type: Any, context_status: Any, expected: int | None
) -> None:
    """Q45."""
    head = good(
        conversation(context_type=context_type, context_status=context_status, recall_status=1)
    )[0]
    assert head.recall_status == expected


@pytest.mark.parametrize(
    ("changes", "attribute", "expected"),
    [
        ({"call_answer_time": None}, "answer", 0),
        ({"call_answer_time": 0}, "answer", 0),
        ({"call_answer_time": str(T0 + 9)}, "answer", T0 + 9),
        ({"call_end_time": None}, "finish", T0 + 60),
        ({"call_end_time": None, "call_duration": None}, "finish", 0),
        ({"call_end_reason": 110}, "disconnect_reason", "110"),
        ({"call_end_reason": "9999"}, "disconnect_reason", "9999"),
        ({"call_end_reason": None}, "disconnect_reason", ""),
        ({"recording_id": "R1"}, "records", ("R1",)),
        ({"recording_id": ["R1", "R1", "", None, "R2"]}, "records", ("R1", "R2")),
        ({"recording_id": None}, "records", ()),
        ({"call_abonent_info": {"name": "Анна"}}, "name", "Анна"),
        ({"call_abonent_info": {"fio": "Смирнова А."}}, "name", "Смирнова А."),
        ({"call_abonent_info": ["?"]}, "name", ""),
        ({"call_abonent_number": None}, "to_number", ""),
        ({"call_type": "hologram"}, "abonent_type", "hologram"),
        ({"call_abonent_id": None}, "abonent_id", None),
    ],
)
def test_fields_of_a_leg(changes: Any, attribute: str, expected: object) -> None:
    record = good(conversation(context_calls=[leg(**changes)]))[1]
    assert getattr(record, attribute) == expected


@pytest.mark.parametrize("nobody", [None, [], "", {}])
def test_members_and_legs_may_be_missing(nobody: Any) -> None:
    """Q46."""
    assert len(good(conversation(context_calls=[leg(members=nobody)]))) == 2
    assert len(good(conversation(context_calls=nobody))) == 1


def test_members_are_rows_of_their_own() -> None:
    inner = leg(call_type="user")
    group = leg(call_type="group", members=[inner, leg(members=[inner])])
    assert [(row.level, row.path) for row in good(conversation(context_calls=[leg(), group]))] == [
        ("conversation", ""), ("leg", "0"), ("leg", "1"),
        ("member", "1.0"), ("member", "1.1"), ("member", "1.1.0"),
    ]  # fmt: skip


def test_a_leg_is_known_by_its_id_wherever_it_stands() -> None:
    first = good(conversation(context_calls=[leg(external_call_id="A"), leg(external_call_id="B")]))
    later = good(conversation(context_calls=[leg(external_call_id="B"), leg(external_call_id="A")]))
    assert {row.key for row in first} == {row.key for row in later}
    assert first[1].key == later[2].key


def test_an_id_that_comes_twice_names_no_leg() -> None:
    twice = good(conversation(context_calls=[leg(external_call_id="A"), leg(external_call_id="A")]))
    assert len({row.key for row in twice}) == 3


def test_keys_tell_conversations_levels_and_places_apart() -> None:
    group = leg(call_type="group", external_call_id="A", members=[leg(external_call_id="A")])
    found = good(conversation(context_calls=[group]), conversation(entry_id="E2", context_calls=[]))
    assert len({row.key for row in found}) == 4
    assert all(len(row.key) <= 128 for row in found)
    long = good(conversation(entry_id="ы" * 128))
    assert all(len(row.key) <= 128 for row in long)


@pytest.mark.parametrize(
    "changes",
    [
        {"duration": 61}, {"context_status": 0}, {"cost": 1}, {"call_comment": "Позвонить"},
        {"tag_id": [1]}, {"context_start_time": T0 + 1}, {"called_number": "1"},
    ],
)  # fmt: skip
def test_a_later_report_keeps_the_key_and_tells_by_the_digest(changes: Any) -> None:
    before, after = good(conversation())[0], good(conversation(**changes))[0]
    assert before.key == after.key
    assert before.digest != after.digest


def test_the_same_report_written_otherwise_is_unchanged() -> None:
    """T-02, T-44: numbers come as texts at random, nothing is null or absent."""
    one = good(conversation(cost="155.25", duration=60, tag_id=None))
    other = good(conversation(cost=155.250, duration="60", tag_id=[]))
    assert [(row.key, row.digest) for row in one] == [(row.key, row.digest) for row in other]


def test_other_fields_are_kept_as_they_came() -> None:
    head = good(
        conversation(task={"name": "Обзвон", "actions": [{"member_id": 7}]}, mark_client=-1)
    )[0]
    assert head.details["task"] == {"name": "Обзвон", "actions": [{"member_id": 7}]}
    assert head.details["mark_client"] == -1
    assert "entry_id" not in head.details


def test_details_no_database_takes_are_cleaned() -> None:
    """PostgreSQL refuses NUL and lone surrogates inside JSON."""
    head = good(conversation(call_comment="a\0b\ud800", task={"\0": ["\0"]}))[0]
    assert head.details["call_comment"] == "a\ufffdb\ufffd"
    assert head.details["task"] == {"\ufffd": ["\ufffd"]}
    deep: Any = "x"
    for _ in range(300):
        deep = {"in": [deep]}
    assert len(json.dumps(good(conversation(task=deep))[0].details)) < 500
    assert good(conversation(call_comment="x" * 70_000))[0].details == {"too_long": True}
