"""Which periods there are to load: the latest ones, and what died runs left behind.

Nothing here writes, so that a plan can be shown before it is carried out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
)
from django.utils import timezone

from ... import conf
from ...models import Account, Call, CallRecord, StatsImport
from .. import coverage
from ..periods import EDGE, Period, joined, without

#: What is read where nothing is known yet, and how far back a call is looked for that the
#: statistics may still confirm: it is longer than any call, and a nightly run reads as much.
RECENT = timedelta(days=3)

_BASIC = str(CallRecord.Kind.BASIC)
_State = StatsImport.State


def latest_periods(account: Account | None, kind: str = _BASIC) -> list[Period]:
    """What a scheduled run loads: everything that is not complete yet, up to now.

    Each stretch begins ``STATS_OVERLAP_SECONDS`` earlier: a call that began there may have
    ended since, and stands in the statistics only then. Calls that events know and no
    record confirms are reached back for. An account without any statistics is read from
    its first call on, else for three days.
    """
    now = timezone.now().replace(microsecond=0)
    if account is None:
        return [Period(now - RECENT, now)]
    end = coverage.complete_until(account, kind)
    unconfirmed = _first_unconfirmed(account, kind, end, now)
    if end is None:
        return [Period(unconfirmed or now - RECENT, now)]
    overlap = conf.seconds("STATS_OVERLAP_SECONDS")
    gaps = coverage.gaps(account, end, now, kind)
    settled = now - conf.seconds("STATS_SETTLE_SECONDS")
    is_open = bool(gaps) and gaps[-1].until >= settled
    newest = gaps[-1].since if is_open else settled if gaps else end
    parts = [Period(gap.since - overlap, gap.until) for gap in gaps]
    parts.append(Period(newest - overlap, now))
    if unconfirmed is not None:
        parts.append(Period(unconfirmed, now))
    return joined(parts)


def unfinished_periods(
    account: Account | None, kind: str = _BASIC, *, whole: bool = False
) -> list[Period]:
    """What runs of the last months that died or failed have left and nobody loaded since.

    ``whole``: every window of theirs of which a part is left, from its beginning on.
    """
    if account is None:
        return []
    oldest = timezone.now() - coverage.LOOK_BACK
    runs = _runs(account, kind).filter(done__lt=F("run_windows"), run_started_at__gte=oldest)
    failed = sorted(runs, key=_started, reverse=True)
    if not failed:
        return []
    done = sorted(_done_since(account, kind, _started(failed[-1])), key=_asked, reverse=True)
    left: list[Period] = []
    covered: list[Period] = []
    for run in failed:  # the newest first: what was loaded after it counts for the older too
        while done and _asked(done[0]) >= _started(run):
            row = done.pop(0)
            covered = joined([*covered, Period(row.since, row.until)])
        left += without(Period(run["run_since"], run["run_until"]), covered)
    if whole:
        tried = _rows(account, kind).filter(run_started_at__in=map(_started, failed))
        windows = [Period(row.since, row.until) for row in tried]
        left += [one for one in windows if any(map(one.overlaps, left))]
    return joined(left)


def _started(run: dict[str, Any]) -> datetime:
    moment: datetime = run["run_started_at"]
    return moment


def _asked(row: StatsImport) -> datetime:
    """When it was asked for, or adopted by the run that went on with a dead one."""
    return max(row.started_at, row.run_started_at or row.started_at)


def _done_since(account: Account, kind: str, moment: datetime) -> QuerySet[StatsImport]:
    later = Q(started_at__gte=moment) | Q(run_started_at__gte=moment)
    rows = _rows(account, kind).filter(later, state=_State.DONE)
    return rows.only("since", "until", "started_at", "run_started_at")


def loaded_by_a_dead_run(
    account: Account, kind: str, windows: Sequence[Period], now: datetime
) -> dict[Period, int]:
    """Those of the windows that a run which died within a day has loaded, by key of their row.

    A killed import that is started again goes on where it stopped.
    """
    recent = _runs(account, kind).filter(run_started_at__gte=now - timedelta(days=1))
    dead = recent.filter(Q(tried__lt=F("run_windows")) | Q(interrupted__gt=0))
    runs = list(dead.values_list("run_started_at", flat=True))
    done = _rows(account, kind).filter(
        state=_State.DONE, complete_until=F("until"), run_started_at__in=runs
    )
    wanted = set(windows)
    rows = ((Period(row.since, row.until), row.pk) for row in done.order_by("pk"))
    return {period: pk for period, pk in rows if period in wanted}


def _runs(account: Account, kind: str) -> Any:
    """Runs with how many of their windows were tried, done, and interrupted."""
    rows = _rows(account, kind).exclude(run_since=None).order_by()
    died = Q(problem=StatsImport.Problem.INTERRUPTED)
    return rows.values("run_started_at", "run_since", "run_until", "run_windows").annotate(
        tried=Count("pk"),
        done=Count("pk", filter=Q(state=_State.DONE)),
        interrupted=Count("pk", filter=died),
    )


def _rows(account: Account, kind: str) -> QuerySet[StatsImport]:
    return StatsImport.objects.filter(account=account, kind=kind, file_name="")


def _first_unconfirmed(
    account: Account, kind: str, end: datetime | None, now: datetime
) -> datetime | None:
    """When the earliest call began that statistics should confirm and have not.

    One that was not in statistics asked for after its end will never be: those are given up.
    """
    over = Call.objects.filter(account=account, ended_at__isnull=False).order_by("started_at")
    waiting = over.exclude(sources__contains=kind)
    if end is None:
        return _begin(waiting.filter(started_at__gte=now - coverage.LOOK_BACK))
    # Before the first statistics nothing is confirmed; among them only a long call is not.
    first = coverage.first_loaded(account, kind)
    before = waiting.filter(started_at__gte=now - coverage.LOOK_BACK, started_at__lt=first)
    settle = conf.seconds("STATS_SETTLE_SECONDS")
    asked_after = StatsImport.objects.filter(
        account=account,
        kind=kind,
        state=_State.DONE,
        complete_until__isnull=False,
        since__lte=OuterRef("started_at"),
        until__gte=OuterRef("started_at"),
        started_at__gte=ExpressionWrapper(
            OuterRef("ended_at") + settle, output_field=DateTimeField()
        ),
    )
    lately = waiting.filter(started_at__gte=end - RECENT).exclude(Exists(asked_after))
    return _begin(before) or _begin(lately)


def _begin(calls: QuerySet[Call]) -> datetime | None:
    found: datetime | None = calls.values_list("started_at", flat=True).first()
    # A record may begin in the second before the first event.
    return found - EDGE if found else None
