"""How far a running import is, as its rows in the journal tell; for pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils import timezone

from ..models import Account, StatsImport
from .coverage import RUNNING, is_importing

#: A guess from less than this part, or this time, of a run is worth nothing.
_ENOUGH = 0.02
_LONG_ENOUGH = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class RunningImport:
    """A run of imports and the window it is at.

    ``rows`` are those of all its windows so far. ``fraction`` is how much of the run is done,
    from 0 to 1, ``None`` where it cannot be told; ``remaining`` is a guess from it.
    """

    window: StatsImport | None
    position: int
    windows: int
    rows: int
    started_at: datetime | None
    fraction: float | None
    remaining: timedelta | None


def running_import(account: Account, now: datetime | None = None) -> RunningImport | None:
    """What is imported for this account now, ``None`` when nothing is; three queries at most.

    Before its first window and after its last one a run has no ``window``.
    """
    if not is_importing(account):
        return None
    now = now or timezone.now()
    running = StatsImport.objects.filter(account=account, state__in=RUNNING)
    window = running.order_by("-started_at", "-pk").first()
    if window is None:
        return RunningImport(None, 0, 0, 0, None, None, None)
    began = window.run_started_at or window.started_at
    of_run = StatsImport.objects.filter(account=account, run_started_at=window.run_started_at)
    rows = of_run.aggregate(rows=Sum("rows"))["rows"] if window.run_started_at else window.rows
    fraction = _fraction(window)
    return RunningImport(
        window=window,
        position=window.run_position,
        windows=window.run_windows,
        rows=rows or 0,
        started_at=began,
        fraction=fraction,
        remaining=_remaining(fraction, now - began),
    )


def share_of(window: StatsImport) -> float | None:
    """How much of one window its latest row has reached, ``None`` before the first one."""
    if window.reached_at is None or window.file_name:
        return None
    return min(max((window.reached_at - window.since) / (window.until - window.since), 0.0), 1.0)


def _fraction(window: StatsImport) -> float | None:
    """How much of the run is done: the windows before, and the part of this one that is read."""
    done = window.run_position - 1.0 + (share_of(window) or 0.0)
    return done / window.run_windows if done else None


def _remaining(fraction: float | None, passed: timedelta) -> timedelta | None:
    if fraction is None or fraction < _ENOUGH or passed < _LONG_ENOUGH:
        return None
    return passed * ((1 - fraction) / fraction)
