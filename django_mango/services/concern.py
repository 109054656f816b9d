"""Whose missed calls a number of changed calls may settle or open again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet

from ..models import Call
from .lists import among


class Part(NamedTuple):
    """Calls to look at, and the index that MySQL has to be told to find them by."""

    calls: QuerySet[Call]
    index_on_mysql: str = ""


@dataclass(slots=True)
class Concern:
    """Clients, and the moments between which their calls changed.

    ``talked`` are numbers of which a talk came, moved or went, ``missed`` those of which
    a missed call did. Without moments all calls of these clients are meant.
    """

    talked: set[str] = field(default_factory=set)
    missed: set[str] = field(default_factory=set)
    since: datetime | None = None
    until: datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.talked or self.missed)

    def widen(self, *moments: datetime | None) -> None:
        """Something changed at these moments."""
        for moment in moments:
            if moment is not None:
                self.since = moment if self.since is None else min(self.since, moment)
                self.until = moment if self.until is None else max(self.until, moment)

    def take(self, other: Concern) -> None:
        """Make what concerns the other one concern this one too."""
        self.talked |= other.talked
        self.missed |= other.missed
        self.widen(other.since, other.until)

    def parts(self, calls: QuerySet[Call]) -> list[Part]:
        """Those of ``calls`` whose settling may have to change; a call may be in both.

        A talk settles only what began before it, and nothing that was settled before it.
        So of a client's years of calls those are read that are open, or were settled since.
        """
        talked, missed = self.talked, self.missed - self.talked
        if self.since is None or self.until is None:
            of_all = calls.filter(among("client_number", sorted(talked | missed)))
            settled = Q(missed_resolved_at__isnull=False) | Q(missed_resolved_by__isnull=False)
            return [Part(of_all.filter(Q(is_missed=True) | settled))]
        found = []
        if talked:
            # Said as a range, the start would be what SQLite looks for: in all years of a client.
            begun = ~Q(started_at__gt=self.until)
            of_talks = calls.filter(among("client_number", sorted(talked))).filter(begun)
            is_open = Q(is_missed=True, missed_resolved_at=None)
            is_settled_since = Q(is_missed__in=(True, False), missed_resolved_at__gte=self.since)
            # Each of the two is found by this index, both at once by none. MySQL would take the
            # first that begins with the client, and read all years of his calls.
            found = [
                Part(of_talks.filter(which), "mango_call_settled")
                for which in (is_open, is_settled_since)
            ]
        if missed:
            # All of the period may be the shorter way: the database has to see the numbers.
            of_misses = calls.filter(
                among("client_number", sorted(missed), is_key=False),
                started_at__range=(self.since, self.until),
            )
            is_concerned = Q(is_missed=True) | Q(missed_resolved_at__isnull=False)
            found.append(Part(of_misses.filter(is_concerned)))
        return found
