"""A batch of statistics unfolds into calls, in a fixed number of statements.

Nearly all conversations of an import are news: nothing is stored of them but the
rows just written, which are in memory still. Their calls are computed from these and
inserted as they will be. The lock rule holds: the insert locks, and only then is it
asked whether anything else is known of them, a notification or a row of another
importer. Those, and all that were known before, take the general way, which reads
every fact again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from django.db.models import Count, Exists, OuterRef, Subquery

from ..models import Account, Call, CallParty, CallRecord, Notification
from ..protocol import projection
from ..protocol.extended import ExtendedRecord
from ..protocol.notifications import CALL_KINDS
from ..protocol.projection import Directory, Facts, ProjectedCall
from ..protocol.statistics import Record
from ..protocol.times import from_unix, to_unix
from .announcing import is_heard, oldest_announced
from .bulk import Counters, upsert_values
from .changes import Change, concern_of
from .columns import NEW_COLUMNS, apply, new_row
from .concern import Concern
from .lists import among
from .participants import NEW_PARTIES, new_parties
from .projecting import project_locked

#: A row just written, of either kind of statistics.
Fresh = Record | ExtendedRecord


@dataclass(slots=True)
class Unfolded:
    """What became of the calls of a batch.

    ``calls`` counts those created or changed. Of the new ones only the recent are among
    the ``changes``, and where somebody listens: nothing is announced of old ones, and a
    long import brings millions.
    ``new_entries`` are the conversations that were not known.
    """

    calls: int = 0
    changes: list[Change] = field(default_factory=list)
    concern: Concern = field(default_factory=Concern)
    new_entries: list[str] = field(default_factory=list)

    def take(self, other: Unfolded) -> None:
        """Make what became of another batch part of this one."""
        self.calls += other.calls
        self.changes += other.changes
        self.concern.take(other.concern)
        self.new_entries += other.new_entries


def unfold(account: Account, counters: Counters, directory: Directory) -> Unfolded:
    """Compute the calls of the rows that ``write_records`` has just written.

    Inside the transaction that wrote them. What follows from it is the caller's, after
    the commit.
    """
    new = _insert_new(account, counters.fresh, directory)
    result = Unfolded(calls=len(new), new_entries=sorted(new))
    oldest = to_unix(oldest_announced()) if is_heard() else None
    for entry_id, (pk, call) in new.items():
        _note(result.concern, call)
        if oldest is not None and (call.ended_at or call.started_at) >= oldest:
            change = apply(call, Call(pk=pk, account=account, entry_id=entry_id), {})
            result.changes += [change] if change else []
    rest = sorted(counters.entry_ids - new.keys())
    if rest:
        changes = project_locked(account, rest, directory, with_new_records=True)
        result.calls += len(changes)
        result.changes += changes
        result.concern.take(concern_of(changes))
        result.new_entries += [one.call.entry_id for one in changes if one.is_new]
    return result


def _insert_new(
    account: Account, fresh: Iterable[Fresh], directory: Directory
) -> dict[str, tuple[int, ProjectedCall]]:
    """Insert the calls of which nothing but these rows is stored: their keys and what they are."""
    records = _without_others(account, fresh)
    calls: dict[str, ProjectedCall] = {}
    for entry_id in sorted(records):
        call = projection.project(_facts(entry_id, records[entry_id], directory))
        if call is not None:
            calls[entry_id] = call
    upsert_values(
        Call,
        NEW_COLUMNS,
        [new_row(entry_id, call) for entry_id, call in calls.items()],
        key=("account", "entry_id"),
        update=(),
        constants={"account_id": account.pk, "projection_version": projection.VERSION},
        expects_new=True,
    )
    found = {
        entry_id: (pk, calls[entry_id])
        for entry_id, pk in _inserted(account, calls, records).items()
    }
    upsert_values(
        CallParty,
        NEW_PARTIES,
        [
            row
            for pk, call in sorted(found.values(), key=itemgetter(0))
            for row in new_parties(pk, call)
        ],
        key=("call", "extension", "number"),
        update=(),
        constants={"account_id": account.pk},
        expects_new=True,
    )
    return found


def _facts(entry_id: str, rows: Sequence[Fresh], directory: Directory) -> Facts:
    return Facts(
        entry_id,
        records=tuple(row for row in rows if isinstance(row, Record)),
        directory=directory,
        extended=tuple(row for row in rows if isinstance(row, ExtendedRecord)),
    )


def _without_others(account: Account, fresh: Iterable[Fresh]) -> dict[str, list[Fresh]]:
    """The new rows by conversation, where nothing else is stored of it."""
    records: dict[str, list[Fresh]] = {}
    for record in fresh:
        if record.entry_id:
            records.setdefault(record.entry_id, []).append(record)
    if not records:
        return {}
    of_these: dict[str, Any] = {"account": account, "entry_id__in": among(records)}
    calls = Call.objects.filter(**of_these).order_by().values_list("entry_id", flat=True)
    told = Notification.objects.filter(**of_these, kind__in=CALL_KINDS)
    known = set(calls.union(told.order_by().values_list("entry_id", flat=True)).order_by())
    rows = CallRecord.objects.filter(**of_these).order_by().values_list("entry_id")
    stored = dict(rows.annotate(Count("pk")))
    return {
        entry_id: own
        for entry_id, own in records.items()
        if entry_id not in known and stored[entry_id] == len(own)
    }


def _inserted(
    account: Account, entry_ids: Collection[str], records: Mapping[str, Sequence[Fresh]]
) -> dict[str, int]:
    """The keys of the calls just inserted and locked, if nothing came in between.

    A notification may have been committed since it was asked for, or another importer
    have been faster: then the call is taken for unknown, and goes the general way.
    """
    rows = CallRecord.objects.filter(account=account, entry_id=OuterRef("entry_id")).order_by()
    told = Notification.objects.filter(
        account=account, entry_id=OuterRef("entry_id"), kind__in=CALL_KINDS
    )
    calls = (
        Call.objects.filter(account=account, entry_id__in=among(entry_ids))
        .order_by()
        .annotate(
            rows=Subquery(rows.values("entry_id").annotate(n=Count("pk")).values("n")),
            told=Exists(told),
        )
        .values_list("pk", "entry_id", "rows", "told")
    )
    sure, unsure = {}, []
    for pk, entry_id, count, is_told in calls:
        if is_told or count != len(records[entry_id]):
            unsure.append(pk)
        else:
            sure[entry_id] = pk
    if unsure:
        # Only ours: what another process made of more facts stays as it is.
        ours = Call.objects.filter(pk__in=unsure, sources__in=("basic", "extended"))
        CallParty.objects.filter(call__in=list(ours.values_list("pk", flat=True))).delete()
        ours.update(
            started_at=None, answered_at=None, is_final=False, is_missed=False, participants={}
        )
    return sure


def _note(concern: Concern, call: ProjectedCall) -> None:
    """What a new call means for missed ones."""
    is_talk = bool(call.answered_at) and call.outcome == Call.Outcome.ANSWERED
    if call.client_number and (is_talk or call.is_missed):
        (concern.missed if call.is_missed else concern.talked).add(call.client_number)
        concern.widen(*(from_unix(at) for at in (call.started_at, call.answered_at) if at))
