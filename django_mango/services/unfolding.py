"""A batch of statistics unfolds into calls, in a fixed number of statements.

Nearly all conversations of an import are news: nothing is stored of them but the
rows just written, which are in memory still. What their calls will be if this is so is
foreseen from the rows alone, and inserted. The lock rule holds: the insert locks, and only
then is it asked whether anything else is known of them, a notification or another row.
Those, and all calls that were known before, take the general way, which reads every fact
again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef, Subquery

from ..models import Account, Call, CallParty, CallRecord, Employee, Notification
from ..protocol.notifications import CALL_KINDS
from ..protocol.projection import Directory
from ..protocol.times import to_unix
from .announcing import is_heard, oldest_announced
from .bulk import Counters
from .changes import Change, concern_of
from .columns import apply
from .concern import Concern
from .foreseeing import Foreseen, Fresh, NewCalls, new_calls
from .holding import hold
from .lists import among
from .projecting import project_locked
from .raw_rows import raw_rows

#: Known calls computed together: all their facts are in memory at once.
_KNOWN_AT_ONCE = 500


@dataclass(slots=True)
class Unfolded:
    """What became of the calls of a batch.

    ``calls`` counts those created or changed. Of the new ones only the recent are among
    the ``changes``, and where somebody listens: nothing is announced of old ones, and a
    long import brings millions.
    ``new_calls`` are the keys of those that were not known, by conversation.
    """

    calls: int = 0
    changes: list[Change] = field(default_factory=list)
    concern: Concern = field(default_factory=Concern)
    new_calls: dict[str, int] = field(default_factory=dict)

    def take(self, other: Unfolded) -> None:
        """Make what became of another batch part of this one."""
        self.calls += other.calls
        self.changes += other.changes
        self.concern.take(other.concern)
        self.new_calls |= other.new_calls


def unfold(
    account: Account, counters: Counters, foreseen: Foreseen, directory: Directory
) -> Unfolded:
    """Make the calls of the rows that ``write_report`` has just written.

    Inside the transaction that wrote them. What follows from it is the caller's, after
    the commit.
    """
    keys, new = _insert_new(account, counters.fresh, foreseen, directory)
    result = Unfolded(calls=len(keys), concern=new.concern, new_calls=dict(keys))
    if is_heard():
        oldest = to_unix(oldest_announced())
        for entry_id, pk in keys.items():
            call = new.calls[entry_id]
            if (call.ended_at or call.started_at) >= oldest:
                change = apply(call, Call(pk=pk, account=account, entry_id=entry_id), {})
                result.changes += [change] if change else []
    rest = sorted(counters.entry_ids - keys.keys())
    for start in range(0, len(rest), _KNOWN_AT_ONCE):
        part = rest[start : start + _KNOWN_AT_ONCE]
        changes = project_locked(account, part, directory, with_new_records=True)
        result.calls += len(changes)
        result.changes += changes
        result.concern.take(concern_of(changes))
        result.new_calls |= {one.call.entry_id: one.call.pk for one in changes if one.is_new}
    return result


def _insert_new(
    account: Account, fresh: Collection[Fresh], foreseen: Foreseen, directory: Directory
) -> tuple[dict[str, int], NewCalls]:
    """Insert the calls of which nothing but these rows is stored: their keys and what they are."""
    records = foreseen.by_conversation(fresh)
    new = foreseen.of(records, directory) if records is foreseen.rows else NewCalls()
    if new.block is None or not new.block.write_new():
        records = _without_known(account, records)
        new = foreseen.of(records, directory)
        if new.block is None:
            return {}, new
        new.block.write()
    keys = _inserted(account, new.calls, records)
    if len(keys) != len(new.calls):
        sure = {entry_id: call for entry_id, call in new.calls.items() if entry_id in keys}
        new = new_calls(foreseen.target, sure)
    if new.parties is not None:
        hold(Employee, new.owners)
        new.parties.write([keys[entry_id] for entry_id in new.party_calls])
    return keys, new


def _without_known(account: Account, records: dict[str, list[Fresh]]) -> dict[str, list[Fresh]]:
    """The rows of conversations that have no call; ``_inserted`` asks what else is stored."""
    if not records:
        return records
    calls = Call.objects.filter(among("entry_id", records), account=account)
    known = {entry_id for (entry_id,) in raw_rows(calls, "entry_id")}
    if not known:
        return records
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
    calls = Call.objects.filter(among("entry_id", entry_ids), account=account)
    of_rows = Subquery(rows.values("entry_id").annotate(n=Count("pk")).values("n"))
    sure, unsure = {}, []
    for pk, entry_id, count, is_told in raw_rows(calls, "pk", "entry_id", of_rows, Exists(told)):
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
