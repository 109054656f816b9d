"""Argument types of the commands: moments, durations, seconds.

``argparse`` calls these; each raises ``ArgumentTypeError`` with one line that names the accepted
spellings.
"""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import UTC, date, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

#: Instead of a moment: where the last complete import ended.
LAST = "last"
_DURATION = re.compile(r"([0-9]{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = timedelta(days=1)
#: Outside lie slips of the pen, and years at which calendars overflow.
_YEARS = range(1990, 2101)
#: No statistics are older (the service's limit is far below), and no calendar overflows.
_LONGEST = timedelta(days=36_525)


def since(text: str) -> datetime:
    """The beginning of a period, aware UTC: a date means its first moment."""
    moment, _is_day = _moment(text)
    return moment.astimezone(UTC)


def since_or_last(text: str) -> datetime | str:
    """``since``, or the word ``last``: where the last complete import ended."""
    return LAST if text.strip().lower() == LAST else since(text)


def until(text: str) -> datetime:
    """The end of a period, aware UTC and exclusive: a date means the whole of that day.

    The day that is not over yet ends now.
    """
    moment, is_day = _moment(text)
    if is_day:
        now = timezone.localtime().replace(microsecond=0)
        today = moment.date() == now.date()
        moment = now if today else _midnight(moment.date() + _DAY)
    return moment.astimezone(UTC)


def duration(text: str) -> timedelta:
    """``28d``, ``12h``, ``30m``, ``90s``, ``2w``; more than zero."""
    match = _DURATION.fullmatch(text.strip().lower())
    length = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta()
    if not timedelta() < length <= _LONGEST:
        raise ArgumentTypeError(
            _("“%(text)s” is no length of time: write 28d, 12h, 30m, 90s or 2w.") % {"text": text}
        )
    return length


def seconds(text: str) -> float:
    """A number of seconds, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= _LONGEST.total_seconds():
        raise ArgumentTypeError(_("“%(text)s” is no number of seconds.") % {"text": text})
    return value


def columns(text: str) -> tuple[str, ...]:
    """Names of columns, separated by commas, as the service takes them."""
    return tuple(name.strip() for name in text.split(","))


def row_number(text: str) -> int:
    """The number of a row as the admin shows it; one no database could hold is refused."""
    digits = text.strip()
    is_number = digits.isascii() and digits.isdigit() and len(digits) < 20
    if not (is_number and 0 < int(digits) < 2**63):
        raise ArgumentTypeError(_("“%(text)s” is no number of a row.") % {"text": text})
    return int(digits)


def _moment(text: str) -> tuple[datetime, bool]:
    """The moment, and whether only a day was named."""
    word = text.strip().lower()
    now = timezone.localtime().replace(microsecond=0)
    if word == "now":
        return now, False
    if word in {"today", "yesterday"}:
        return _midnight(now.date() - (_DAY if word == "yesterday" else timedelta())), True
    if _DURATION.fullmatch(word):
        # In UTC: across a change of clocks twelve hours are twelve hours.
        return now.astimezone(UTC) - duration(word), False
    return _iso(text.strip())


def _iso(text: str) -> tuple[datetime, bool]:
    for read, is_day in ((_day, True), (datetime.fromisoformat, False)):
        try:
            moment = read(text)
        except ValueError:
            continue
        if moment.year in _YEARS:
            # Without a zone it is wall-clock time here; the hour that comes twice is its first.
            moment = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
            return moment, is_day
    raise ArgumentTypeError(
        _(
            "“%(text)s” is no moment: write 2026-11-01, 2026-11-01T09:30, 7d (seven days ago),"
            " 12h, today, yesterday or now."
        )
        % {"text": text}
    )


def _day(text: str) -> datetime:
    return _midnight(date.fromisoformat(text))


def _midnight(day: date) -> datetime:
    if day.year not in _YEARS:
        raise ValueError(day)
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001  # made aware
