"""Which missed calls are not settled as they should be."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Min, QuerySet

from ..models import Account, Call
from ..protocol.resolution import Talk, first_after
from .concern import Concern, Part
from .lists import among
from .raw_rows import moment_of, raw_rows
from .settlings import Settling

_HOUR = timedelta(hours=1)


def differing(account: Account, concern: Concern, parts: Iterable[Part]) -> list[Settling]:
    """Those of these calls that are not settled as computed, by their key; nothing is written.

    Read are these calls, the talks of their clients in the time of the concern, and the first
    talk after it where those do not settle all.
    """
    known = _Known(account)
    for part in parts:
        known.take_calls(part)
    since, until = concern.since, concern.until
    talks = Call.objects.talks().filter(is_missed=False)
    if since is None or until is None:
        known.take_talks(talks, known.clients())
        return known.differing()
    # What others commit at this moment is of this hour: who writes last has seen it.
    known.take_talks(talks.filter(answered_at__range=(since - _HOUR, until)), known.clients())
    later = talks.filter(among("client_number", known.waiting()), answered_at__gt=until)
    first = later.order_by().values("account_id", "client_number").annotate(at=Min("answered_at"))
    moments = {row["client_number"]: row["at"] for row in first if row["account_id"] == account.pk}
    known.take_talks(talks.filter(answered_at__in=sorted(set(moments.values()))), moments)
    return known.differing()


@dataclass(slots=True)
class _Known:
    """What was read: how calls are settled, and when their clients were talked to."""

    account: Account
    calls: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    talks: dict[str, list[Talk]] = field(default_factory=dict)

    def take_calls(self, part: Part) -> None:
        """Missed calls and settled ones; each may come several times."""
        columns = ("account_id", "pk", "client_number", "is_missed", "missed_resolved_by_id")
        moments = (moment_of("started_at"), moment_of("missed_resolved_at"))
        ours = self.account.pk
        rows = raw_rows(
            part.calls.exclude(started_at=None),
            *columns,
            *moments,
            index_on_mysql=part.index_on_mysql,
        )
        for owner, pk, *row in rows:
            # Told the account, a database might go through all calls of it.
            if owner == ours:
                self.calls[pk] = tuple(row)

    def clients(self) -> list[str]:
        """Whose calls they are, as far as talks matter to them."""
        return sorted({client for client, is_missed, *_rest in self.calls.values() if is_missed})

    def take_talks(self, talks: QuerySet[Call], clients: Collection[str]) -> None:
        """Talks of these clients; none comes twice."""
        if not clients:
            return
        of_these = talks.filter(among("client_number", clients))
        columns = ("account_id", "client_number", "pk", moment_of("answered_at"))
        # Of several indexes that begin alike MySQL takes the first for a long list, and reads
        # all years of each client; told which one, it reads the period.
        rows = raw_rows(of_these, *columns, index_on_mysql="mango_call_talk")
        ours = self.account.pk
        for owner, client, pk, answered_at in rows:
            if owner == ours:
                self.talks.setdefault(client, []).append((answered_at, pk))
        for found in self.talks.values():
            found.sort()

    def waiting(self) -> list[str]:
        """Clients of missed calls that none of the talks settles."""
        latest = {client: talks[-1][0] for client, talks in self.talks.items()}
        return sorted(
            {
                client
                for client, is_missed, _by, started_at, _at in self.calls.values()
                if is_missed and (client not in latest or latest[client] <= started_at)
            }
        )

    def differing(self) -> list[Settling]:
        """Those that the rule settles otherwise."""
        found = []
        for pk, (client, is_missed, was_by, started_at, was) in sorted(self.calls.items()):
            talk = first_after(started_at, self.talks.get(client, ())) if is_missed else None
            at, by = talk or (None, None)
            if at != was or by != was_by:
                found.append(Settling(pk, was, at, by))
        return found
