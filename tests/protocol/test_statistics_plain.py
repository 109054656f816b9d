"""The short way of reading statistics gives what reading line by line gives, or nothing."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol import statistics
from django_mango.protocol.statistics import (
    KNOWN_FIELDS,
    OUR_FIELDS,
    BadRow,
    Lines,
    Record,
    read_rows,
)
from django_mango.protocol.statistics_plain import plain_rows

ROW = (
    "MTE2OTk5MTI=;[r1,r2];1748090923;1748090924;1748090930;1748090999;101;sip:anna@crm.mangosip.ru;"
    ";79161234567;1110;74951234567;abonent"
)
_CELLS = st.one_of(
    st.sampled_from(
        ["", "0", "5", "[]", "[a]", "[a,b,a]", "ivr", "101", "4102444800", "00012", "x" * 128,
         "y" * 129, "1" * 11, "a b", "\t7", "\xa0", "é", "٣", "[,]", "a\x1fb", "\r"]
    ),
    st.text(max_size=4),
)  # fmt: skip


def _line_by_line(body: bytes, fields: tuple[str, ...]) -> list[Record | BadRow]:
    lines = body.split(b"\n")
    return list(statistics._read(Lines(1, len(lines), body, fields), lines))


@given(st.permutations(KNOWN_FIELDS), st.integers(1, len(KNOWN_FIELDS)), st.data())
def test_both_ways_read_the_same(order: list[str], count: int, data: st.DataObject) -> None:
    fields = tuple(order[:count])
    line = st.lists(_CELLS, min_size=count, max_size=count).map(";".join)
    lines = data.draw(st.lists(st.one_of(line, _CELLS), min_size=1, max_size=4))
    body = data.draw(st.sampled_from(["\n", "\r\n"])).join(lines).encode("utf-8", "replace")
    short = plain_rows(1, body, fields)
    if short is not None:
        assert short == _line_by_line(body, fields)
    assert list(read_rows([body + b"\n"], fields)) == _line_by_line(body, fields)


@given(st.lists(st.integers(0, 400), max_size=6))
def test_chunks_of_any_size_give_the_same_rows(cuts: list[int]) -> None:
    body = f"{ROW}\r\nbad\r\n\r\n{ROW}\r\n{ROW}".encode()
    edges = [0, *sorted(cuts), len(body)]
    chunks = [body[start:end] for start, end in itertools.pairwise(edges)]
    assert list(read_rows(chunks)) == list(read_rows([body]))


def test_a_plain_block_takes_the_short_way() -> None:
    rows = plain_rows(7, f"{ROW}\r\n{ROW}\r".encode(), OUR_FIELDS)
    (expected,) = read_rows([ROW.encode()])
    assert isinstance(expected, Record)
    assert rows == [replace(expected, line=7), replace(expected, line=8)]


@pytest.mark.parametrize(
    "text",
    [
        "x",
        ROW + ";",
        ROW.replace("1748090999", "never"),
        ROW.replace("1748090999", "9999999999"),
        ROW.replace("101", "1 1"),
        ROW.replace("101", "1" * 129),
        ROW.replace("r1", "r" * 129),
        ROW.replace("101", "добавочный"),
        "",
    ],
)
def test_one_line_that_is_not_plain_makes_the_block_take_the_long_way(text: str) -> None:
    assert plain_rows(1, f"{ROW}\n{text}\n{ROW}".encode(), OUR_FIELDS) is None


def test_a_header_is_not_plain_even_if_it_could_be_a_row() -> None:
    fields = ("entry_id", "line_number")
    assert plain_rows(1, b"entry_id;line_number\n1;2", fields) is None
    assert plain_rows(2, b"entry_id;line_number\n1;2", fields) is not None
