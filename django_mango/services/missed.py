"""Missed calls as obligations that close themselves (block M of the decision table)."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from datetime import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import signals
from ..conf import CrmUser
from ..models import Account, Call, CallWork
from ..protocol.resolution import ClientCall, resolve
from .announcing import send
from .background import job
from .errors import PermissionRefused, UserError
from .transactions import repeated

#: Rounds until nothing differs; more would mean that the number never rests.
_ROUNDS = 5
_NUMBERS_AT_ONCE = 500


def resolve_clients(account: Account, numbers: Collection[str]) -> set[int]:
    """Recompute which missed calls of these clients are settled, and by which talk.

    Nothing is incremented: what differs from the computed state is written, row by
    row, in transactions of one statement, so that no lock is held while another is
    awaited for long. After writing everything is read again, so that whoever writes
    last has seen every call committed before. Returns the keys of the missed calls
    that were open and are settled now; announcing them is the caller's.
    """
    wanted = sorted(number for number in numbers if number)
    settled: set[int] = set()
    for start in range(0, len(wanted), _NUMBERS_AT_ONCE):
        part = wanted[start : start + _NUMBERS_AT_ONCE]
        for _round in range(_ROUNDS):
            if not _resolve_once(account, part, settled):
                break
    return settled


def settle_by_talk(account: Account, talk: Call) -> None:
    """Settle what a talk that has just begun settles, in one statement.

    The rule for one more talk: the earlier misses of the client that no earlier talk
    settled. The condition holds whatever others write at the same time.
    """
    settled = Call.objects.filter(
        Q(missed_resolved_at=None) | Q(missed_resolved_at__gt=talk.answered_at),
        account=account,
        client_number=talk.client_number,
        is_missed=True,
        started_at__lt=talk.answered_at,
    )
    repeated(lambda: settled.update(missed_resolved_at=talk.answered_at, missed_resolved_by=talk))


@job
def announce_settled(pks: Collection[int], since: datetime | None = None) -> None:
    """Send ``missed_call_resolved`` for those of these calls that are settled still.

    With ``since`` only those whose client was talked to from then on.
    """
    ordered = sorted(pks)
    for start in range(0, len(ordered), _NUMBERS_AT_ONCE):
        settled = Call.objects.filter(pk__in=ordered[start : start + _NUMBERS_AT_ONCE])
        if since is not None:
            settled = settled.filter(missed_resolved_at__gte=since)
        for call in settled.exclude(missed_resolved_by=None).select_related("missed_resolved_by"):
            send(signals.missed_call_resolved, Call, call=call, by=call.missed_resolved_by)


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
    # Of two who close it at the same moment the first did.
    still_open = CallWork.objects.filter(pk=work.pk, closed_at=None)
    if still_open.update(
        closed_at=timezone.now(), closed_by=user.pk, closed_reason=reason.strip()[:500]
    ):
        work.refresh_from_db()
    return work


def _resolve_once(account: Account, numbers: Collection[str], settled: set[int]) -> bool:
    """One round; whether anything was to be written."""
    by_client: dict[str, list[Call]] = {}
    calls = (
        Call.objects.filter(account=account, client_number__in=numbers)
        .filter(Q(is_missed=True) | ~Q(answered_at=None) | ~Q(missed_resolved_at=None))
        .only(
            "client_number",
            "is_missed",
            "outcome",
            "started_at",
            "answered_at",
            "missed_resolved_at",
            "missed_resolved_by",
        )
    )
    # A server-side cursor is for many rows: it takes three statements instead of one.
    rows = calls.order_by()
    for call in rows.iterator() if len(numbers) > 1 else rows:
        by_client.setdefault(call.client_number, []).append(call)
    differing = [one for group in by_client.values() for one in _differing(group)]
    for call, by in differing:
        if _write(call, by) and by is not None and call.missed_resolved_at is None:
            settled.add(call.pk)
    return bool(differing)


def _differing(calls: Sequence[Call]) -> Iterator[tuple[Call, Call | None]]:
    """Calls of one client that are not settled as computed, and by which they should be."""
    by_pk = {call.pk: call for call in calls}
    talks: dict[Hashable, Call] = {
        found.missed: by_pk[found.by]  # type: ignore[index] # keys are primary keys
        for found in resolve(_as_client_call(call) for call in calls)
    }
    for call in calls:
        by = talks.get(call.pk)
        computed = (by.answered_at, by.pk) if by else (None, None)
        if (call.missed_resolved_at, call.missed_resolved_by_id) != computed:
            yield call, by


def _as_client_call(call: Call) -> ClientCall:
    return ClientCall(
        call.pk,
        call.is_missed,
        call.started_at.timestamp() if call.started_at else 0,
        call.answered_at.timestamp() if call.answered_at and call.is_talk else 0,
    )


def _write(call: Call, by: Call | None) -> bool:
    """Settle or open one call, unless somebody else did meanwhile.

    The row of ``by`` is locked as well, by its foreign key: repeated after a deadlock.
    """
    mine = Call.objects.filter(pk=call.pk, missed_resolved_at=call.missed_resolved_at)
    at = by.answered_at if by else None
    return bool(repeated(lambda: mine.update(missed_resolved_at=at, missed_resolved_by=by)))
