"""Who of us took part in calls, as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from ..models import Account, Call, CallParty, Employee
from ..protocol.projection import ProjectedCall, ProjectedParty
from ..protocol.times import moment_or_none
from .bulk import upsert
from .holding import hold
from .statements import Script

#: No extension or number has a control character: the readers refuse it.
_SEPARATOR = "\x1f"
_DELETED_AT_ONCE = 200
_VALUES = ("employee_id", "role", "rang_at", "answered_at", "ended_at")
_CHANGEABLE = ("employee", "role", "rang_at", "answered_at", "ended_at")
#: The columns of ``new_parties``.
NEW_PARTIES = (
    "call_id",
    "extension",
    "number",
    "role",
    "rang_at",
    "answered_at",
    "ended_at",
    "employee_id",
)


def digests_of(result: ProjectedCall) -> dict[str, str]:
    """What ``Call.participants`` holds: a digest of each participant under its identity."""
    return {
        f"{party.extension}{_SEPARATOR}{party.number}": _digest(party) for party in result.parties
    }


def new_parties(call_pk: int, result: ProjectedCall) -> list[tuple[Any, ...]]:
    """The values of the participants of a new call. Moments stay Unix seconds, 0 for never."""
    return [
        (
            call_pk,
            party.extension,
            party.number,
            party.role,
            party.rang_at,
            party.answered_at,
            party.ended_at,
            party.owner,
        )
        for party in result.parties
    ]


def write_parties(
    account: Account,
    calls: Sequence[tuple[Call, ProjectedCall, Mapping[str, str]]],
    script: Script,
) -> None:
    """Make the participants of these calls what the projection says.

    The third value is what ``Call.participants`` held before: equal ones cost
    nothing. The one change most notifications make is left to ``script``.
    """
    fresh: list[CallParty] = []
    gone: list[Q] = []
    for call, result, before in calls:
        now = digests_of(result)
        fresh += [
            _row(account, call, party)
            for party in result.parties
            if before.get(_identity(party)) != now[_identity(party)]
        ]
        for identity in before.keys() - now.keys():
            extension, _, number = identity.partition(_SEPARATOR)
            gone.append(Q(call=call, extension=extension, number=number))
    for start in range(0, len(gone), _DELETED_AT_ONCE):
        CallParty.objects.filter(reduce(or_, gone[start : start + _DELETED_AT_ONCE])).delete()
    if len(calls) == 1 and len(fresh) == 1:
        _write_one(fresh[0], calls[0][2], script)
    else:
        hold(Employee, (row.employee_id for row in fresh))
        upsert(CallParty, fresh, key=("call", "extension", "number"), update=_CHANGEABLE)


def _write_one(row: CallParty, before: Mapping[str, str], script: Script) -> None:
    """The case of most notifications: one phone rings, is taken or is put down."""
    digest = before.get(f"{row.extension}{_SEPARATOR}{row.number}")
    if digest is None:
        script.insert(row, holding="employee")
        return
    key = {"call_id": row.call_id, "extension": row.extension, "number": row.number}
    values = {name: getattr(row, name) for name in _VALUES}
    if digest.endswith(f" {row.employee_id}"):
        del values["employee_id"]  # who is deleted meanwhile is not named again
    else:
        hold(Employee, [row.employee_id])
    script.update(CallParty, key, values)


def _identity(party: ProjectedParty) -> str:
    return f"{party.extension}{_SEPARATOR}{party.number}"


def _digest(party: ProjectedParty) -> str:
    """All that may change of a participant, in short: later moments count from the first."""
    rang_at, answered_at, ended_at = party.rang_at, party.answered_at, party.ended_at
    return (
        f"{party.role} {rang_at:x} {answered_at - rang_at if answered_at else ''}"
        f" {ended_at - rang_at if ended_at else ''} {party.owner}"
    )


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
