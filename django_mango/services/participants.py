"""Who of us took part in calls, as rows."""

from __future__ import annotations

from collections.abc import Sequence

from ..models import Account, Call, CallParty
from ..protocol.projection import ProjectedCall, ProjectedParty
from ..protocol.times import moment_or_none

_Identity = tuple[str, str]


def write_parties(account: Account, calls: Sequence[tuple[Call, ProjectedCall]]) -> None:
    """Make the participants of these calls what the projection says; equal ones stay untouched.

    A fixed number of statements whatever the number of calls.
    """
    if not calls:
        return
    stored: dict[int, dict[_Identity, CallParty]] = {}
    for row in CallParty.objects.filter(call__in=[call.pk for call, _ in calls]):
        stored.setdefault(row.call_id, {})[row.extension, row.number] = row
    gone: list[int] = []
    fresh: list[CallParty] = []
    for call, result in calls:
        known = stored.get(call.pk, {})
        for party in result.parties:
            row = _row(account, call, party)
            old = known.pop((row.extension, row.number), None)
            if old is None:
                fresh.append(row)
            elif not _equal(old, row):
                gone.append(old.pk)
                fresh.append(row)
        gone.extend(row.pk for row in known.values())
    if gone:
        CallParty.objects.filter(pk__in=gone).delete()
    if fresh:
        CallParty.objects.bulk_create(fresh)


def _row(account: Account, call: Call, party: ProjectedParty) -> CallParty:
    return CallParty(
        account=account,
        call=call,
        employee_id=party.owner,
        extension=party.extension,
        number=party.number,
        role=party.role,
        rang_at=moment_or_none(party.rang_at),
        answered_at=moment_or_none(party.answered_at),
        ended_at=moment_or_none(party.ended_at),
    )


def _equal(old: CallParty, new: CallParty) -> bool:
    return all(
        getattr(old, name) == getattr(new, name)
        for name in ("employee_id", "role", "rang_at", "answered_at", "ended_at")
    )
