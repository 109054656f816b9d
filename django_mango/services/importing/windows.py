"""Which windows a period is asked for in; nothing here reads or writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..errors import PeriodRefused
from ..periods import Period, joined

#: No office had a PBX of this service before.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
#: One request every two seconds: more windows would be asked for all day and night.
_MOST = 20_000


def windows_of(
    since: datetime, until: datetime, step: timedelta
) -> list[tuple[datetime, datetime]]:
    """The period cut into windows; neighbours share their edge second."""
    edges = [since]
    while edges[-1] + step < until:
        edges.append(edges[-1] + step)
    return list(zip(edges, [*edges[1:], until], strict=True))


def cut(periods: Sequence[Period], step: timedelta | None, longest: timedelta) -> list[Period]:
    """Periods as windows of ``step``, by default ``longest``, in order and up to now.

    Raises ``PeriodRefused`` for periods without sense.
    """
    length = longest if step is None else step
    if not timedelta(seconds=1) <= length <= longest:
        raise PeriodRefused(
            _("A window is at least a second and at most %(longest)s long.")
            % {"longest": _length(longest)},
            "window",
        )
    now = timezone.now()
    whole = joined([checked(period, now) for period in periods])
    if sum(period.length / length for period in whole) > _MOST:
        raise PeriodRefused(_("The windows are too short for so long a period."), "too_many")
    return [
        Period(*window)
        for period in whole
        for window in windows_of(period.since, period.until, length)
    ]


def checked(period: Period, now: datetime) -> Period:
    """The period up to now; raises ``PeriodRefused`` where it makes no sense."""
    since, until = period.since, period.until
    if since.tzinfo is None or until.tzinfo is None:
        raise PeriodRefused(_("The period needs times with a time zone."), "naive")
    if until <= since:
        raise PeriodRefused(_("The period ends before it begins."), "upside_down")
    if since < _EARLIEST:
        raise PeriodRefused(_("The period begins before there were statistics."), "too_early")
    if since >= now:
        raise PeriodRefused(_("The period lies in the future."), "future")
    return Period(since, min(until, now))


def _length(longest: timedelta) -> str:
    """``28 days``, ``29 days 23:59:59``."""
    days = ngettext("%(count)d day", "%(count)d days", longest.days) % {"count": longest.days}
    rest = longest - timedelta(days=longest.days)
    return f"{days} {rest}" if rest else days
