"""The CSV of basic call statistics as a stream of typed rows (§3.4.1, Q26-Q36).

``;`` separates columns, nothing is quoted, lines end with CRLF or LF, and there
is no header; a reader nevertheless meets tabs before rows, a header, a byte
order mark, an empty last line and rows with a column too many. A bad row is
reported with its line number and shifts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .errors import InputError
from .notifications import LOCATIONS
from .statistics_plain import plain_rows, recordings
from .statistics_record import KNOWN_FIELDS, LATEST, OUR_FIELDS, TIMES, BadRow, Record
from .values import MAX_LENGTH, storable

__all__ = ["KNOWN_FIELDS", "OUR_FIELDS", "BadRow", "Lines", "Record", "read_lines", "read_rows"]

_LONGEST_LINE = 65_536
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines of a body that are not read yet: so many, and the first has this number.

    Reading them needs nothing else and may be done by another thread. ``is_complete`` is false
    for a last line without an end; the first ``is_overlong`` where it began too long ago.
    """

    number: int
    count: int
    text: bytes
    columns: tuple[str, ...]
    is_overlong: bool = False
    is_complete: bool = True

    def rows(self) -> list[Record | BadRow]:
        """The rows, good and bad; blank lines and a header are none."""
        plain = None
        if self.is_complete and not self.is_overlong:
            plain = plain_rows(self.number, self.text, self.columns)
        if plain is not None:
            return list(plain)
        return list(_read(self, self.text.split(b"\n")))

    def cut(self, many: int) -> tuple[Lines, Lines]:
        """So many lines, fewer than there are, and the others."""
        lines = self.text.split(b"\n", many)
        first, rest = b"\n".join(lines[:many]), lines[many]
        return (
            Lines(self.number, many, first, self.columns, self.is_overlong),
            Lines(self.number + many, self.count - many, rest, self.columns),
        )


def read_rows(
    chunks: Iterable[bytes], fields: Sequence[str] = OUR_FIELDS
) -> Iterator[Record | BadRow]:
    """Rows of a ``stats/result`` body arriving in chunks of any size.

    ``fields`` is the list the report was requested with, in its order. Memory
    use does not depend on the number of rows.
    """
    for lines in read_lines(chunks, fields):
        yield from lines.rows()


def read_lines(chunks: Iterable[bytes], fields: Sequence[str] = OUR_FIELDS) -> Iterator[Lines]:
    """The same as lines that somebody else may read."""
    columns = checked_fields(fields)
    rest, number, overlong = b"", 1, False
    for chunk in chunks:
        block, end, rest = (rest + chunk).rpartition(b"\n")
        if end:
            count = block.count(b"\n") + 1
            yield Lines(number, count, block, columns, overlong)
            number += count
            overlong = False
        if len(rest) > _LONGEST_LINE:
            rest, overlong = b"", True
    if rest or overlong:
        yield Lines(number, 1, rest, columns, overlong, is_complete=False)


def _read(given: Lines, lines: Iterable[bytes]) -> Iterator[Record | BadRow]:
    is_overlong = given.is_overlong
    for number, line in enumerate(lines, given.number):
        if is_overlong or len(line) > _LONGEST_LINE:
            is_overlong = False
            yield BadRow(number, "too_long", "")
            continue
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            yield BadRow(number, "encoding", line.decode("utf-8", "replace")[:_SHOWN])
            continue
        text = text.strip("\r\t ")
        if text and not (number == 1 and _is_header(text, given.columns)):
            yield _row(number, text, given.columns, given.is_complete)


def checked_fields(fields: Sequence[str]) -> tuple[str, ...]:
    """The names of columns without blanks; ``InputError`` for an unknown or repeated one."""
    columns = tuple(name.strip() for name in fields)
    for name in columns:
        if name not in KNOWN_FIELDS or columns.count(name) > 1:
            raise InputError("fields", "unknown_field", name)
    return columns


def _is_header(text: str, columns: tuple[str, ...]) -> bool:
    return tuple(cell.strip().lower() for cell in text.split(";")) == columns


def _row(number: int, text: str, columns: tuple[str, ...], is_complete: bool) -> Record | BadRow:
    cells = text.split(";")
    if len(cells) != len(columns):
        return BadRow(number, "columns" if is_complete else "cut", text[:_SHOWN])
    values = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
    times = {name: _time(values.pop(name, "")) for name in TIMES}
    if any(moment is None for moment in times.values()):
        return BadRow(number, "time", text[:_SHOWN])
    records = recordings(values.pop("records", ""))
    if any(len(value) > MAX_LENGTH for value in (*values.values(), *records)):
        return BadRow(number, "too_long", text[:_SHOWN])
    if not storable(text.replace("\t", "")):
        return BadRow(number, "text", text[:_SHOWN])
    if not is_complete and columns[-1] == "location" and values["location"] not in LOCATIONS:
        return BadRow(number, "cut", text[:_SHOWN])
    return Record(records=records, line=number, **values, **times)  # type: ignore[arg-type] # None is excluded above


def _time(cell: str) -> int | None:
    if not cell:
        return 0
    if not (cell.isascii() and cell.isdigit() and len(cell) <= 10):
        return None
    return int(cell) if int(cell) < LATEST else None
