"""Times of the service: true Unix seconds, whatever the document says (T-01, Q52).

The document calls them "UTC+3"; a captured log settled that they are plain Unix
UTC. Everything above this module works with aware UTC datetimes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

#: Later than this is a wrong unit (milliseconds) or rubbish, not a call.
_LATEST = 4102444800  # 2100-01-01
#: Moscow has had no summer time since October 2014; a fixed offset needs no time zone data.
_MOSCOW = timezone(timedelta(hours=3), "MSK")


def from_unix(seconds: int) -> datetime:
    """Aware UTC datetime of Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def to_unix(moment: datetime) -> int:
    """Unix seconds of an aware datetime, fractions cut off."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has no place on the wire")
    return int(moment.timestamp())


def moscow_text(seconds: int) -> str:
    """Wall clock of Moscow as the extended statistics want it: ``31.10.2019 00:00:00`` (Q38)."""
    return datetime.fromtimestamp(seconds, _MOSCOW).strftime("%d.%m.%Y %H:%M:%S")


def moment_or_none(value: object) -> datetime | None:
    """Time stamp as the service sends it: int or text, ``0`` and absence mean "never" (T-02)."""
    number = integer_or_none(value)
    if number is None or not 0 < number < _LATEST:
        return None
    return from_unix(number)


def integer_or_none(value: object) -> int | None:
    """Whole number sent as int or as text (T-02, Q60); anything else is ``None``."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else None
    if isinstance(value, str):
        text = value.strip()
        digits = text[1:] if text[:1] == "-" else text
        if digits.isascii() and digits.isdigit() and len(digits) <= 18:
            return int(text)
    return None
