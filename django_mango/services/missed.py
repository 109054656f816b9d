"""Missed calls as obligations that close themselves (block M of the decision table)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import signals
from ..conf import CrmUser
from ..models import Account, Call, CallWork
from .announcing import send
from .background import job
from .concern import Concern, Part
from .errors import PermissionRefused, UserError
from .lists import among
from .raw_rows import as_datetime
from .settling import differing
from .settlings import write
from .transactions import repeated

#: Rounds until nothing differs; more would mean that the number never rests.
_ROUNDS = 5
_NUMBERS_AT_ONCE = 500


def resolve_clients(account: Account, numbers: Collection[str]) -> set[int]:
    """Recompute the missed calls of these clients, all of them; see ``resolve_concerned``."""
    wanted = sorted(number for number in numbers if number)
    settled: set[int] = set()
    for start in range(0, len(wanted), _NUMBERS_AT_ONCE):
        part = set(wanted[start : start + _NUMBERS_AT_ONCE])
        settled |= resolve_concerned(account, Concern(missed=part)).keys()
    return settled


def resolve_concerned(account: Account, concern: Concern) -> dict[int, datetime]:
    """Recompute which missed calls are settled, and by which talk, where something changed.

    A fixed number of statements, however many clients. Nothing is incremented: what
    differs from the computed state is written, in transactions of one statement, so
    that no lock is held while another is awaited for long. What was written, or was to be,
    is read again, so that whoever writes last has seen every call committed before; what
    was found right needs no look, as who makes it wrong reads it after his own commit.
    Returns the keys of the missed calls that were open and are settled now, and since when;
    announcing them is the caller's.
    """
    settled: dict[int, datetime] = {}
    wrong = differing(account, concern, concern.parts(Call.objects.all())) if concern else []
    for _round in range(_ROUNDS):
        if not wrong:
            break
        for one in write(wrong):
            if one.was is None and one.at is not None:
                settled[one.pk] = as_datetime(one.at)
        written = Call.objects.filter(among("pk", [one.pk for one in wrong]))
        wrong = differing(account, concern, [Part(written)])
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
