"""The JSON of the extended statistics as a stream of typed rows (§3.4.2.3, Q42-Q48).

An answer holds days, a day its conversations, a conversation its legs and a leg of a
group its members. Each of them becomes one ``ExtendedRecord``: conversation first, then
its legs in their order, each followed by its members. An item that is none is reported
with its position and shifts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import codes, values
from .errors import ReadError
from .extended_records import ExtendedRecord, bad_row, rows_of
from .json_stream import JsonStream
from .statistics import BadRow
from .times import integer_or_none
from .values import Json

__all__ = ["ExtendedRecord", "Head", "Page", "read_head"]


_HEAD = frozenset({"result", "code", "status"})


@dataclass(frozen=True, slots=True)
class Head:
    """What an answer says of the job: the result code, and the status in small letters.

    ``request`` and ``work`` are not ready; ``complete``; ``cancel``, ``error``; ``not-found``.
    """

    code: int | None
    status: str

    @property
    def is_ready(self) -> bool:
        """Whether the data may be believed; with ``work`` comes a part of them (Q42).

        An answer that names no status is taken at its word.
        """
        return self.status in ("", "complete")

    @property
    def is_coming(self) -> bool:
        """Whether asking again makes sense."""
        return self.status in ("request", "work")


def read_head(chunks: Iterable[bytes]) -> Head:
    """The head of an answer; the data are passed over, and not read at all if they come last."""
    stream, found = JsonStream(chunks), dict[str, object]()
    if stream.peek() != "{":
        raise ReadError("the answer is no JSON object")
    for name in stream.members():
        if name.lower() in _HEAD:
            found[name.lower()] = stream.value()
        else:
            stream.skip()
        if "result" in found and "status" in found:
            break
    return _head(found)


def _head(found: Json) -> Head:
    status = values.word(found, "status").lower().replace("_", "-").replace(" ", "-")
    return Head(integer_or_none(found.get("result", found.get("code"))), status)


def _check(found: Json) -> None:
    head = _head(found)
    if not head.is_ready:
        raise ReadError(f"the job of the statistics is not complete: {head.status[:40]}")
    if head.code and not codes.is_success(head.code):
        raise ReadError(f"the answer is the error {head.code}")


class Page:
    """The rows of one answer; iterate once.

    Afterwards ``count`` is the number of conversations, bad ones included, ``entry_ids``
    are those of the good ones, and ``totals`` has the conversations of each day as the service
    counts them, whatever the page. ``first`` is the position of the page's first conversation
    in the whole report, from 1.
    """

    def __init__(self, chunks: Iterable[bytes], first: int = 1) -> None:
        self._stream = JsonStream(chunks)
        self._first = first
        self.count = 0
        self.totals: dict[str, int] = {}
        self.entry_ids: set[str] = set()

    def __iter__(self) -> Iterator[ExtendedRecord | BadRow]:
        """Rows; one at a time is held, whatever the size of the page.

        Raises ``ReadError`` for an answer that is no complete report, before its rows where it
        says so there.
        """
        found: dict[str, object] = {}
        if self._stream.peek() != "{":
            raise ReadError("the answer is no JSON object")
        for name in self._stream.members():
            lowered = name.lower()
            if lowered in _HEAD:
                found[lowered] = self._stream.value()
                _check(found)
            elif lowered in ("data", "list"):
                found["data"] = True
                # A list stands one level too high in the document's drawing (T-16).
                yield from self._days() if lowered == "data" else self._conversations()
            else:
                self._stream.skip()
        if "data" not in found and _head(found).status != "complete":
            raise ReadError("the answer holds no statistics")

    def _days(self) -> Iterator[ExtendedRecord | BadRow]:
        """An array of days, or a plain object in its place (Q43)."""
        if self._stream.peek() == "[":
            for _ in self._stream.items():
                yield from self._day()
        else:
            yield from self._day()

    def _day(self) -> Iterator[ExtendedRecord | BadRow]:
        if self._stream.peek() != "{":
            item = self._stream.value()
            if item is not None:  # a day without anything loses nothing (Q43)
                yield self._bad("object", item)
            return
        rest: dict[str, object] = {}
        has_list = False
        for name in self._stream.members():
            if name == "list":
                has_list = True
                yield from self._conversations()
            elif name.isdigit() and self._stream.peek() == "{":
                # PHP writes an array with a gap as an object with numbers for names.
                has_list = True
                yield from self._day()
            else:
                rest[name] = self._stream.value()
        yield from self._beside(rest, has_list=has_list)

    def _beside(
        self, rest: dict[str, object], *, has_list: bool
    ) -> Iterator[ExtendedRecord | BadRow]:
        """What stands in a day beside its list, or without one."""
        total = integer_or_none(rest.get("total_calls_count")) or 0
        period = str(rest.get("period", ""))
        self.totals[period] = max(total, self.totals.get(period, 0))
        if not has_list and rest.get("entry_id"):  # a conversation in place of a day
            yield from self._conversation(rest)
        elif not has_list and total > 0:
            yield self._bad("list", rest)
        elif rest.get("context_calls"):  # legs of nobody knows which conversation (T-16)
            yield self._bad("leg", rest["context_calls"])

    def _conversations(self) -> Iterator[ExtendedRecord | BadRow]:
        opening = self._stream.peek()
        if opening == "[":
            for _ in self._stream.items():
                yield from self._conversation(self._stream.value())
        elif opening == "{":
            rest: dict[str, object] = {}
            for name in self._stream.members():
                if name.isdigit():
                    yield from self._conversation(self._stream.value())
                else:
                    rest[name] = self._stream.value()
            if rest:  # a single conversation without its array (Q43)
                yield from self._conversation(rest)
        elif (item := self._stream.value()) is not None:
            yield self._bad("list", item)

    def _conversation(self, item: object) -> Iterator[ExtendedRecord | BadRow]:
        position = self._first + self.count
        self.count += 1
        for row in rows_of(item, position):
            if isinstance(row, ExtendedRecord):
                self.entry_ids.add(row.entry_id)
            yield row

    def _bad(self, reason: str, item: object) -> BadRow:
        """Something in place of conversations; it moves the position of none."""
        return bad_row(self._first + self.count, reason, item)
