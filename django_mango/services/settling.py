"""Which missed calls are not settled as they should be, and putting them right, set-wise."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import OuterRef, QuerySet, Subquery

from ..models import Account, Call
from ..protocol.resolution import ClientCall, resolve
from .concern import Concern
from .lists import among
from .transactions import commit_soon, repeated

#: Rows written by one statement, which looks for each of them in a list of all.
_AT_ONCE = 300


@dataclass(frozen=True, slots=True)
class Settling:
    """When the call ``pk`` was settled, and when by which call it should be; ``None`` is open."""

    pk: int
    was: datetime | None
    at: datetime | None = None
    by: int | None = None


def differing(account: Account, concern: Concern) -> list[Settling]:
    """Calls that are not settled as computed. One query for each part of the concern.

    The database finds what looks wrong and the talks that may have settled it; which
    talk settles what is for ``resolve`` to say. It is asked for the clients of all accounts:
    told the account, it might go through all calls of it.
    """
    stored: dict[int, tuple[datetime | None, int | None]] = {}
    misses: dict[str, list[ClientCall]] = {}
    talks: set[int] = set()
    for calls in concern.calls(Call.objects.all()):
        for owner, pk, client, is_missed, started_at, at, by, talk_at, talk in _with_talks(calls):
            computed = (talk_at, talk) if is_missed else (None, None)
            if owner != account.pk or (at, by) == computed or pk in stored:
                continue
            stored[pk] = (at, by)
            if is_missed:
                misses.setdefault(client, []).append(ClientCall(pk, True, started_at.timestamp()))
                talks |= {talk} if talk else set()
    if not stored:
        return []
    computed_by = _resolved(misses, talks)
    found = [
        replace(computed_by.get(pk, Settling(pk, None)), was=was)
        for pk, (was, _by) in stored.items()
    ]
    return [one for one in found if (one.at, one.by) != stored[one.pk]]


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


def _with_talks(calls: QuerySet[Call]) -> QuerySet[Call, tuple[Any, ...]]:
    """Each with the earliest talk of its client that was answered after its start."""
    talks = (
        Call.objects.talks()
        .filter(
            account=OuterRef("account"),
            client_number=OuterRef("client_number"),
            is_missed=False,
            answered_at__gt=OuterRef("started_at"),
        )
        .order_by("answered_at", "started_at", "pk")
    )
    return (
        calls.annotate(
            talk_at=Subquery(talks.values("answered_at")[:1]),
            talk=Subquery(talks.values("pk")[:1]),
        )
        .order_by()
        .values_list(
            "account_id", "pk", "client_number", "is_missed", "started_at",
            "missed_resolved_at", "missed_resolved_by", "talk_at", "talk",
        )
    )  # fmt: skip


def _resolved(misses: dict[str, list[ClientCall]], talks: set[int]) -> dict[int, Settling]:
    """Which of these calls, by client, are settled by which of these talks."""
    moments: dict[Hashable, datetime] = {}
    rows = Call.objects.talks().filter(pk__in=among(talks), is_missed=False).order_by()
    for pk, client, started_at, answered_at in rows.values_list(
        "pk", "client_number", "started_at", "answered_at"
    ):
        if started_at is None or answered_at is None:
            continue  # it vanished as a talk since it was found
        moments[pk] = answered_at
        talk = ClientCall(pk, False, started_at.timestamp(), answered_at.timestamp())
        misses.setdefault(client, []).append(talk)
    return {
        one.missed: Settling(one.missed, None, moments[one.by], one.by)  # type: ignore[arg-type,misc] # primary keys
        for calls in misses.values()
        for one in resolve(calls)
    }


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
