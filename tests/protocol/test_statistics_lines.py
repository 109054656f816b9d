"""Lines that another thread may read: the same rows, whatever they are cut into."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol.statistics import Lines, read_lines, read_rows

GOOD = b"E%d;[];1748090923;1748090923;0;1748090933;;79161234567;101;sip:a@b.ru;1100;7495;ivr"
LINES = [
    GOOD % 1,
    GOOD % 2,
    b"",
    b"rubbish",
    b"\xff\xfe;bytes that are no text",
    "Э;[];1;1;0;1;;ООО;101;;1100;7495;ivr".encode(),
    b"x" * 70_000,
]
bodies = st.lists(st.sampled_from(LINES), max_size=12).map(b"\r\n".join)
ends = st.sampled_from([b"", b"\n", b"\r\n", b"\n\n"])


def parts(lines: Lines, most: int) -> Iterator[Lines]:
    while lines.count > most:
        first, lines = lines.cut(most)
        yield first
    yield lines


@given(bodies, ends, st.integers(1, 200_000), st.integers(1, 5))
def test_parts_are_read_as_the_whole(body: bytes, end: bytes, size: int, most: int) -> None:
    whole = body + end
    chunks = [whole[at : at + size] for at in range(0, len(whole), size)]
    expected = list(read_rows(chunks))
    found = [part for lines in read_lines(chunks) for part in parts(lines, most)]
    assert all(part.count <= most for part in found)
    assert [row for part in found for row in part.rows()] == expected


def test_lines_know_how_many_they_are() -> None:
    lines, rest = read_lines([b"\n".join([GOOD % 1, GOOD % 2, GOOD % 3])])
    assert (lines.number, lines.count, lines.is_complete) == (1, 2, True)
    assert (rest.number, rest.count, rest.is_complete) == (3, 1, False)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_only_the_first_part_is_the_rest_of_an_endless_line(most: int) -> None:
    lines = Lines(5, 3, b"\n".join([b"tail", GOOD % 1, GOOD % 2]), (), is_overlong=True)
    first, *others = parts(lines, most)
    assert first.is_overlong
    assert not any(other.is_overlong for other in others)
    assert [part.number for part in (first, *others)] == list(range(5, 8, most))
