"""The short way of reading statistics: many plain lines at once, column by column.

Nearly every line is plain: printable ASCII without spaces, the right number of columns,
good times, no text too long. Checking a column of a thousand values takes one call each,
checking a thousand lines takes thousands. One line that is not plain, and the whole block
is read line by line, which alone decides what is bad and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

from .statistics_record import LATEST, TIMES, Record
from .values import MAX_LENGTH

_PLAIN = bytes([*range(ord("!"), ord("~") + 1), *b"\r\n"])
#: Columns of text in the order of ``Record``.
_TEXTS = (
    "from_extension",
    "from_number",
    "to_extension",
    "to_number",
    "disconnect_reason",
    "line_number",
    "location",
)
_TIME_DIGITS = 10


def plain_rows(number: int, block: bytes, columns: Sequence[str]) -> list[Record] | None:
    """The rows of whole lines, the first of which has this number; ``None`` if one is not plain."""
    if block.translate(None, _PLAIN):
        return None
    text = block.decode("ascii").removesuffix("\r").replace("\r\n", "\n")
    if "\r" in text:
        return None
    lines = text.split("\n")
    if "" in lines or (number == 1 and lines[0].lower() == ";".join(columns)):
        return None  # a blank line, a header
    cells = [line.split(";") for line in lines]
    if set(map(len, cells)) != {len(columns)}:
        return None
    given = dict(zip(columns, zip(*cells, strict=True), strict=True))
    times = {name: _times(given[name]) for name in TIMES if name in given}
    texts = {name: given[name] for name in ("entry_id", *_TEXTS) if name in given}
    if None in times.values() or any(max(map(len, one)) > MAX_LENGTH for one in texts.values()):
        return None
    found = [recordings(cell) if cell != "[]" else () for cell in given.get("records", ())]
    if any(len(one) > MAX_LENGTH for ids in found for one in ids):
        return None
    return list(
        map(
            Record,
            texts.get("entry_id") or repeat(""),
            *(times.get(name) or repeat(0) for name in ("start", "finish", "answer")),
            *(texts.get(name) or repeat("") for name in _TEXTS),
            times.get("create") or repeat(0),
            found or repeat(()),
            range(number, number + len(lines)),
        )
    )


def recordings(cell: str) -> tuple[str, ...]:
    """Ids with or without brackets (T-10, Q29), each once, in their order."""
    parts = map(str.strip, cell.removeprefix("[").removesuffix("]").split(","))
    return tuple(dict.fromkeys(filter(None, parts)))


def _times(cells: Sequence[str]) -> Sequence[int] | None:
    """Unix seconds, ``None`` when one is not good."""
    digits = "".join(cells)
    if not digits:
        return [0] * len(cells)
    if not digits.isdigit() or max(map(len, cells)) > _TIME_DIGITS:
        return None
    seconds = list(map(int, (cell or "0" for cell in cells) if "" in cells else cells))
    return seconds if max(seconds) < LATEST else None
