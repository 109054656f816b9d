"""Missed calls as obligations that close themselves (block M of the decision table)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import signals
from ..conf import CrmUser
from ..models import Account, Call, CallWork
from ..protocol.resolution import ClientCall, resolve
from .announcing import send
from .errors import PermissionRefused, UserError

#: Rounds until nothing differs; more would mean that the number never rests.
_ROUNDS = 5
_NUMBERS_AT_ONCE = 500


def resolve_clients(account: Account, numbers: Collection[str]) -> None:
    """Recompute which missed calls of these clients are settled, and by which talk.

    Nothing is incremented: what differs from the computed state is written, row by
    row, in single statements, so that no lock is held while another is awaited.
    After writing everything is read again, so that whoever writes last has seen
    every call committed before.
    """
    wanted = sorted(number for number in numbers if number)
    for start in range(0, len(wanted), _NUMBERS_AT_ONCE):
        part = wanted[start : start + _NUMBERS_AT_ONCE]
        for _round in range(_ROUNDS):
            if not _resolve_once(account, part):
                break


def close_by_hand(user: CrmUser, call: Call, reason: str) -> CallWork:
    """Close a missed call without a talk; it wins over every computation and stays.

    Raises ``PermissionRefused``, or ``UserError`` for a call that was not missed.
    """
    visible = Call.objects.visible_to(user).filter(pk=call.pk)
    if not user.has_perm("django_mango.close_missed") or not visible.exists():
        raise PermissionRefused(_("You may not close this missed call."), "permission")
    if not visible.missed().exists():
        raise UserError(_("This is not a missed call."), "not_missed")
    work, _created = CallWork.objects.get_or_create(call=call)
    if work.closed_at is None:
        work.closed_at = timezone.now()
        work.closed_by_id = user.pk
        work.closed_reason = reason.strip()[:500]
        work.save(update_fields=["closed_at", "closed_by", "closed_reason"])
    return work


def _resolve_once(account: Account, numbers: Collection[str]) -> bool:
    """One round; whether anything was written."""
    by_client: dict[str, list[Call]] = {}
    calls = (
        Call.objects.filter(account=account, client_number__in=numbers)
        .filter(Q(is_missed=True) | ~Q(answered_at=None) | ~Q(missed_resolved_at=None))
        .only(
            "client_number",
            "is_missed",
            "started_at",
            "answered_at",
            "missed_resolved_at",
            "missed_resolved_by",
        )
    )
    for call in calls.iterator():
        by_client.setdefault(call.client_number, []).append(call)
    written = False
    for group in by_client.values():
        written |= _write(group)
    return written


def _write(calls: list[Call]) -> bool:
    settled = {
        found.missed: found
        for found in resolve(
            ClientCall(
                call.pk,
                call.is_missed,
                call.started_at.timestamp() if call.started_at else 0,
                call.answered_at.timestamp() if call.answered_at else 0,
            )
            for call in calls
        )
    }
    by_pk = {call.pk: call for call in calls}
    written = False
    for call in calls:
        found = settled.get(call.pk)
        by = by_pk[found.by] if found else None  # type: ignore[index] # keys are primary keys
        at = datetime.fromtimestamp(found.at, UTC) if found else None
        if (call.missed_resolved_at, call.missed_resolved_by_id) == (at, by.pk if by else None):
            continue
        written = True
        was_open = call.missed_resolved_at is None
        mine = Call.objects.filter(pk=call.pk, missed_resolved_at=call.missed_resolved_at)
        if mine.update(missed_resolved_at=at, missed_resolved_by=by) and was_open and by:
            _announce(call.pk, by.pk)
    return written


def _announce(missed_pk: int, by_pk: int) -> None:
    calls = Call.objects.in_bulk([missed_pk, by_pk])
    if len(calls) == 2:
        send(signals.missed_call_resolved, Call, call=calls[missed_pk], by=calls[by_pk])
