"""Which missed calls are not settled as they should be, and putting them right, set-wise."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Min, QuerySet

from ..models import Account, Call
from ..models.call import OUTCOMES_OF_TALKS
from ..protocol.resolution import ClientCall, resolve
from .concern import Concern
from .lists import among
from .transactions import commit_soon, repeated

#: Rows written by one statement, which looks for each of them in a list of all.
_AT_ONCE = 300
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Settling:
    """When the call ``pk`` was settled, and when by which call it should be; ``None`` is open."""

    pk: int
    was: datetime | None
    at: datetime | None = None
    by: int | None = None


def differing(account: Account, concern: Concern) -> list[Settling]:
    """Calls that are not settled as computed; nothing is written.

    Read are the calls whose settling may have to change, the talks of their clients in the
    time of the changes, and the first talk after it where those do not settle all.
    """
    known = _Known(account)
    # Of all accounts: told the account, a database might go through all calls of it.
    for calls in concern.calls(Call.objects.all()):
        known.read(calls)
    if concern.since is not None and concern.until is not None and known.clients:
        known.read(
            _talks_of(known.clients).filter(
                # What others commit at this moment is of this hour: who writes last has seen it.
                answered_at__range=(concern.since - _HOUR, concern.until)
            )
        )
        waiting = [client for client, calls in known.clients.items() if _is_waiting(calls)]
        first = dict(
            _talks_of(waiting)
            .filter(account=account, answered_at__gt=concern.until)
            .values("client_number")
            .annotate(at=Min("answered_at"))
            .values_list("client_number", "at")
        )
        known.read(_talks_of(first).filter(answered_at__in=sorted(set(first.values()))))
    return known.differing()


@dataclass(slots=True)
class _Known:
    """What was read: how calls are settled, what calls a client has, when talks were answered."""

    account: Account
    settled: dict[int, tuple[datetime | None, int | None]] = field(default_factory=dict)
    clients: dict[str, list[ClientCall]] = field(default_factory=dict)
    moments: dict[Hashable, datetime] = field(default_factory=dict)

    def read(self, calls: QuerySet[Call]) -> None:
        """Missed calls, settled ones, talks; each may come several times."""
        for owner, pk, client, is_missed, started_at, answered_at, outcome, at, by in (
            calls.order_by().values_list(
                "account_id", "pk", "client_number", "is_missed", "started_at",
                "answered_at", "outcome", "missed_resolved_at", "missed_resolved_by",
            )
        ):  # fmt: skip
            if owner != self.account.pk or started_at is None:
                continue
            own = self.clients.setdefault(client, [])
            if (is_missed or at or by) and pk not in self.settled:
                self.settled[pk] = (at, by)
                if is_missed:
                    own.append(ClientCall(pk, True, started_at.timestamp()))
            if answered_at is None or is_missed or pk in self.moments:
                continue
            if outcome in OUTCOMES_OF_TALKS:
                self.moments[pk] = answered_at
                talk = ClientCall(pk, False, started_at.timestamp(), answered_at.timestamp())
                own.append(talk)

    def differing(self) -> list[Settling]:
        """Those that the rule settles otherwise."""
        by = {one.missed: one.by for calls in self.clients.values() for one in resolve(calls)}
        computed = [
            Settling(pk, was, self.moments.get(by.get(pk)), by.get(pk))  # type: ignore[arg-type] # keys are primary keys
            for pk, (was, _by) in self.settled.items()
        ]
        return [one for one in computed if (one.at, one.by) != self.settled[one.pk]]


def _talks_of(clients: Collection[str]) -> QuerySet[Call]:
    return Call.objects.talks().filter(is_missed=False, client_number__in=among(clients))


def _is_waiting(calls: Sequence[ClientCall]) -> bool:
    """Whether a missed call among these began after all talks."""
    last = max((call.answered_at for call in calls if not call.is_missed), default=0)
    return any(call.is_missed and call.started_at >= last for call in calls)


def write(settlings: Sequence[Settling]) -> list[Settling]:
    """Settle or open these calls, unless somebody else did meanwhile; those written.

    The rows of the talks are locked as well, by their foreign key: repeated after a deadlock.
    """
    written: list[Settling] = []
    for is_open in (True, False):
        alike = [one for one in settlings if (one.was is None) == is_open]
        for start in range(0, len(alike), _AT_ONCE):
            written += _write_part(alike[start : start + _AT_ONCE])
    return written


class _Outrun(Exception):
    """Somebody else wrote one of the rows meanwhile."""


def _write_part(part: Sequence[Settling]) -> Sequence[Settling]:
    if len(part) > 1:
        try:
            repeated(partial(_write_together, part))
        except _Outrun:
            pass  # nothing is written; one by one it is known which are ours
        else:
            return part
    return [one for one in part if repeated(partial(_write_one, one))]


def _write_one(one: Settling) -> int:
    mine = Call.objects.filter(pk=one.pk, missed_resolved_at=one.was)
    return mine.update(missed_resolved_at=one.at, missed_resolved_by=one.by)


def _write_together(part: Sequence[Settling]) -> None:
    """All in one statement; all were open, or all were settled."""
    at, at_values = _by_key("missed_resolved_at", {one.pk: one.at for one in part})
    by, by_values = _by_key("missed_resolved_by", {one.pk: one.by for one in part})
    was, was_values = "IS NULL", list[Any]()
    if part[0].was is not None:
        was, was_values = _by_key("missed_resolved_at", {one.pk: one.was for one in part})
        was = f"= {was}"
    marks = ", ".join(["%s"] * len(part))
    sql = (
        f"UPDATE {_quoted(Call._meta.db_table)}"  # noqa: S608 - names only
        f" SET {_column('missed_resolved_at')} = {at}, {_column('missed_resolved_by')} = {by}"
        f" WHERE {_column('id')} IN ({marks}) AND {_column('missed_resolved_at')} {was}"
    )
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(sql, [*at_values, *by_values, *(one.pk for one in part), *was_values])
        if cursor.rowcount != len(part):
            raise _Outrun
    commit_soon()


def _by_key(name: str, values: dict[int, Any]) -> tuple[str, list[Any]]:
    """SQL that gives each row its own value of a column, and its parameters."""
    connection, field = connections[DEFAULT_DB_ALIAS], _field(name)
    bound: list[Any] = []
    for pk, value in values.items():
        bound += (pk, field.get_db_prep_save(value, connection))
    # The column at the end tells the database the type where every value is null.
    return f"CASE {_column('id')} {'WHEN %s THEN %s ' * len(values)}ELSE {_column(name)} END", bound


def _column(name: str) -> str:
    return _quoted(_field(name).column)


def _field(name: str) -> Any:
    return Call._meta.get_field(name)


def _quoted(name: str) -> str:
    return str(connections[DEFAULT_DB_ALIAS].ops.quote_name(name))
