"""Rows of the basic statistics and their CSV text (§3.4.1, Q26-Q32)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

#: Columns of a report whose request names none, in the documented order (§3.4.1.1).
DEFAULT_FIELDS = (
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
)
FIELDS = frozenset({*DEFAULT_FIELDS, "entry_id", "create"})


@dataclass(frozen=True, slots=True)
class Row:
    """One leg as the statistics report it. Times are Unix seconds, ``answer`` 0 if never."""

    entry_id: str
    create: int
    start: int
    finish: int
    answer: int
    from_extension: str
    from_number: str
    to_extension: str
    to_number: str
    disconnect_reason: int
    line_number: str
    location: str
    records: tuple[str, ...] = ()

    def text(self, field: str) -> str:
        """The value of a column; recordings in brackets, as the live service writes them (Q29)."""
        if field == "records":
            return f"[{','.join(self.records)}]"
        return str(getattr(self, field))


@dataclass(frozen=True, slots=True)
class Party:
    """A party filter of a report; an empty field filters nothing (signature vector 3)."""

    extension: str = ""
    number: str = ""

    def is_empty(self) -> bool:
        return not (self.extension or self.number)

    def fits(self, extension: str, number: str) -> bool:
        return self.extension in ("", extension) and self.number in ("", number)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows a report holds: those that start in the period and fit the parties."""

    since: int
    until: int
    source: Party = Party()
    target: Party = Party()
    either: Party = Party()

    def accepts(self, row: Row) -> bool:
        """Whether the row belongs to the report; both ends of the period are inside."""
        return (
            self.since <= row.start <= self.until
            and self.source.fits(row.from_extension, row.from_number)
            and self.target.fits(row.to_extension, row.to_number)
            and (
                self.either.fits(row.from_extension, row.from_number)
                or self.either.fits(row.to_extension, row.to_number)
            )
        )


def csv_lines(rows: Iterable[Row], fields: Sequence[str]) -> Iterator[str]:
    """One line a row, ``;`` between columns, CRLF at the end, no header, no quotes (Q28)."""
    for row in rows:
        yield ";".join([row.text(field) for field in fields]) + "\r\n"


def parse_fields(value: object) -> tuple[str, ...] | None:
    """The columns a request names, None when one of them is unknown.

    The document's text says a comma-separated string, its sample of 2017 shows
    an array (Q26): both are read. A column typed with the Cyrillic letter of the
    printed document is unknown (Q27).
    """
    if value is None or value in ("", []):
        return DEFAULT_FIELDS
    if isinstance(value, str):
        names: list[object] = [name.strip() for name in value.split(",")]
    elif isinstance(value, list):
        names = value
    else:
        return None
    known = tuple(name for name in names if isinstance(name, str) and name in FIELDS)
    return known if len(known) == len(names) else None
