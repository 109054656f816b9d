"""The CSV of basic call statistics as a stream of typed rows (§3.4.1, Q26-Q36).

``;`` separates columns, nothing is quoted, lines end with CRLF or LF, and there
is no header; a reader nevertheless meets tabs before rows, a header, a byte
order mark, an empty last line and rows with a column too many. A bad row is
reported with its line number and shifts nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from .errors import InputError
from .notifications import LOCATIONS
from .values import MAX_LENGTH, storable

#: Every column the service knows (§3.4.1.1).
KNOWN_FIELDS = (
    "records",
    "start",
    "finish",
    "answer",
    "from_extension",
    "from_number",
    "to_extension",
    "to_number",
    "disconnect_reason",
    "line_number",
    "location",
    "entry_id",
    "create",
)
#: What we ask for: ``entry_id`` first, ``location`` last, so that a cut last line is seen.
OUR_FIELDS = (
    "entry_id",
    "records",
    "create",
    "start",
    "answer",
    "finish",
    "from_extension",
    "from_number",
    "to_extension",
    "to_number",
    "disconnect_reason",
    "line_number",
    "location",
)
_TIMES = ("create", "start", "answer", "finish")
_LATEST = 4102444800  # 2100-01-01
_LONGEST_LINE = 65_536
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Record:
    """One row. Times are Unix seconds UTC, 0 for "never" or "not asked for"."""

    entry_id: str = ""
    start: int = 0
    finish: int = 0
    answer: int = 0
    from_extension: str = ""
    from_number: str = ""
    to_extension: str = ""
    to_number: str = ""
    disconnect_reason: str = ""
    line_number: str = ""
    location: str = ""
    create: int = 0
    records: tuple[str, ...] = ()
    line: int = 0
    _key: str = field(default="", init=False, repr=False, compare=False)

    @property
    def key(self) -> str:
        """Identity of the row: sortable start time and a hash of what never changes.

        Recordings, line, ``create`` and the end reason are not part of it: they
        appear or change in later reports of the same row. Computed once.
        """
        if self._key:
            return self._key
        identity = (
            "basic",
            self.entry_id,
            str(self.start),
            self.from_extension,
            self.from_number,
            self.to_extension,
            self.to_number,
            self.location,
            str(self.answer),
            str(self.finish),
        )
        key = f"{self.start:010d}-{_hash(identity)[:40]}"
        object.__setattr__(self, "_key", key)
        return key

    @property
    def digest(self) -> str:
        """Hash of what a later report of the same row may change."""
        changeable = (
            ",".join(self.records),
            self.line_number,
            str(self.create),
            self.disconnect_reason,
        )
        return _hash(changeable)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that is no row: its number (from 1), why, and the start of its text.

    ``reason`` is a stable word: ``columns``, ``time``, ``text``, ``encoding``,
    ``too_long``, ``cut``.
    """

    line: int
    reason: str
    text: str


def read_rows(
    chunks: Iterable[bytes], fields: Sequence[str] = OUR_FIELDS
) -> Iterator[Record | BadRow]:
    """Rows of a ``stats/result`` body arriving in chunks of any size.

    ``fields`` is the list the report was requested with, in its order. Memory
    use does not depend on the number of rows.
    """
    columns = checked_fields(fields)
    for number, line, is_complete in _lines(chunks):
        if line is None:
            yield BadRow(number, "too_long", "")
            continue
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            yield BadRow(number, "encoding", line.decode("utf-8", "replace")[:_SHOWN])
            continue
        text = text.strip("\r\t ")
        if text and not (number == 1 and _is_header(text, columns)):
            yield _row(number, text, columns, is_complete)


def checked_fields(fields: Sequence[str]) -> tuple[str, ...]:
    """The names of columns without blanks; ``InputError`` for an unknown or repeated one."""
    columns = tuple(name.strip() for name in fields)
    for name in columns:
        if name not in KNOWN_FIELDS or columns.count(name) > 1:
            raise InputError("fields", "unknown_field", name)
    return columns


def _lines(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes | None, bool]]:
    """Number, bytes (``None`` when absurdly long) and whether the line had its end."""
    rest, number, overlong = b"", 0, False
    for chunk in chunks:
        *complete, rest = (rest + chunk).split(b"\n")
        for line in complete:
            number += 1
            yield number, None if overlong or len(line) > _LONGEST_LINE else line, True
            overlong = False
        if len(rest) > _LONGEST_LINE:
            rest, overlong = b"", True
    if rest or overlong:
        yield number + 1, None if overlong else rest, False


def _is_header(text: str, columns: tuple[str, ...]) -> bool:
    return tuple(cell.strip().lower() for cell in text.split(";")) == columns


def _row(number: int, text: str, columns: tuple[str, ...], is_complete: bool) -> Record | BadRow:
    cells = text.split(";")
    if len(cells) != len(columns):
        return BadRow(number, "columns" if is_complete else "cut", text[:_SHOWN])
    values = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
    times = {name: _time(values.pop(name, "")) for name in _TIMES}
    if any(moment is None for moment in times.values()):
        return BadRow(number, "time", text[:_SHOWN])
    recordings = tuple(_recordings(values.pop("records", "")))
    if any(len(value) > MAX_LENGTH for value in (*values.values(), *recordings)):
        return BadRow(number, "too_long", text[:_SHOWN])
    if not storable(text.replace("\t", "")):
        return BadRow(number, "text", text[:_SHOWN])
    if not is_complete and columns[-1] == "location" and values["location"] not in LOCATIONS:
        return BadRow(number, "cut", text[:_SHOWN])
    return Record(records=recordings, line=number, **values, **times)  # type: ignore[arg-type] # None is excluded above


def _time(cell: str) -> int | None:
    if not cell:
        return 0
    if not (cell.isascii() and cell.isdigit() and len(cell) <= 10):
        return None
    return int(cell) if int(cell) < _LATEST else None


def _recordings(cell: str) -> Iterator[str]:
    """Ids with or without brackets (T-10, Q29), each once, in their order."""
    seen = set()
    for part in cell.removeprefix("[").removesuffix("]").split(","):
        recording = part.strip()
        if recording and recording not in seen:
            seen.add(recording)
            yield recording


def _hash(parts: Sequence[str]) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
