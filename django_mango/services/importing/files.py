"""Rows from a file: the saved body of a statistics answer (§3.4.1.2)."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import timedelta
from typing import BinaryIO, cast

from ...models import CallRecord, StatsImport
from ...protocol import answers, statistics
from ...protocol.errors import AnswerLost, UnexpectedAnswer
from ...protocol.excerpt import excerpt
from ...protocol.statistics import BadRow
from ...protocol.times import moment_or_none
from .extended import json_rows
from .loading import LONGEST_WINDOW, Row

_PIECE = 64 * 1024
_GZIP = b"\x1f\x8b"


class FileLoader:
    """The body of a report, saved as it came, compressed with gzip or not.

    ``fields`` are the columns it was requested with. The period is that of its calls,
    unless it is ``stated``: whoever states it says that nothing of it is missing.
    """

    longest = LONGEST_WINDOW

    def __init__(
        self,
        stream: BinaryIO,
        *,
        kind: str = CallRecord.Kind.BASIC,
        fields: Sequence[str] = statistics.OUR_FIELDS,
        stated: bool = False,
    ) -> None:
        self.kind = kind
        self.covers = stated
        self._stream = stream
        self._fields = tuple(fields)

    def rows(self, window: StatsImport, is_ready: Callable[[], bool]) -> Generator[Row]:
        window.attempts += 1
        first, last = 0, 0
        for row in READERS[self.kind](pieces_of(self._stream), self._fields):
            if not isinstance(row, BadRow) and row.start:
                first, last = min(first or row.start, row.start), max(last, row.start)
            yield row
        begin, end = moment_or_none(first), moment_or_none(last)
        if begin and end and not self.covers:
            window.since, window.until = begin, end + timedelta(seconds=1)


def pieces_of(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of a file in pieces, unpacked where it is compressed.

    Raises ``AnswerLost`` where it cannot be read on: a compressed file is cut or damaged.
    """
    try:
        start = stream.read(_PIECE)
        whole: io.BufferedIOBase = io.BufferedReader(_Again(start, stream))
        if start.startswith(_GZIP):
            whole = gzip.GzipFile(fileobj=whole)
        # What is there is taken, so that it is not lost where the next read fails.
        yield from iter(lambda: whole.read1(_PIECE), b"")
    except (OSError, EOFError, zlib.error) as error:
        raise AnswerLost(f"the file cannot be read on: {type(error).__name__}") from error


def csv_rows(chunks: Iterator[bytes], fields: Sequence[str]) -> Iterator[Row]:
    """Rows of basic statistics; raises ``UnexpectedAnswer`` for JSON and HTML."""
    start = b""
    for chunk in chunks:
        start += chunk
        if start.strip() or len(start) > _PIECE:
            break
    if not answers.looks_like_csv(start):
        raise UnexpectedAnswer(f"the file holds no statistics: {excerpt(start)}")

    def whole() -> Iterator[bytes]:
        yield start
        yield from chunks

    return statistics.read_rows(whole(), fields)


#: How a file of each kind is read: its pieces and the list of fields in, rows out.
READERS: dict[str, Callable[[Iterator[bytes], Sequence[str]], Iterator[Row]]] = {
    CallRecord.Kind.BASIC: csv_rows,
    CallRecord.Kind.EXTENDED: json_rows,
}


class _Again(io.RawIOBase):
    """A stream whose first bytes were read already; it may be a pipe, which cannot go back."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start = start
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        target = memoryview(cast(bytearray, buffer))
        taken = self._start[: len(target)] or self._rest.read(len(target))
        self._start = self._start[len(taken) :]
        target[: len(taken)] = taken
        return len(taken)
