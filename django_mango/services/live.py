"""What goes on at one user's telephones now: his calls, who rings him, what he missed.

Asked every few seconds by every page, so that nothing more than one query beside the
user's own row is made while nothing happens. Only calls the user's own telephones take
part in are looked at. They are a part of ``Call.objects.visible_to(user)`` by its
definition; asking that as well would read all his calls each time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, Prefetch, Q, QuerySet, Value, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from ..conf import CrmUser
from ..models import Call, CallParty, Command, Preference, scope
from ..protocol.projection import OpenLeg
from .telephones import Telephones, telephones_of

#: A callback nobody has heard of for so long is no running call any more.
_WAIT = timedelta(seconds=90)
#: Between two legs of one conversation nothing is open for a moment.
_BETWEEN_LEGS = timedelta(seconds=5)
#: How long a page tells that a call could not be placed after all.
_TOLD = timedelta(seconds=20)
#: Older missed calls stand in the list of missed calls, not on every page.
_MISSED = timedelta(hours=12)
_LAST_CALL = timedelta(days=365)
#: More at once helps nobody on a page.
_MOST = 12


class Step(StrEnum):
    """Where a running call is, as its person sees it."""

    CALLING_YOU = "calling_you"
    CALLING_THEM = "calling_them"
    TALKING = "talking"
    ON_HOLD = "on_hold"
    UNKNOWN = "unknown"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Running:
    """A call the user takes part in, or one he asked for that has not begun yet.

    ``since`` is what its timer counts from.
    """

    step: Step
    since: datetime
    call: Call | None = None
    command: Command | None = None
    may_hang_up: bool = False


@dataclass(frozen=True, slots=True)
class Ringing:
    """A call that rings one of the user's telephones, and the client's last one before."""

    call: Call
    extension: str
    last: Call | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """Everything at one moment."""

    telephones: Telephones
    running: tuple[Running, ...] = ()
    ringing: tuple[Ringing, ...] = ()
    missed: tuple[Call, ...] = ()

    @property
    def is_busy(self) -> bool:
        """Whether something goes on that may change at any moment."""
        return bool(self.running or self.ringing)

    @property
    def calls(self) -> list[Call]:
        """All calls that are shown."""
        running = [one.call for one in self.running if one.call]
        return [*running, *(one.call for one in self.ringing), *self.missed]


@dataclass(slots=True)
class _Found:
    """Keys by what they are."""

    live: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)


def may_be_shown(user: CrmUser) -> bool:
    """Whether the user has to do with calls at all."""
    return scope.may_see_calls(user) or user.has_perm("django_mango.place_call")


def live_of(user: CrmUser, now: datetime | None = None) -> Live:
    """What goes on for this user; nothing where he chose so."""
    now = now or timezone.now()
    mine = telephones_of(user, now)
    if mine.notifications == Preference.Notifications.OFF:
        return Live(mine)
    found = _found(user, mine, now)
    calls = _calls(found.live + found.missed)
    running = [one for pk in found.live if pk in calls and (one := _running(user, mine, calls[pk]))]
    shown = {one.call.pk for one in running if one.call}
    ringing = [calls[pk] for pk in found.live if pk in calls and pk not in shown]
    ringing = [call for call in ringing if _rings(mine, call)]
    waiting = _waiting(found.waiting, shown, now) if found.waiting else []
    last = _last_calls(user, ringing, now)
    return Live(
        mine,
        (*running, *waiting),
        tuple(Ringing(call, _extension(mine, call), last.get(call.pk)) for call in ringing),
        tuple(calls[pk] for pk in found.missed if pk in calls),
    )


def _found(user: CrmUser, mine: Telephones, now: datetime) -> _Found:
    """What there is to be shown, in one query however many calls there are."""
    parts: list[QuerySet[Any, Any]] = [_keys(_asked(user, mine, now), "waiting")]
    if mine.employees and scope.may_see_calls(user):
        in_it = CallParty.objects.filter(call=OuterRef("pk"), employee__in=mine.employees)
        still = Exists(in_it.filter(ended_at=None))
        live = Call.objects.live().filter(still)
        parts.append(_keys(live, "live"))
        seen = mine.missed_seen_at
        oldest = max(now - _MISSED, seen) if seen else now - _MISSED
        missed = Call.objects.missed().filter(Exists(in_it), missed_resolved_at=None)
        parts.append(_keys(missed.filter(started_at__gt=oldest, work__closed_at=None), "missed"))
    rows = parts[0]
    if len(parts) > 1:
        # Django 6.1 gives the whole the order of its first part's model, by columns it lacks.
        rows = rows.union(*parts[1:], all=True).order_by()
    found = _Found()
    for pk, kind in sorted(rows, reverse=True):
        keys: list[int] = getattr(found, kind)
        if len(keys) < _MOST:
            keys.append(pk)
    return found


def _keys(rows: QuerySet[Any, Any], kind: str) -> QuerySet[Any, Any]:
    named: QuerySet[Any, Any] = rows.order_by().annotate(found_as=Value(kind, CharField()))
    return named.values_list("pk", "found_as")


def _asked(user: CrmUser, mine: Telephones, now: datetime) -> QuerySet[Command]:
    """Callbacks of the user to his own telephones that are on their way, or have just failed."""
    status = Command.Status
    to_come = Q(call=None, created_at__gt=now - _WAIT) & ~Q(
        status__in=(status.REFUSED, status.FAILED)
    )
    between = Q(
        call__state=Call.State.FINISHED,
        call__is_final=False,
        call__answered_at=None,
        call__ended_at__gt=now - _BETWEEN_LEGS,
    )
    # A refusal at the click was told there; only what the PBX reports later is news.
    failed = Q(
        call=None,
        status=status.FAILED,
        problem=Command.Problem.REFUSED,
        settled_at__gt=now - _TOLD,
    )
    return Command.objects.filter(
        to_come | between | failed,
        user=user.pk,
        kind=Command.Kind.CALLBACK,
        employee__in=mine.employees,
        created_at__gt=now - timedelta(hours=1),
    )


def _calls(keys: list[int]) -> dict[int, Call]:
    if not keys:
        return {}
    parties = Prefetch("parties", CallParty.objects.select_related("employee"))
    calls = Call.objects.filter(pk__in=keys).select_related(
        "employee", "work", "command", "account"
    )
    return {call.pk: call for call in calls.prefetch_related(parties)}


def _my_part(mine: Telephones, call: Call) -> CallParty | None:
    """The open part one of the user's telephones has in the call; the one that was taken first."""
    open_parts = [
        party
        for party in call.parties.all()
        if party.employee_id in mine.employees and party.ended_at is None
    ]
    return min(open_parts, key=lambda party: not party.answered_at, default=None)


def _rings(mine: Telephones, call: Call) -> bool:
    """Whether somebody calls the user; his own callback rings him as well, but as a caller."""
    part = _my_part(mine, call)
    return bool(
        part and part.role == CallParty.Role.CALLEE and part.rang_at and not part.answered_at
    )


def _running(user: CrmUser, mine: Telephones, call: Call) -> Running | None:
    """The call as one the user takes part in; ``None`` where it only rings him, or he left."""
    part = _my_part(mine, call)
    if part is None or _rings(mine, call):
        return None
    legs = [OpenLeg.from_json(leg) for leg in call.legs]
    own = [leg for leg in legs if mine.has_leg(call, leg)]
    step = _step(part, call, own or legs)
    since = part.answered_at or call.answered_at if step in _TALKS else None
    return Running(
        step,
        since or call.started_at or part.rang_at or timezone.now(),
        call,
        call.command,
        may_hang_up=bool(own) and _may_hang_up(user),
    )


_TALKS = (Step.TALKING, Step.ON_HOLD)


def _step(part: CallParty, call: Call, legs: list[OpenLeg]) -> Step:
    if any(leg.is_first and leg.state == "Appeared" for leg in legs):
        return Step.CALLING_YOU
    if any(leg.state == "Connected" and not leg.is_first for leg in legs):
        return Step.TALKING
    if any(leg.state == "OnHold" for leg in legs) or call.state == Call.State.ON_HOLD:
        return Step.ON_HOLD
    return Step.TALKING if part.answered_at else Step.CALLING_THEM


def _may_hang_up(user: CrmUser) -> bool:
    return any(user.has_perm(f"django_mango.{name}") for name in ("hang_up", "hang_up_any"))


def _waiting(keys: Iterable[int], shown: set[int], now: datetime) -> list[Running]:
    """Commands without a call that goes on, as running calls."""
    found = []
    commands = Command.objects.filter(pk__in=keys).select_related("call", "account", "employee")
    for command in commands.order_by("-pk"):
        if command.call_id in shown:
            continue
        step = Step.CALLING_YOU
        if command.call_id is not None:
            step = Step.CALLING_THEM
        elif command.status == Command.Status.FAILED:
            step = Step.FAILED
        elif command.status == Command.Status.UNKNOWN:
            step = Step.UNKNOWN
        found.append(Running(step, command.created_at, command.call, command))
    return found


def _extension(mine: Telephones, call: Call) -> str:
    part = _my_part(mine, call)
    return part.extension if part else ""


def _last_calls(user: CrmUser, ringing: list[Call], now: datetime) -> dict[int, Call]:
    """The call each of these clients had with us before, if the user may know of it."""
    wanted = {call.client_number for call in ringing if call.client_number}
    if not wanted:
        return {}
    place = Window(
        RowNumber(), partition_by=["account", "client_number"], order_by=F("started_at").desc()
    )
    before = (
        Call.objects.visible_row_by_row(user)
        .filter(client_number__in=wanted, started_at__gt=now - _LAST_CALL)
        .exclude(pk__in=[call.pk for call in ringing])
        .annotate(place=place)
        .filter(place=1)
        .select_related("employee", "work")
    )
    by_client = {(call.account_id, call.client_number): call for call in before}
    found = {call.pk: by_client.get((call.account_id, call.client_number)) for call in ringing}
    return {pk: call for pk, call in found.items() if call is not None}
