"""Moments as the text databases take, remembered: a batch has each in several tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

#: Those of some batches; a long import must not keep all.
_REMEMBERED = 32_768
_MINUTES = tuple(f" {minute // 60:02d}:{minute % 60:02d}" for minute in range(24 * 60))
_SECONDS = tuple(f":{second:02d}" for second in range(60))
_DAY = 24 * 60 * 60


class _Texts(dict[Any, str | None]):
    """The text of each moment, ``None`` for never. Only Unix seconds are remembered.

    Threads may share it: what one forgets another makes anew.
    """

    def __init__(self, suffix: str) -> None:
        super().__init__()
        self._suffix = suffix

    def __missing__(self, moment: int | datetime | None) -> str | None:
        if not moment:
            return None
        if isinstance(moment, datetime):
            return f"{moment.astimezone(UTC).replace(tzinfo=None)}{self._suffix}"
        day, rest = divmod(moment, _DAY)
        minute, second = divmod(rest, 60)
        text = f"{_day_text(day)}{_MINUTES[minute]}{_SECONDS[second]}{self._suffix}"
        self[moment] = text
        return text


_TEXTS = {suffix: _Texts(suffix) for suffix in ("", "+00")}


def texts_of_moments(values: Sequence[Any], suffix: str = "") -> list[str | None]:
    """``2025-05-24 12:48:43`` in UTC, with the microseconds where there are any.

    Moments are Unix seconds or aware times, 0 and ``None`` are never. ``suffix`` names the
    time zone where the database wants it to: ``+00``.
    """
    texts = _TEXTS[suffix]
    if len(texts) > _REMEMBERED:
        texts.clear()
    return list(map(texts.__getitem__, values))


@lru_cache(maxsize=1024)
def _day_text(day: int) -> str:
    return datetime.fromtimestamp(day * _DAY, UTC).date().isoformat()
