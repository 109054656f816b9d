"""Periods of time: joined, subtracted, cut into days. Functions of values only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

#: The service's bounds are whole seconds and both belong to the window (§3.4.1.1): what ends
#: at 23:59:59 and what begins at midnight leave nothing out.
EDGE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """From ``since`` to ``until``, both aware."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        return self.until - self.since

    def overlaps(self, other: Period) -> bool:
        """Whether they have more than an edge in common."""
        return max(self.since, other.since) < min(self.until, other.until)

    def within(self, other: Period) -> Period | None:
        """The part inside ``other``, ``None`` where there is none."""
        if not self.overlaps(other):
            return None
        return Period(max(self.since, other.since), min(self.until, other.until))


def joined(periods: Iterable[Period]) -> list[Period]:
    """The same time as few periods in order; neighbours less than a second apart are one."""
    found: list[Period] = []
    for period in sorted(periods):
        if found and period.since <= found[-1].until + EDGE:
            if period.until > found[-1].until:
                found[-1] = Period(found[-1].since, period.until)
        else:
            found.append(period)
    return found


def without(whole: Period, covered: Iterable[Period]) -> list[Period]:
    """What is left of ``whole`` when the ``joined`` periods ``covered`` are taken out.

    Less than a second is nothing: the service counts whole ones.
    """
    left, start = [], whole.since
    for period in covered:
        if period.until <= start:
            continue
        if period.since >= whole.until:
            break
        if period.since - start >= EDGE:
            left.append(Period(start, period.since))
        start = period.until
    if whole.until - start >= EDGE:
        left.append(Period(start, whole.until))
    return left


def day_of(day: date) -> Period:
    """A day of the current time zone, from midnight to midnight: 23 to 25 hours.

    In UTC, because differences of two times in one zone are those of its wall clock. Where
    the clock skips midnight, the day begins with the first moment there is.
    """
    zone = timezone.get_current_timezone()
    start, end = (
        datetime.combine(one, time.min, zone).astimezone(UTC)
        for one in (day, day + timedelta(days=1))
    )
    return Period(start, end)


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from ``first`` to ``last``, both included."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
