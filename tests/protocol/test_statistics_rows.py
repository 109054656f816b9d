"""The CSV of basic statistics (§3.4.1.2): every oddity seen, and any bytes at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol.errors import InputError
from django_mango.protocol.statistics import KNOWN_FIELDS, OUR_FIELDS, BadRow, Record, read_rows

ROW = "E1;[r1];10;11;12;13;101;sip:a@b;;79161234567;1110;74951234567;abonent"
EXPECTED = Record(
    entry_id="E1",
    start=11,
    finish=13,
    answer=12,
    from_extension="101",
    from_number="sip:a@b",
    to_number="79161234567",
    disconnect_reason="1110",
    line_number="74951234567",
    location="abonent",
    create=10,
    records=("r1",),
    line=1,
)


def _rows(text: str | bytes, *fields: str) -> list[Record | BadRow]:
    body = text.encode() if isinstance(text, str) else text
    return list(read_rows([body], fields or OUR_FIELDS))


def _bad(text: str | bytes, *fields: str) -> tuple[int, str]:
    (row,) = _rows(text, *fields)
    assert isinstance(row, BadRow)
    return row.line, row.reason


def test_sample_of_the_document() -> None:
    """§3.4.1.2: eight columns, ids without brackets, a reason in words."""
    fields = (
        "records, start, finish, from_extension, from_number, to_extension, to_number, "
        "disconnect_reason"
    )
    text = "547658365,547658366,547658367;1072915314;1072915399;456;749404444;937;12345678;Busy\n"
    assert _rows(text, *fields.split(",")) == [
        Record(
            start=1072915314,
            finish=1072915399,
            from_extension="456",
            from_number="749404444",
            to_extension="937",
            to_number="12345678",
            disconnect_reason="Busy",
            records=("547658365", "547658366", "547658367"),
            line=1,
        )
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
@pytest.mark.parametrize("start", ["", "\t", "\t\t ", "\ufeff"])
def test_line_ends_tabs_and_byte_order_mark(start: str, end: str) -> None:
    assert _rows(start + ROW + end) == [EXPECTED]


def test_blank_lines_are_nothing_but_count() -> None:
    assert _rows(f"\r\n{ROW}\r\n\t\n{ROW}\r\n\r\n") == [
        replace(EXPECTED, line=2),
        replace(EXPECTED, line=4),
    ]


def test_empty_body() -> None:
    assert _rows("") == []
    assert list(read_rows([])) == []
    assert list(read_rows([b"", b""])) == []


@pytest.mark.parametrize("header", [";".join(OUR_FIELDS), " ; ".join(OUR_FIELDS).upper()])
def test_header_is_skipped_on_the_first_line_only(header: str) -> None:
    assert _rows(f"\ufeff{header}\n{ROW}\n") == [replace(EXPECTED, line=2)]
    assert _rows(f"{ROW}\n{header}\n")[0] == EXPECTED
    (_, second) = _rows(f"{ROW}\n{header}\n")
    assert isinstance(second, BadRow)
    assert (second.line, second.reason) == (2, "time")


def test_header_of_other_columns_is_no_header() -> None:
    assert _bad(";".join(reversed(OUR_FIELDS)) + "\n") == (1, "time")


@pytest.mark.parametrize(
    ("cell", "ids"),
    [
        ("", ()),
        ("[]", ()),
        ("[ ]", ()),
        ("[a]", ("a",)),
        ("a", ("a",)),
        ("[a,b]", ("a", "b")),
        ("a, b", ("a", "b")),
        ("[b,a,b,,a]", ("b", "a")),
        ("[MToxMDAwNjA4NTo1MDA5NDExMDIyOjE=]", ("MToxMDAwNjA4NTo1MDA5NDExMDIyOjE=",)),
    ],
)
def test_recordings_with_and_without_brackets(cell: str, ids: tuple[str, ...]) -> None:
    """T-10, Q29."""
    (row,) = _rows(f"{cell};5\n", "records", "start")
    assert row == Record(start=5, records=ids, line=1)


@given(st.permutations(KNOWN_FIELDS), st.integers(2, len(KNOWN_FIELDS)))
def test_fields_in_any_order_and_number(order: list[str], count: int) -> None:
    cells = dict(zip(OUR_FIELDS, ROW.split(";"), strict=True))
    fields = order[:count]
    (row,) = _rows(";".join(cells[name] for name in fields) + "\n", *fields)
    assert isinstance(row, Record)
    expected = {
        name: getattr(EXPECTED if name in fields else Record(), name) for name in KNOWN_FIELDS
    }
    assert {name: getattr(row, name) for name in KNOWN_FIELDS} == expected


@pytest.mark.parametrize(
    "fields",
    [
        ("start", "start"),
        ("start", "finnish"),
        ("",),
        ("сreate",),  # copied from the documents: the first letter is Cyrillic (T-11, Q27)
        ("Start",),
    ],
)
def test_unknown_or_repeated_field_is_refused(fields: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as caught:
        list(read_rows([], fields))
    assert (caught.value.field, caught.value.reason) == ("fields", "unknown_field")


@pytest.mark.parametrize("text", [ROW + ";9", ROW.rpartition(";")[0], "x", ";" * 40, ROW + ";"])
def test_wrong_number_of_columns_is_reported_and_shifts_nothing(text: str) -> None:
    """Q36: the document's second row has a column too many."""
    rows = _rows(f"{ROW}\n{text}\n{ROW}\n")
    assert rows == [EXPECTED, BadRow(2, "columns", text), replace(EXPECTED, line=3)]


@pytest.mark.parametrize(
    "cell", ["x", "-1", "1.5", "1748090923000", "4102444800", "٣", "1e5", "+5", "1 2"]
)
def test_a_time_that_is_none(cell: str) -> None:
    assert _bad(f"{cell};abonent\n", "start", "location") == (1, "time")


@pytest.mark.parametrize(
    ("cell", "moment"), [("", 0), ("0", 0), (" 5 ", 5), ("4102444799", 4102444799)]
)
def test_a_time_that_is_one(cell: str, moment: int) -> None:
    assert _rows(f"{cell};abonent\n", "start", "location") == [
        Record(start=moment, location="abonent", line=1)
    ]


def test_a_text_longer_than_documented() -> None:
    fields = ("entry_id", "line_number")
    assert isinstance(_rows(f"{'e' * 128};{'7' * 128}\n", *fields)[0], Record)
    assert _bad(f"{'e' * 129};7\n", *fields) == (1, "too_long")
    assert _bad(f"{'r' * 129};7\n", "records", "start") == (1, "too_long")


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x0b"])
def test_control_characters_are_refused(character: str) -> None:
    assert _bad(f"a{character}b;5\n", "entry_id", "start") == (1, "text")


def test_bytes_that_are_no_utf8_are_shown_with_their_line() -> None:
    rows = _rows(f"{ROW}\n".encode() + b"\xff\xfe;1\n" + f"{ROW}\n".encode())
    assert rows == [EXPECTED, BadRow(2, "encoding", "\ufffd\ufffd;1"), replace(EXPECTED, line=3)]


def test_absurdly_long_line_is_reported_and_skipped() -> None:
    rows = _rows(f"{ROW}\n{'x' * 200_000}\n{ROW}\n")
    assert rows == [EXPECTED, BadRow(2, "too_long", ""), replace(EXPECTED, line=3)]
    assert _rows("x" * 200_000) == [BadRow(1, "too_long", "")]


def test_shown_text_of_a_bad_row_is_bounded() -> None:
    (row,) = _rows("y" * 5000 + "\n")
    assert row == BadRow(1, "columns", "y" * 200)


@pytest.mark.parametrize("cut", range(1, len(ROW)))
def test_a_cut_last_line_is_seen_wherever_it_is_cut(cut: int) -> None:
    """Our list puts ``entry_id`` first and ``location`` last for this."""
    rows = _rows(f"{ROW}\n{ROW[:cut]}")
    assert rows == [EXPECTED, BadRow(2, "cut", ROW[:cut])]


@pytest.mark.parametrize("location", ["ivr", "queue", "abonent"])
def test_a_last_line_without_its_end_is_whole_when_its_location_is(location: str) -> None:
    text = ROW.replace("abonent", location)
    assert _rows(text) == [replace(EXPECTED, location=location)]


def test_line_by_line_memory() -> None:
    """A billion rows would be read one by one: nothing is taken in advance."""
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield f"{ROW}\r\n".encode()

    rows = read_rows(endless())
    for expected in range(1, 4):
        row = next(rows)
        assert isinstance(row, Record)
        assert (row.line, taken) == (expected, expected)


def test_key_is_what_never_changes() -> None:
    later = replace(
        EXPECTED, records=("r1", "r2"), line_number="7", create=1, disconnect_reason="Busy", line=9
    )
    assert later.key == EXPECTED.key
    assert later.digest != EXPECTED.digest
    assert replace(EXPECTED, line=9).digest == EXPECTED.digest


def test_the_digest_fits_its_column_however_much_there_is_to_tell() -> None:
    """Short rows tell all there, without a hash; the two kinds are never taken for each other."""
    short, long = (replace(EXPECTED, records=("MToxMDA=",) * count) for count in (1, 30))
    others = [replace(row, create=row.create + 1) for row in (short, long)]
    digests = [row.digest for row in (short, long, *others)]
    assert short.digest.startswith("MToxMDA=;")
    assert long.digest.isalnum()
    assert len(set(digests)) == 4
    assert max(map(len, digests)) <= 64


@pytest.mark.parametrize(
    "name",
    ["entry_id", "from_extension", "from_number", "to_extension", "to_number", "location",
     "start", "answer", "finish"],
)  # fmt: skip
def test_key_tells_rows_apart(name: str) -> None:
    value: object = 99 if name in ("start", "answer", "finish") else "other"
    assert replace(EXPECTED, **{name: value}).key != EXPECTED.key  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["records", "line_number", "create", "disconnect_reason"])
def test_digest_tells_reports_of_one_row_apart(name: str) -> None:
    value = {"records": (), "create": 99}.get(name, "other")
    assert replace(EXPECTED, **{name: value}).digest != EXPECTED.digest  # type: ignore[arg-type]


def test_neighbouring_columns_do_not_run_together_in_a_key() -> None:
    assert (
        replace(EXPECTED, from_extension="1", from_number="23").key
        != replace(EXPECTED, from_extension="12", from_number="3").key
    )


def test_keys_sort_by_start() -> None:
    starts = [0, 9, 10, 99, 1_748_090_923, 4_102_444_799]
    keys = [replace(EXPECTED, start=start).key for start in starts]
    assert keys == sorted(keys)
    assert {len(key) for key in keys} == {51}


_lines = st.one_of(
    st.just(ROW.encode()),
    st.sampled_from([b"", b"\t", b"\xef\xbb\xbf", b"\xff", b";;;", ";".join(OUR_FIELDS).encode()]),
    st.binary(max_size=30),
    st.lists(st.text(";0123456789abnoetivrqu[],я", max_size=8), min_size=13, max_size=13).map(
        lambda cells: ";".join(cells).encode()
    ),
)
_bodies = st.builds(
    lambda lines, end, tail: end.join(lines) + tail,
    st.lists(_lines, max_size=6),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.sampled_from([b"", b"\n", b"\r\n", b"\r"]),
)


@given(_bodies, st.lists(st.integers(0, 400), max_size=12))
def test_any_chunking_gives_the_same_rows(body: bytes, cuts: list[int]) -> None:
    edges = sorted({0, len(body), *(min(cut, len(body)) for cut in cuts)})
    chunks = [body[start:end] for start, end in pairwise(edges)]
    whole = list(read_rows([body]))
    assert list(read_rows(chunks)) == whole
    assert list(read_rows(bytes([byte]) for byte in body)) == whole


@given(st.binary(max_size=300) | _bodies)
def test_any_bytes_are_rows_or_reported(body: bytes) -> None:
    lines = [0]
    for row in read_rows([body]):
        assert row.line > lines[-1]
        lines.append(row.line)
        if isinstance(row, Record):
            for name in ("entry_id", "from_number", "to_number", "line_number", "location"):
                assert "\x00" not in getattr(row, name)
            assert row.key
            assert row.digest
    assert lines[-1] <= body.count(b"\n") + 1


@given(st.lists(_lines.filter(lambda line: b"\n" not in line), max_size=8))
def test_rows_keep_their_lines_whatever_stands_between(lines: list[bytes]) -> None:
    good = {number for number, line in enumerate(lines, start=1) if line == ROW.encode()}
    rows = [row for row in read_rows([b"\n".join([*lines, b""])]) if isinstance(row, Record)]
    assert good <= {row.line for row in rows}
    for row in rows:
        if row.line in good:
            assert replace(row, line=1) == EXPECTED


def test_long_lines_in_small_chunks_are_reported_alike() -> None:
    body = b"x" * 65_536 + b"\n" + b"y" * 65_537 + b"\n" + ROW.encode() + b"\n"
    whole = list(read_rows([body]))
    assert [row.line for row in whole] == [1, 2, 3]
    assert [getattr(row, "reason", "") for row in whole] == ["columns", "too_long", ""]
    for size in (1000, 65_535, 65_536, 65_537, 65_538, 100_000):
        chunks = [body[at : at + size] for at in range(0, len(body), size)]
        assert list(read_rows(chunks)) == whole
