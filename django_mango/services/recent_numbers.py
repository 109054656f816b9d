"""The numbers a user called or was called from lately, for his dial pad."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from ..conf import CrmUser
from ..models import Call, Command, scope
from .telephones import telephones_of

_SINCE = timedelta(days=30)
#: One client may fill many rows; so many of them are looked at for the numbers wanted.
_ROWS_PER_NUMBER = 6


@dataclass(frozen=True, slots=True)
class RecentNumber:
    """One number (E.164) and what happened to it last: a call, or a command without one."""

    number: str
    at: datetime
    call: Call | None = None
    command: Command | None = None


def recent_numbers(user: CrmUser, limit: int = 15) -> list[RecentNumber]:
    """The latest numbers of the user's own calls and commands, each once, newest first."""
    found = sorted([*_of_calls(user, limit), *_of_commands(user, limit)], key=_newest_first)
    distinct: dict[str, RecentNumber] = {}
    for one in found:
        distinct.setdefault(one.number, one)
    return [*distinct.values()][:limit]


def _newest_first(one: RecentNumber) -> tuple[float, bool]:
    # Of a command and its call, begun in the same second, the call tells more.
    return -one.at.timestamp(), one.call is None


def _of_calls(user: CrmUser, limit: int) -> list[RecentNumber]:
    employees = telephones_of(user).employees
    if not employees or not scope.may_see_calls(user):
        return []
    calls = (
        Call.objects.filter(parties__employee__in=employees, started_at__gt=timezone.now() - _SINCE)
        .exclude(client_number="")
        .order_by("-started_at", "-pk")
        .distinct()[: limit * _ROWS_PER_NUMBER]
    )
    return [
        RecentNumber(call.client_number, call.started_at, call) for call in calls if call.started_at
    ]


def _of_commands(user: CrmUser, limit: int) -> list[RecentNumber]:
    asked = Command.objects.placed_by(user, timezone.now() - _SINCE).filter(
        call=None, number__startswith="+"
    )
    newest = asked.order_by("-created_at", "-pk")[: limit * _ROWS_PER_NUMBER]
    return [RecentNumber(one.number, one.created_at, command=one) for one in newest]
