"""Telephone numbers in a free-text field: none, one or several."""

from __future__ import annotations

import re

from ..conf import get
from ..protocol import numbers
from ..protocol.numbers import Kind, Number

# People separate numbers so; a blank or a dash stands inside one.
_SEPARATORS = re.compile(r"[,;|/\n\r]+|\s(?:или|либо|и|or|and)\s", re.I)


def numbers_in(value: object) -> tuple[Number, ...]:
    """The numbers one may dial in the value of a phone field, in order, each once.

    ``8 (926) 789-01-23, 8 (916) 444-55-66`` holds two. Whatever is no full
    number (an internal extension, a word) is left out, never guessed.
    """
    text = "" if value is None else str(value).strip()
    if not text:
        return ()
    region = get("DEFAULT_REGION", str)
    whole = numbers.from_text(text, region)
    parts = [whole] if whole.kind is Kind.E164 else _parts(text, region)
    found = {number.e164: number for number in reversed(parts) if number.kind is Kind.E164}
    return tuple(reversed(found.values()))


def _parts(text: str, region: str) -> list[Number]:
    return [numbers.from_text(part, region) for part in _SEPARATORS.split(text) if part.strip()]
