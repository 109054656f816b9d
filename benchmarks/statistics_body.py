"""A body of ``stats/result`` of any size: the sandbox's generated past, as the service sends it.

A conversation leaves 1 to 10 rows: the menu, the queue, every telephone that rang, both
legs of a callback, transfers. Each row of calls of the whole past stands in it once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from django_mango.protocol.statistics import OUR_FIELDS
from django_mango.sandbox.history import History
from django_mango.sandbox.rows import csv_lines

#: 2026-03-02 00:00:00 UTC.
END = 1_772_409_600
DAYS = 28
_DAY = 86_400
#: The past holds 2.7 rows for each call; what is too much is cut off.
_ROWS_PER_CALL = 2.5


def write_body(path: Path, rows: int, *, seed: int = 1, days: int = DAYS) -> None:
    """Write exactly so many rows in the order of their start."""
    with path.open("w", encoding="utf-8", newline="") as body:
        body.writelines(itertools.islice(_lines(rows, seed, days), rows))


def read_chunks(path: Path, size: int = 65_536) -> Iterator[bytes]:
    """The bytes of a body in the pieces a transport hands on."""
    with path.open("rb") as body:
        while chunk := body.read(size):
            yield chunk


def _lines(rows: int, seed: int, days: int) -> Iterator[str]:
    history = History(seed, int(rows / _ROWS_PER_CALL) + 100, days, END)
    return csv_lines(history.rows(END - (days + 1) * _DAY, END), OUR_FIELDS)
