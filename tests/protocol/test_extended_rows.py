"""The JSON of the extended statistics: every oddity by its Q-number."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol.errors import ReadError
from django_mango.protocol.extended import ExtendedRecord, Head, Page, read_head
from django_mango.protocol.statistics import BadRow
from tests.protocol.wire_samples import wire_body

T0 = 1_748_090_000


def leg(**changes: Any) -> dict[str, Any]:
    return {
        "call_type": "user",
        "call_abonent_id": 300100101,
        "call_abonent_info": "Анна",
        "call_abonent_number": "sip:anna@x.ru",
        "call_start_time": T0 + 5,
        "call_answer_time": T0 + 9,
        "call_end_time": T0 + 60,
        "call_duration": 55,
        "talk_duration": 51,
        "call_end_reason": 1110,
        "recording_id": [],
        "members": None,
        **changes,
    }


def conversation(**changes: Any) -> dict[str, Any]:
    return {
        "entry_id": "E1",
        "context_type": 1,
        "context_status": 1,
        "caller_id": None,
        "caller_number": "79161234567",
        "called_number": "74951234567",
        "context_start_time": T0,
        "duration": 60,
        "talk_duration": 51,
        "context_calls": [leg()],
        **changes,
    }


def page(data: Any, first: int = 1) -> tuple[Page, list[ExtendedRecord | BadRow]]:
    body = json.dumps({"result": 1000, "status": "complete", "data": data}).encode()
    found = Page([body], first)
    return found, list(found)


def rows(*conversations: Any) -> list[ExtendedRecord | BadRow]:
    return page([{"list": list(conversations), "period": "2025-05-24"}])[1]


def good(*conversations: Any) -> list[ExtendedRecord]:
    found = rows(*conversations)
    assert not [row for row in found if isinstance(row, BadRow)]
    return [row for row in found if isinstance(row, ExtendedRecord)]


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


def test_all_oddities_at_once() -> None:
    """Q43, Q46, Q47, T-02, T-44: null days and items, missing lists, plain objects, texts."""
    found = Page([wire_body("stats_calls_odd")])
    read = list(found)
    assert [(row.line, row.reason) for row in read if isinstance(row, BadRow)] == [
        (1, "object"),
        (2, "leg"),
        (3, "object"),
        (4, "entry_id"),
    ]
    records = [row for row in read if isinstance(row, ExtendedRecord)]
    assert [(row.entry_id[-3:], row.level, row.path) for row in records] == [
        ("g==", "conversation", ""), ("g==", "leg", "0"), ("g==", "leg", "2"),
        ("w==", "conversation", ""), ("w==", "leg", "0"),
    ]  # fmt: skip
    head, number, service, _, single = records
    assert (head.context_type, head.context_status, head.init_type) == (2, 0, 4)
    assert (head.abonent_id, head.to_number, head.start) == (300100101, "79161234567", 1748091000)
    assert head.cost == Decimal("1.5000")
    assert number.disconnect_reason == "110"
    assert number.records == ("MToxMDAwMDc3Nzo1MDA4NzE2MjI2OjE=",)
    assert (service.answer, service.finish, service.duration, service.talk) == (0, 0, None, None)
    assert (service.name, service.records) == ("Лебедева И.", ())
    assert (single.answer, single.external_call_id) == (0, "B")
    assert found.count == 5
    assert found.totals["2025-05-24"] == 4


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


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (None, "object"),
        ("text", "object"),
        ([], "object"),
        ({}, "entry_id"),
        ({"entry_id": None}, "entry_id"),
        ({"entry_id": "x" * 129}, "text"),
        ({"entry_id": "E", "caller_number": "1\0"}, "text"),
        ({"entry_id": "E", "called_number": "7" * 129}, "text"),
    ],
)
def test_a_bad_conversation_shifts_nothing(item: Any, reason: str) -> None:
    found, read = page([{"list": [conversation(), item, conversation(entry_id="E3")]}], first=5001)
    bad = [row for row in read if isinstance(row, BadRow)]
    assert [(row.line, row.reason) for row in bad] == [(5002, reason)]
    assert len(bad[0].text) <= 200
    assert {row.entry_id for row in read if isinstance(row, ExtendedRecord)} == {"E1", "E3"}
    assert found.count == 3
    assert found.entry_ids == {"E1", "E3"}


@pytest.mark.parametrize(
    "item", [None, "x", [], {"recording_id": ["x" * 129]}, {"external_call_id": "\x01"}]
)
def test_a_bad_leg_costs_only_itself(item: Any) -> None:
    read = rows(conversation(context_calls=[leg(), item, leg()]))
    assert [(row.line, row.reason) for row in read if isinstance(row, BadRow)] == [(1, "leg")]
    assert [row.path for row in read if isinstance(row, ExtendedRecord)] == ["", "0", "2"]


@pytest.mark.parametrize("legs", ["text", 7, True])
def test_legs_that_are_no_list(legs: Any) -> None:
    read = rows(conversation(context_calls=legs))
    assert [row.reason for row in read if isinstance(row, BadRow)] == ["leg"]
    assert len(read) == 2


@pytest.mark.parametrize(
    ("data", "entry_ids", "reasons"),
    [
        (None, [], []),
        ([], [], []),
        ({}, [], []),
        ([None, None], [], []),
        ([{"list": None}], [], []),
        ([{"period": "2025-05-24", "total_calls_count": "0"}], [], []),
        ([{"period": "2025-05-24", "total_calls_count": 3}], [], ["list"]),
        ([7, "x"], [], ["object", "object"]),
        ([{"list": "x"}], [], ["list"]),
        ({"list": [conversation()], "period": "2025-05-24"}, ["E1"], []),
        ([{"list": conversation()}], ["E1"], []),
        ([{"list": {"3": conversation(), "7": conversation(entry_id="E2")}}], ["E1", "E2"], []),
        ({"0": {"list": [conversation()]}, "1": {"list": []}}, ["E1"], []),
        ([conversation()], ["E1"], []),
        ([{"list": [conversation(context_calls=None)], "context_calls": [leg()]}], ["E1"], ["leg"]),
    ],
)
def test_shapes_of_the_data(data: Any, entry_ids: list[str], reasons: list[str]) -> None:
    """Q43, T-16."""
    read = page(data)[1]
    heads = [
        row.entry_id
        for row in read
        if isinstance(row, ExtendedRecord) and row.level == "conversation"
    ]
    assert heads == entry_ids
    assert [row.reason for row in read if isinstance(row, BadRow)] == reasons


def test_totals_are_those_of_a_day_in_whatever_block() -> None:
    found, _ = page(
        [
            {"period": "2025-05-24", "list": [], "total_calls_count": 7},
            {"period": "2025-05-25", "list": [], "total_calls_count": "5"},
            {"period": "2025-05-24", "list": [], "total_calls_count": 6},
        ]
    )
    assert found.totals == {"2025-05-24": 7, "2025-05-25": 5}


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


@pytest.mark.parametrize(
    ("body", "expected", "is_ready", "is_coming"),
    [
        ('{"result":1000,"status":"complete","data":[', Head(1000, "complete"), True, False),
        (
            '{"data":[{"list":[{}]}],"status":"work","result":"1000"}',
            Head(1000, "work"),
            False,
            True,
        ),
        ('{"result":1000,"status":"request"}', Head(1000, "request"), False, True),
        ('{"result":1000,"status":"NOT_FOUND"}', Head(1000, "not-found"), False, False),
        ('{"Result":1000,"Status":"Not found"}', Head(1000, "not-found"), False, False),
        ('{"result":1000,"status":"сancel"}', Head(1000, "cancel"), False, False),
        ('{"result":1000,"data":[]}', Head(1000, ""), True, False),
        ("{}", Head(None, ""), True, False),
    ],
)
def test_heads(body: str, expected: Head, is_ready: bool, is_coming: bool) -> None:
    """Q42; T-12: a Cyrillic letter in a word of the document."""
    head = read_head([body.encode()])
    assert (head, head.is_ready, head.is_coming) == (expected, is_ready, is_coming)


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"data":[{"list":[{"a":'])
def test_no_head(body: bytes) -> None:
    with pytest.raises(ReadError):
        read_head([body])


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*conversation(), *leg(), "list", "period", "0"]), inner, max_size=6
        )
    ),
    max_leaves=30,
)


@given(_json)
def test_any_json_is_read_or_reported(data: Any) -> None:
    found, read = page([{"list": [data], "period": "2025-05-24"}, data])
    for row in read:
        assert isinstance(row, BadRow) or (row.entry_id and row.key and row.digest)
    assert found.count >= 1 or not isinstance(data, dict) or data == {}


@pytest.mark.parametrize(
    ("body", "rows_before"),
    [
        (b"", 0),
        (b"[]", 0),
        (b"E1;[];1", 0),
        (b"{}", 0),
        (b'{"result":1000}', 0),
        (b'{"result":3105,"message":"wrong key"}', 0),
        (b'{"result":1000,"status":"work","data":[{"list":[{"entry_id":"E1"}]}]}', 0),
        (b'{"data":[{"list":[{"entry_id":"E1"}]}],"status":"work"}', 1),
        (b'{"data":[{"list":[{"entry_id":"E1"}]}],"result":5004}', 1),
        (b'{"data":[{"list":[{"entry_id":"E1"},{"entry', 1),
    ],
)
def test_what_is_no_complete_report_says_so(body: bytes, rows_before: int) -> None:
    """Q42; where it is said before the rows, not one of them is given."""
    found = []
    with pytest.raises(ReadError):
        for row in Page([body]):
            found.append(row)  # noqa: PERF402 - what came before counts
    assert len(found) == rows_before


def test_a_complete_report_may_hold_nothing() -> None:
    assert list(Page([b'{"result":1000,"status":"complete"}'])) == []


def test_a_page_is_never_held() -> None:
    group = leg(call_type="group", members=[leg() for _ in range(20)])
    item = json.dumps(conversation(context_calls=[group])).encode()

    def body() -> Iterator[bytes]:
        yield b'{"result":1000,"status":"complete","data":[{"period":"2025-05-24","list":['
        for number in range(1000):
            yield (b"," if number else b"") + item
        yield b"]}]}"

    assert len(item) * 1000 > 6_000_000
    found = Page(body())
    tracemalloc.start()
    try:
        count = sum(1 for _ in found)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (found.count, count) == (1000, 1000 * 22)
    assert peak < 1_000_000
