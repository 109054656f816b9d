"""JSON that arrives in pieces, read value by value: memory holds one value, not the text.

The reader walks along objects and arrays and is asked for what it comes to: the names
of members, the items, or a whole value. What is not JSON, or is cut short, raises ``ReadError``.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final, NoReturn

from .errors import ReadError

#: Characters of a single value; no conversation is nearly as long.
_LONGEST: Final = 4_000_000
_BLANKS: Final = re.compile(r"[ \t\r\n]*")


class JsonStream:
    """The JSON text in ``chunks``, UTF-8 with or without a byte order mark."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._text = ""
        self._at = 0
        self._is_over = False

    def peek(self) -> str:
        """The next character that is not blank, empty at the end of the text."""
        while True:
            blank = _BLANKS.match(self._text, self._at)
            self._at = blank.end() if blank else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def value(self) -> object:
        """The whole value that comes next."""
        self.peek()
        while True:
            try:
                value, end = _JSON.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise ReadError("the JSON is nested too deep") from error
            except ValueError as error:
                if len(self._text) - self._at > _LONGEST:
                    raise ReadError("the text is not JSON, or a value is too long") from error
                if not self._more():
                    raise ReadError("the JSON is broken or cut off") from error
                continue
            # A number may go on in the next piece: "1", "1." and "1e+" are the same so far.
            is_open = len(self._text) - end <= 2 and not isinstance(value, (dict, list, str))
            length = end - self._at
            if not is_open or not self._more():  # which moves the text to its place
                self._at += length
                return value

    def members(self) -> Iterator[str]:
        """The names in the object that comes next; take each value before you go on."""
        self._take("{")
        if self.peek() == "}":
            self._take("}")
            return
        while True:
            name = self.value()
            if not isinstance(name, str):
                raise ReadError("a name in the JSON is no text")
            self._take(":")
            yield name
            if self._take(",}") == "}":
                return

    def items(self) -> Iterator[None]:
        """The places in the array that comes next; take each value before you go on."""
        self._take("[")
        if self.peek() == "]":
            self._take("]")
            return
        while True:
            yield
            if self._take(",]") == "]":
                return

    def skip(self) -> None:
        """Pass the next value over; of lists in objects in lists only one item is held."""
        self._skip(4)

    def _skip(self, depth: int) -> None:
        opening = self.peek() if depth else ""
        if opening == "{":
            for _ in self.members():
                self._skip(depth - 1)
        elif opening == "[":
            for _ in self.items():
                self._skip(depth - 1)
        else:
            self.value()

    def _take(self, expected: str) -> str:
        found = self.peek()
        if not found or found not in expected:
            raise ReadError("the JSON is broken or cut off")
        self._at += 1
        return found

    def _more(self) -> bool:
        """Read on, at least as much as is held already, so that long values cost no squares."""
        held = [self._text[self._at :]]
        wanted, got = len(held[0]), 0
        while not self._is_over and got <= wanted:
            chunk = next(self._chunks, None)
            self._is_over = chunk is None
            text = self._decoder.decode(chunk or b"", final=self._is_over)
            held.append(text)
            got += len(text)
        self._text, self._at = "".join(held), 0
        return got > 0


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# Control characters inside texts are no reason to lose a day of calls.
_JSON: Final = json.JSONDecoder(parse_constant=_refuse, strict=False)
