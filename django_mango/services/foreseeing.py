"""What calls a batch of rows makes if nothing else is known of them, computed ahead.

Needs no database: another thread does it while the batch before is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..models import Call, CallParty
from ..protocol import projection
from ..protocol.extended import ExtendedRecord
from ..protocol.projection import Directory, ProjectedCall
from ..protocol.statistics import Record
from ..protocol.times import from_unix
from .bulk import Block, Target, block_of
from .columns import NEW_COLUMNS, new_row
from .concern import Concern
from .participants import NEW_PARTIES, new_parties

#: A row just read, of either kind of statistics.
Fresh = Record | ExtendedRecord


@dataclass(slots=True)
class NewCalls:
    """Calls nobody knew, ready to be inserted in the order of their conversations.

    ``parties`` are their participants, whose calls, ``party_calls``, get their keys only then;
    ``owners`` the keys of the employees these are. ``concern`` is what they mean for missed calls.
    """

    calls: dict[str, ProjectedCall] = field(default_factory=dict)
    block: Block | None = None
    parties: Block | None = None
    party_calls: list[str] = field(default_factory=list)
    owners: set[int | None] = field(default_factory=set)
    concern: Concern = field(default_factory=Concern)


@dataclass(slots=True)
class Foreseen:
    """The calls a batch makes where nothing else is known of its conversations.

    ``rows`` are rows of the batch by conversation, all of each, ``new`` the calls they make,
    by a ``directory`` that must still be like the one in use. ``seen`` rows were looked at.
    """

    target: Target
    directory: Directory
    seen: int
    rows: dict[str, list[Fresh]]
    new: NewCalls

    def by_conversation(self, fresh: Collection[Fresh]) -> dict[str, list[Fresh]]:
        """New rows of the batch by conversation: nearly always all that were looked at."""
        return self.rows if len(fresh) == self.seen else by_conversation(fresh)

    def of(self, records: Mapping[str, Sequence[Fresh]], directory: Directory) -> NewCalls:
        """The calls these rows make: nearly always what was foreseen, else computed now."""
        is_valid = directory.is_like(self.directory)
        if records is self.rows and is_valid:
            return self.new
        same = {
            entry_id
            for entry_id, own in self.rows.items()
            if is_valid and len(records.get(entry_id, ())) == len(own)
        }
        others = {entry_id: own for entry_id, own in records.items() if entry_id not in same}
        calls = _projected(others, directory)
        calls |= {one: call for one, call in self.new.calls.items() if one in same}
        return new_calls(self.target, calls)


def foresee(
    target: Target,
    rows: Collection[Fresh],
    directory: Directory,
    begun: Collection[str] = (),
) -> Foreseen:
    """Compute the calls of a batch.

    Conversations that had ``begun`` in an earlier batch will have a call: left out.
    """
    of_calls = by_conversation(rows)
    for entry_id in of_calls.keys() & begun:
        del of_calls[entry_id]
    new = new_calls(target, _projected(of_calls, directory))
    return Foreseen(target, directory, len(rows), of_calls, new)


def by_conversation(rows: Iterable[Fresh]) -> dict[str, list[Fresh]]:
    """The rows of each conversation; those of none make no call."""
    found: dict[str, list[Fresh]] = {}
    for row in rows:
        if row.entry_id:
            found.setdefault(row.entry_id, []).append(row)
    return found


def new_calls(target: Target, found: Mapping[str, ProjectedCall]) -> NewCalls:
    """These calls, ready to be inserted."""
    if not found:
        return NewCalls()
    calls = {entry_id: found[entry_id] for entry_id in sorted(found)}
    block = block_of(
        target.connection,
        Call,
        NEW_COLUMNS,
        [new_row(entry_id, call) for entry_id, call in calls.items()],
        key=("account", "entry_id"),
        update=(),
        constants={"account_id": target.account_id, "projection_version": projection.VERSION},
        expects_new=True,
    )
    rows: list[tuple[Any, ...]] = []
    party_calls: list[str] = []
    for entry_id, call in calls.items():
        own = new_parties(0, call)
        rows += own
        party_calls += [entry_id] * len(own)
    owners = {party.owner for call in calls.values() for party in call.parties}
    concern = _concern_of(calls.values())
    return NewCalls(calls, block, _parties(target, rows), party_calls, owners, concern)


def _parties(target: Target, rows: Sequence[tuple[Any, ...]]) -> Block | None:
    if not rows:
        return None
    return block_of(
        target.connection,
        CallParty,
        NEW_PARTIES,
        rows,
        key=("call", "extension", "number"),
        update=(),
        constants={"account_id": target.account_id},
        expects_new=True,
        is_late=True,
    )


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


def _projected(
    records: Mapping[str, Sequence[Fresh]], directory: Directory
) -> dict[str, ProjectedCall]:
    """The calls of conversations of which nothing but these rows is known."""
    calls = {
        entry_id: projection.project_rows(entry_id, own, directory)
        for entry_id, own in records.items()
    }
    return {entry_id: call for entry_id, call in calls.items() if call is not None}
