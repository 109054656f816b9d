"""A page of the extended statistics: its head, its shapes, what is bad on it, by Q-number."""

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
from tests.protocol.extended_json import conversation, leg, page, rows
from tests.protocol.wire_samples import wire_body


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
