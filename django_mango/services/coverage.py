"""Which periods the statistics of an account are loaded for: gaps, days, the complete end.

Computed from the windows of ``StatsImport`` that are done, for one kind of statistics at a
time. A window counts only up to its ``complete_until``: what is newer may have been missing
when it was asked for (the settle delay, Q24).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db.models import Count, F, Max, Min, Q, QuerySet, Value, Window
from django.db.models.functions import Lead, Least
from django.utils import timezone

from .. import conf
from ..models import Account, Call, CallRecord, StatsImport
from .leases import is_held
from .periods import Period, day_of, days_between, joined, without

#: A scheduled run looks for a gap so far back. What is older, an island of a trial years ago
#: for example, is shown and closed when somebody asks for it, not by surprise.
LOOK_BACK = timedelta(days=92)
#: Where the alert is off, a day is called incomplete when its end is so old.
_LATE = timedelta(days=1)

_BASIC = str(CallRecord.Kind.BASIC)
RUNNING = (StatsImport.State.REQUESTED, StatsImport.State.LOADING)


class DayState(StrEnum):
    """What is known of a day, the best first."""

    COMPLETE = "complete"
    #: Loaded up to a moment, or from one on, and nothing is overdue.
    PARTLY = "partly"
    RUNNING = "running"
    GAP = "gap"
    #: A gap whose last try has failed.
    FAILED = "failed"
    #: Before the first day that was ever loaded: nobody asked for it.
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the current time zone.

    ``loaded`` is the first stretch that is loaded, ``missing`` is what is not, up to now.
    ``imported_at`` is when the newest window over it was done, ``window`` the newest window
    at all; ``error`` why the last try to load what is missing failed; ``bad`` the rows the
    newest window did not understand, of all its days; ``calls`` the number of calls that
    began on it, loaded or notified.
    """

    date: date
    whole: Period
    state: DayState
    loaded: Period | None = None
    missing: tuple[Period, ...] = ()
    imported_at: datetime | None = None
    window: int | None = None
    bad: int = 0
    error: str = ""
    calls: int = 0

    @property
    def to_load(self) -> Period | None:
        """The period that completes the day, ``None`` where nothing is missing."""
        return Period(self.missing[0].since, self.missing[-1].until) if self.missing else None


def complete_until(account: Account, kind: str = _BASIC) -> datetime | None:
    """Up to when everything is loaded: the end of the first stretch without a gap.

    A scheduled import begins here. Gaps more than ``LOOK_BACK`` before the newest statistics
    do not hold it back. ``None``: nothing was ever loaded.
    """
    newest = newest_loaded(account, kind)
    if newest is None:
        return None
    done = _done(account, kind).filter(complete_until__gt=newest - LOOK_BACK)
    # Imports every few minutes make thousands of windows, mostly without a gap: only where one
    # begins after the end of the one before it there can be any, and only then all are read.
    # (A running maximum would tell at once, but takes MariaDB seconds.)
    following = Window(Lead("since"), order_by=("since", "pk"))
    suspects = done.annotate(end=_END, following=following).filter(following__gt=F("end"))
    return joined(_covered(done))[0].until if suspects.exists() else newest


def gaps(account: Account, since: datetime, until: datetime, kind: str = _BASIC) -> list[Period]:
    """What is not loaded of the period, in order. What cannot be complete yet is no gap."""
    end = min(until, timezone.now() - conf.seconds("STATS_SETTLE_SECONDS"))
    if end <= since:
        return []
    done = _done(account, kind).filter(since__lt=end, complete_until__gt=since)
    return without(Period(since, end), joined(_covered(done)))


def first_loaded(account: Account, kind: str = _BASIC) -> datetime | None:
    """The earliest moment that was ever loaded."""
    found: datetime | None = _done(account, kind).aggregate(first=Min("since"))["first"]
    return found


def newest_loaded(account: Account, kind: str = _BASIC) -> datetime | None:
    """The newest moment that was loaded, whatever is missing before it."""
    found: datetime | None = _done(account, kind).aggregate(newest=Max(_END))["newest"]
    return found


def days(account: Account, first: date, last: date, kind: str = _BASIC) -> list[Day]:
    """The days from ``first`` to ``last`` (at most today), the newest first.

    Days are those of the current time zone. Four queries, however many days and windows.
    """
    last = min(last, timezone.localdate())
    if last < first:
        return []
    wholes = {one: day_of(one) for one in days_between(first, last)}
    shown = Period(wholes[first].since, wholes[last].until)
    survey = _Survey(account, kind, shown)
    calls = _calls(account, wholes)
    return [survey.day(one, wholes[one], calls.get(one, 0)) for one in reversed(wholes)]


def is_importing(account: Account) -> bool:
    """Whether a process imports for this account now."""
    return is_held(import_lease(account))


def import_lease(account: Account) -> str:
    """The name of the lease an import of this account holds."""
    return f"import:{account.alias}"


#: The end of what a window covers.
_END = Least("until", "complete_until")


@dataclass(frozen=True, slots=True)
class _Window:
    """What a survey reads of a ``StatsImport``."""

    pk: int
    asked: Period
    #: What its run will load in the end.
    of_run: Period
    covered: Period | None
    state: str
    started_at: datetime
    finished_at: datetime | None
    bad: int
    error: str


class _Survey:
    """The windows over some days, read at once."""

    def __init__(self, account: Account, kind: str, shown: Period) -> None:
        self._now = timezone.now()
        self._late = conf.seconds("STATS_ALERT_SECONDS") or _LATE
        extent = _done(account, kind).aggregate(first=Min("since"), newest=Max(_END))
        self._extent = Period(extent["first"], extent["newest"]) if extent["first"] else None
        # Oldest first: the last one that touches a period is the one that counts.
        self._windows = _windows(account, kind, shown)
        self._covered = joined(one.covered for one in self._windows if one.covered)
        self._running = []
        if is_importing(account):
            self._running = [one.of_run for one in self._windows if one.state in RUNNING]

    def day(self, day: date, whole: Period, calls: int) -> Day:
        touching = [one for one in self._windows if one.asked.overlaps(whole)]
        missing = without(Period(whole.since, min(whole.until, self._now)), self._covered)
        loaded = next((part for one in self._covered if (part := one.within(whole))), None)
        failed = _last_failed(touching, missing)
        done = [one for one in touching if one.covered and one.covered.overlaps(whole)]
        return Day(
            date=day,
            whole=whole,
            state=self._state(whole, loaded, missing, touching),
            loaded=loaded,
            missing=tuple(missing),
            imported_at=max((one.finished_at for one in done if one.finished_at), default=None),
            window=touching[-1].pk if touching else None,
            bad=done[-1].bad if done else 0,
            error=failed.error if failed else "",
            calls=calls,
        )

    def _state(
        self,
        whole: Period,
        loaded: Period | None,
        missing: Sequence[Period],
        touching: Sequence[_Window],
    ) -> DayState:
        if not missing:
            # A day that is not over has more to come.
            return DayState.COMPLETE if whole.until <= self._now else DayState.PARTLY
        if any(run.overlaps(part) for run in self._running for part in missing):
            return DayState.RUNNING
        overdue = [part for part in missing if self._is_overdue(part)]
        if _last_failed(touching, overdue or ([] if loaded else missing)):
            return DayState.FAILED
        if overdue:
            return DayState.GAP
        is_before = self._extent is None or whole.until <= self._extent.since
        return DayState.NEVER if is_before else DayState.PARTLY

    def _is_overdue(self, part: Period) -> bool:
        """Whether it lies between two loaded stretches, or after the last one for too long."""
        if self._extent is None or part.until <= self._extent.since:
            return False
        return part.since < self._extent.until or self._now - part.since > self._late


def _last_failed(touching: Sequence[_Window], parts: Sequence[Period]) -> _Window | None:
    """The window that was the last try to load one of these parts and did not get through."""
    for part in parts:
        tries = [one for one in touching if one.asked.overlaps(part)]
        if tries and tries[-1].state != StatsImport.State.DONE:
            return tries[-1]
    return None


def _done(account: Account, kind: str) -> QuerySet[StatsImport]:
    """Windows that cover something; one that was asked for at once after its begin does not."""
    return StatsImport.objects.filter(
        account=account,
        kind=kind,
        state=StatsImport.State.DONE,
        complete_until__gt=F("since"),
    ).order_by()


def _covered(done: QuerySet[StatsImport]) -> Iterable[Period]:
    rows = done.values_list("since", "until", "complete_until").order_by("since")
    return [Period(since, min(until, complete)) for since, until, complete in rows if complete]


def _windows(account: Account, kind: str, shown: Period) -> list[_Window]:
    rows = StatsImport.objects.filter(
        # A file that states no period says nothing of what is missing.
        Q(file_name="") | Q(complete_until__isnull=False),
        # A run is at one window and will come to others.
        Q(since__lt=shown.until, until__gt=shown.since) | Q(state__in=RUNNING),
        account=account,
        kind=kind,
    ).order_by("started_at", "pk")
    found = []
    for row in rows.only(
        "since",
        "until",
        "run_since",
        "run_until",
        "complete_until",
        "state",
        "started_at",
        "finished_at",
        "bad",
        "problem",
        "result_code",
        "error",
    ):
        asked = Period(row.since, row.until)
        end = row.complete_until if row.state == StatsImport.State.DONE else None
        covered = asked.within(Period(row.since, end)) if end and end > row.since else None
        found.append(
            _Window(
                row.pk,
                asked,
                Period(row.run_since or row.since, row.run_until or row.until),
                covered,
                row.state,
                row.started_at,
                row.finished_at,
                row.bad,
                row.why,
            )
        )
    return found


def _calls(account: Account, wholes: dict[date, Period]) -> dict[date, int]:
    """Calls by day. Each day is a range of the index; grouping by a date would need the
    database's own time zones, which MariaDB mostly lacks."""
    counts = [
        Call.objects.filter(account=account, started_at__gte=one.since, started_at__lt=one.until)
        .order_by()
        .values("account")
        .annotate(day=Value(number), calls=Count("pk"))
        .values_list("day", "calls")
        for number, one in enumerate(wholes.values())
    ]
    # Without an order of its own Django 6.1 sorts a union as the model says, by a column that
    # is not in it.
    found = dict(counts[0].union(*counts[1:], all=True).order_by())
    return {day: found.get(number, 0) for number, day in enumerate(wholes)}
