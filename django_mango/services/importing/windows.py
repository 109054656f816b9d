"""Which windows a period is asked for in; nothing here reads or writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from ..errors import PeriodRefused

#: Years of empty windows would be asked for otherwise, one request every two seconds.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


def windows_of(
    since: datetime, until: datetime, step: timedelta
) -> list[tuple[datetime, datetime]]:
    """The period cut into windows; neighbours share their edge second."""
    edges = [since]
    while edges[-1] + step < until:
        edges.append(edges[-1] + step)
    return list(zip(edges, [*edges[1:], until], strict=True))


def checked_end(since: datetime, until: datetime, step: timedelta, longest: timedelta) -> datetime:
    """The end of the period, at most now; raises ``PeriodRefused`` for one without sense.

    ``step`` is the wanted length of a window, ``longest`` what the service allows.
    """
    if since.tzinfo is None or until.tzinfo is None:
        raise PeriodRefused(_("The period needs times with a time zone."), "naive")
    if until <= since:
        raise PeriodRefused(_("The period ends before it begins."), "upside_down")
    if since < _EARLIEST:
        raise PeriodRefused(_("The period begins before there were statistics."), "too_early")
    now = timezone.now()
    if since >= now:
        raise PeriodRefused(_("The period lies in the future."), "future")
    if not timedelta(seconds=1) <= step <= longest:
        raise PeriodRefused(_("A window is at least a second and at most 28 days long."), "window")
    return min(until, now)
