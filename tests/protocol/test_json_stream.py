"""JSON in pieces of any size, read without holding it."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol.errors import ReadError
from django_mango.protocol.json_stream import JsonStream

_leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
_values = st.recursive(_leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


def cut(text: bytes, size: int) -> Iterator[bytes]:
    return (text[at : at + size] for at in range(0, len(text), size))


@given(_values, st.integers(1, 7), st.booleans())
def test_any_value_in_pieces_of_any_size(value: object, size: int, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    expected = json.loads(text.decode("utf-8", "replace"))
    assert JsonStream(cut(text, size)).value() == expected


@given(st.dictionaries(st.text(min_size=1), st.lists(_leaves)), st.integers(1, 9))
def test_members_and_items_are_walked_in_their_order(
    value: dict[str, list[object]], size: int
) -> None:
    stream = JsonStream(cut(json.dumps(value).encode(), size))
    found = {name: [stream.value() for _ in stream.items()] for name in stream.members()}
    assert found == value
    assert stream.peek() == ""


@given(_values, st.integers(1, 9))
def test_what_is_skipped_is_passed_over_exactly(value: object, size: int) -> None:
    text = json.dumps({"skipped": value, "next": 7}).encode()
    stream = JsonStream(cut(text, size))
    for name in stream.members():
        if name == "skipped":
            stream.skip()
        else:
            assert (name, stream.value()) == ("next", 7)


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b'{"a"', b'{"a":', b'{"a":1', b'{"a":1,', b'{"a":alse}', b'{"a" 1}', b"{1:2}",
     b'{"a":NaN}', b'{"a":"x', b"nonsense", b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_json_raises_its_own_error(text: bytes) -> None:
    stream = JsonStream(cut(text, 64 * 1024))
    with pytest.raises(ReadError):
        for _ in stream.members():
            stream.value()


def test_a_byte_order_mark_and_raw_control_characters_are_borne() -> None:
    stream = JsonStream([b'\xef\xbb\xbf {"a":"x\ty"}'])
    assert stream.value() == {"a": "x\ty"}


def test_memory_does_not_grow_with_the_text() -> None:
    item = json.dumps({"text": "x" * 2000}).encode()

    def text() -> Iterator[bytes]:
        yield b"["
        for number in range(20_000):  # 40 MB
            yield (b"," if number else b"") + item
        yield b"]"

    stream = JsonStream(text())
    tracemalloc.start()
    try:
        count = sum(1 for _ in stream.items() if stream.value())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < 1_000_000
