"""Putting right what a crash or a lost notification left behind."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from .. import conf
from ..models import Account, Call, Notification
from ..protocol.notifications import CALL_KINDS
from ..protocol.projection import Directory
from . import journal
from .changes import Change
from .directory import with_directory
from .following import News
from .inbox import replay
from .missed import resolve_clients
from .projecting import lock_calls, project_locked
from .recordings import RECORDING_KINDS, join_calls, refresh_recordings

log = logging.getLogger("django_mango.services")

_PART = 500


def sweep(
    account: Account, now: datetime | None = None, *, news: News | None = None
) -> list[Change]:
    """Everything: dead commands, waiting notifications, missed calls behind, stale calls.

    Returns the calls changed. What is recent is announced, by the caller where he
    passes the ``news`` of his own run.
    """
    told = news or News(account)
    journal.settle_commands(account, now)
    changes = process_waiting(account)
    changes += close_stale_calls(account, now)
    told.take(changes)
    told.take([], settled=resolve_behind(account))
    join_calls(account)
    if news is None:
        told.announce()
    return changes


def process_waiting(account: Account) -> list[Change]:
    """Process the notifications a crash left unprocessed; the calls that changed."""
    unprocessed = Notification.objects.unprocessed().filter(account=account)
    of_calls = unprocessed.filter(kind__in=CALL_KINDS).exclude(entry_id="")
    changes: list[Change] = []
    for part in _parts(_entries(of_calls)):
        try:
            changes += with_directory(account, partial(project_locked, account, part))
        except Exception:
            # One of them is to blame; below each is tried alone and keeps its own error.
            log.exception("waiting notifications could not be processed together")
    of_recordings = unprocessed.filter(kind__in=RECORDING_KINDS)
    for part in _parts(_entries(of_recordings)):
        # Listed before the facts are read: what comes meanwhile is processed by who received it.
        read = list(of_recordings.filter(entry_id__in=part).values_list("pk", flat=True))
        refresh_recordings(account, part)
        Notification.objects.filter(pk__in=read).update(processed_at=timezone.now(), error="")
    # Outcomes of commands, and all that belongs to no conversation.
    for pk in list(unprocessed.order_by("pk").values_list("pk", flat=True)):
        for row in unprocessed.filter(pk=pk).select_related("account"):
            replay(row)
    return changes


def resolve_behind(account: Account) -> set[int]:
    """Recompute missed calls whose settling does not agree with the calls there are.

    Returns the keys of those settled now.
    """
    calls = Call.objects.filter(account=account).order_by()
    talks = calls.talks().filter(
        client_number=OuterRef("client_number"),
        is_missed=False,
        answered_at__gt=OuterRef("started_at"),
    )
    missed = calls.missed().exclude(client_number="")
    is_open = Q(missed_resolved_at=None)
    by = "missed_resolved_by"
    behind = (
        missed.filter(is_open & Exists(talks)),
        missed.filter(
            ~is_open & Exists(talks.filter(answered_at__lt=OuterRef("missed_resolved_at")))
        ),
        missed.filter(~is_open).filter(
            Q(**{by: None})
            | Q(**{f"{by}__answered_at": None})
            | ~Q(**{f"{by}__answered_at": F("missed_resolved_at")})
            | ~Q(**{f"{by}__client_number": F("client_number")})
            | ~Q(**{f"{by}__outcome__in": ("", Call.Outcome.ANSWERED)})
            | Q(missed_resolved_at__lte=F("started_at"))
        ),
        calls.filter(is_missed=False, missed_resolved_by__isnull=False),
    )
    settled: set[int] = set()
    for one in behind:
        settled |= resolve_clients(account, set(one.values_list("client_number", flat=True)))
    return settled


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
    for part in _parts(sorted(unfinished)):
        quiet = _without_news(account, part, limit)
        if quiet:
            changes += with_directory(account, partial(_close, account, quiet, limit, now))
    return changes


def _close(
    account: Account,
    entry_ids: Sequence[str],
    limit: datetime,
    now: datetime,
    directory: Directory,
) -> list[Change]:
    """Stamp and compute in one transaction, so that no event comes between."""
    lock_calls(account, entry_ids)
    quiet = _without_news(account, entry_ids, limit)
    Call.objects.filter(account=account, entry_id__in=quiet).update(stale_closed_at=now)
    return project_locked(account, quiet, directory)


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
