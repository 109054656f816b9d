"""Putting right what a crash or a lost notification left behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from .. import conf
from ..models import Account, Call, Notification
from . import journal
from .changes import Change
from .directory import directory_of
from .facts import CALL_KINDS
from .missed import resolve_clients
from .projecting import project_locked
from .recordings import RECORDING_KINDS, refresh_recordings
from .transactions import repeated

_PART = 500


def sweep(account: Account, now: datetime | None = None) -> list[Change]:
    """Everything: dead commands, waiting notifications, missed calls behind, stale calls.

    Returns the calls changed; announcing them is the caller's.
    """
    journal.settle_commands(account, now)
    changes = process_waiting(account)
    resolve_behind(account)
    return changes + close_stale_calls(account, now)


def process_waiting(account: Account) -> list[Change]:
    """Process the notifications a crash left unprocessed."""
    waiting = Notification.objects.unprocessed().filter(account=account).exclude(entry_id="")
    changes: list[Change] = []
    directory = directory_of(account)
    for part in _parts(_entries(waiting.filter(kind__in=CALL_KINDS))):
        changes += repeated(partial(project_locked, account, part, directory))
    recordings = waiting.filter(kind__in=RECORDING_KINDS)
    for part in _parts(_entries(recordings)):
        refresh_recordings(account, part)
        recordings.filter(entry_id__in=part).update(processed_at=timezone.now(), error="")
    return changes


def resolve_behind(account: Account) -> None:
    """Recompute missed calls whose settling does not agree with the calls there are."""
    later_talk = Call.objects.filter(
        account=account,
        client_number=OuterRef("client_number"),
        is_missed=False,
        answered_at__gt=OuterRef("started_at"),
    )
    missed = Call.objects.missed().filter(account=account).exclude(client_number="")
    open_though_settled = missed.filter(Exists(later_talk), missed_resolved_at=None)
    settled_by_nothing = missed.exclude(missed_resolved_at=None).filter(
        Q(missed_resolved_by=None) | Q(missed_resolved_by__answered_at=None)
    )
    for calls in (open_though_settled, settled_by_nothing):
        resolve_clients(account, set(calls.values_list("client_number", flat=True)))


def close_stale_calls(account: Account, now: datetime | None = None) -> list[Change]:
    """Close calls without news for ``STALE_CALL_SECONDS`` whose end was lost (Q57).

    To be run after the statistics, which know the true end. The stamp is a fact of
    the projection: a newer event takes the closing back.
    """
    now = now or timezone.now()
    limit = now - conf.seconds("STALE_CALL_SECONDS")
    unfinished = (
        Call.objects.filter(account=account, is_final=False, started_at__lt=limit)
        .filter(Q(stale_closed_at=None) | Q(stale_closed_at__lt=limit))
        .values_list("entry_id", flat=True)
    )
    changes: list[Change] = []
    directory = directory_of(account)
    for part in _parts(sorted(unfinished)):
        quiet = _without_news(account, part, limit)
        if not quiet:
            continue
        Call.objects.filter(account=account, entry_id__in=quiet).update(stale_closed_at=now)
        changes += repeated(partial(project_locked, account, quiet, directory))
    return changes


def _without_news(account: Account, entry_ids: Sequence[str], limit: datetime) -> list[str]:
    lately = set(
        Notification.objects.filter(account=account, entry_id__in=entry_ids)
        .values("entry_id")
        .annotate(latest=Max("received_at"))
        .filter(latest__gte=limit)
        .values_list("entry_id", flat=True)
    )
    return [entry_id for entry_id in entry_ids if entry_id not in lately]


def _entries(waiting: QuerySet[Notification]) -> list[str]:
    return sorted(waiting.order_by().values_list("entry_id", flat=True).distinct())


def _parts(entry_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(entry_ids), _PART):
        yield entry_ids[start : start + _PART]
