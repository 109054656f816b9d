"""A batch of statistics unfolds into calls, in a fixed number of statements.

Nearly all conversations of an import are news: nothing is stored of them but the
rows just written, which are in memory still. What their calls will be if this is so is
foreseen from the rows alone, and inserted. The lock rule holds: the insert locks, and only
then is it asked whether anything else is known of them, a notification or another row.
Those, and all calls that were known before, take the general way, which reads every fact
again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from django.db.models import Count, Exists, OuterRef, Subquery

from ..models import Account, Call, CallParty, CallRecord, Notification
from ..protocol import projection
from ..protocol.extended import ExtendedRecord
from ..protocol.notifications import CALL_KINDS
from ..protocol.projection import Directory, Facts, ProjectedCall
from ..protocol.statistics import Record
from ..protocol.times import from_unix, to_unix
from .announcing import is_heard, oldest_announced
from .bulk import Block, Counters, Target, block_of, upsert_values
from .changes import Change, concern_of
from .columns import NEW_COLUMNS, apply, new_row
from .concern import Concern
from .lists import among
from .participants import NEW_PARTIES, new_parties
from .projecting import project_locked

#: A row just written, of either kind of statistics.
Fresh = Record | ExtendedRecord


@dataclass(slots=True)
class Foreseen:
    """The calls the rows of a batch make where nothing else is known of their conversations.

    ``rows`` are rows of the batch by conversation, all of each, ``calls`` what they make, by
    a ``directory`` that must still be the one in use. ``block`` are all these calls.
    """

    target: Target
    directory: Directory
    rows: dict[str, list[Fresh]]
    calls: dict[str, ProjectedCall]
    block: Block | None

    def of(
        self, records: Mapping[str, Sequence[Fresh]], directory: Directory
    ) -> tuple[Mapping[str, ProjectedCall], Block | None]:
        """The calls these rows make, and all of them as a block.

        Nearly always they are what was foreseen; else the rest is computed now.
        """
        same = {
            entry_id
            for entry_id, own in self.rows.items()
            if directory is self.directory and len(records.get(entry_id, ())) == len(own)
        }
        if len(same) == len(self.rows) == len(records):
            return self.calls, self.block
        others = {entry_id: own for entry_id, own in records.items() if entry_id not in same}
        calls = _projected(others, directory)
        calls |= {entry_id: call for entry_id, call in self.calls.items() if entry_id in same}
        return calls, _block(self.target, calls)


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


def foresee(
    target: Target,
    rows: Iterable[Fresh],
    directory: Directory,
    begun: Collection[str] = (),
) -> Foreseen:
    """Compute the calls of a batch ahead. Needs no database, so that another thread may do it.

    Conversations that had ``begun`` in an earlier batch will have a call: left out.
    """
    of_calls = _by_conversation(rows)
    for entry_id in of_calls.keys() & begun:
        del of_calls[entry_id]
    calls = _projected(of_calls, directory)
    return Foreseen(target, directory, of_calls, calls, _block(target, calls))


def unfold(
    account: Account, counters: Counters, foreseen: Foreseen, directory: Directory
) -> Unfolded:
    """Make the calls of the rows that ``write_report`` has just written.

    Inside the transaction that wrote them. What follows from it is the caller's, after
    the commit.
    """
    new = _insert_new(account, counters.fresh, foreseen, directory)
    result = Unfolded(
        calls=len(new),
        concern=_concern_of(call for _pk, call in new.values()),
        new_entries=sorted(new),
    )
    if is_heard():
        oldest = to_unix(oldest_announced())
        for entry_id, (pk, call) in new.items():
            if (call.ended_at or call.started_at) >= oldest:
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
    account: Account, fresh: Iterable[Fresh], foreseen: Foreseen, directory: Directory
) -> dict[str, tuple[int, ProjectedCall]]:
    """Insert the calls of which nothing but these rows is stored: their keys and what they are."""
    records = _without_known(account, _by_conversation(fresh))
    calls, block = foreseen.of(records, directory)
    if block is None:
        return {}
    block.write()
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


def _projected(
    records: Mapping[str, Sequence[Fresh]], directory: Directory
) -> dict[str, ProjectedCall]:
    """The calls of conversations of which nothing but these rows is known."""
    calls = {
        entry_id: projection.project(_facts(entry_id, own, directory))
        for entry_id, own in records.items()
    }
    return {entry_id: call for entry_id, call in calls.items() if call is not None}


def _block(target: Target, calls: Mapping[str, ProjectedCall]) -> Block | None:
    if not calls:
        return None
    return block_of(
        target.connection,
        Call,
        NEW_COLUMNS,
        [new_row(entry_id, calls[entry_id]) for entry_id in sorted(calls)],
        key=("account", "entry_id"),
        update=(),
        constants={"account_id": target.account_id, "projection_version": projection.VERSION},
        expects_new=True,
    )


def _facts(entry_id: str, rows: Sequence[Fresh], directory: Directory) -> Facts:
    return Facts(
        entry_id,
        records=tuple(row for row in rows if isinstance(row, Record)),
        directory=directory,
        extended=tuple(row for row in rows if isinstance(row, ExtendedRecord)),
    )


def _by_conversation(rows: Iterable[Fresh]) -> dict[str, list[Fresh]]:
    found: dict[str, list[Fresh]] = {}
    for row in rows:
        if row.entry_id:
            found.setdefault(row.entry_id, []).append(row)
    return found


def _without_known(account: Account, records: dict[str, list[Fresh]]) -> dict[str, list[Fresh]]:
    """The rows of conversations that have no call; ``_inserted`` asks what else is stored."""
    calls = Call.objects.filter(among("entry_id", records), account=account).order_by()
    known = set(calls.values_list("entry_id", flat=True)) if records else ()
    return {entry_id: own for entry_id, own in records.items() if entry_id not in known}


def _inserted(
    account: Account, entry_ids: Collection[str], records: Mapping[str, Sequence[Fresh]]
) -> dict[str, int]:
    """The keys of the calls just inserted and locked of which nothing else is stored.

    A notification or an older row may be, and another importer have been faster: then the
    call is taken for unknown, and goes the general way.
    """
    rows = CallRecord.objects.filter(account=account, entry_id=OuterRef("entry_id")).order_by()
    told = Notification.objects.filter(
        account=account, entry_id=OuterRef("entry_id"), kind__in=CALL_KINDS
    )
    calls = (
        Call.objects.filter(among("entry_id", entry_ids), account=account)
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


def _concern_of(calls: Iterable[ProjectedCall]) -> Concern:
    """What new calls mean for missed ones."""
    concern = Concern()
    moments: list[int] = []
    for call in calls:
        is_talk = call.answered_at and call.outcome == Call.Outcome.ANSWERED
        if call.client_number and (is_talk or call.is_missed):
            (concern.missed if call.is_missed else concern.talked).add(call.client_number)
            moments += (call.started_at, call.answered_at)
    known = list(filter(None, moments))
    if known:
        concern.widen(from_unix(min(known)), from_unix(max(known)))
    return concern
