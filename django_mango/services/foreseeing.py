"""What calls a batch of rows makes if nothing else is known of them, computed ahead.

Needs no database: another thread does it while the batch before is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..models import Call, CallParty
from ..protocol import projection
from ..protocol.extended import ExtendedRecord
from ..protocol.projection import Directory, ProjectedCall
from ..protocol.statistics import Record
from .bulk import Block, Target, block_of
from .columns import NEW_COLUMNS, new_row
from .participants import NEW_PARTIES, new_parties

#: A row just read, of either kind of statistics.
Fresh = Record | ExtendedRecord


@dataclass(slots=True)
class NewCalls:
    """Calls nobody knew, ready to be inserted in the order of their conversations.

    ``parties`` are their participants, whose calls, ``party_calls``, get their keys only then.
    """

    calls: dict[str, ProjectedCall]
    block: Block | None
    parties: Block | None
    party_calls: list[str]


@dataclass(slots=True)
class Foreseen:
    """The calls a batch makes where nothing else is known of its conversations.

    ``rows`` are rows of the batch by conversation, all of each, ``new`` the calls they make,
    by a ``directory`` that must still be the one in use.
    """

    target: Target
    directory: Directory
    rows: dict[str, list[Fresh]]
    new: NewCalls

    def of(self, records: Mapping[str, Sequence[Fresh]], directory: Directory) -> NewCalls:
        """The calls these rows make: nearly always what was foreseen, else computed now."""
        same = {
            entry_id
            for entry_id, own in self.rows.items()
            if directory is self.directory and len(records.get(entry_id, ())) == len(own)
        }
        if len(same) == len(self.rows) == len(records):
            return self.new
        others = {entry_id: own for entry_id, own in records.items() if entry_id not in same}
        calls = _projected(others, directory)
        calls |= {one: call for one, call in self.new.calls.items() if one in same}
        return _new_calls(self.target, calls)


def foresee(
    target: Target,
    rows: Iterable[Fresh],
    directory: Directory,
    begun: Collection[str] = (),
) -> Foreseen:
    """Compute the calls of a batch.

    Conversations that had ``begun`` in an earlier batch will have a call: left out.
    """
    of_calls = by_conversation(rows)
    for entry_id in of_calls.keys() & begun:
        del of_calls[entry_id]
    new = _new_calls(target, _projected(of_calls, directory))
    return Foreseen(target, directory, of_calls, new)


def by_conversation(rows: Iterable[Fresh]) -> dict[str, list[Fresh]]:
    """The rows of each conversation; those of none make no call."""
    found: dict[str, list[Fresh]] = {}
    for row in rows:
        if row.entry_id:
            found.setdefault(row.entry_id, []).append(row)
    return found


def parties_of_new(
    target: Target, calls: Mapping[str, ProjectedCall]
) -> tuple[Block | None, list[str]]:
    """Participants of new calls, and the call of each, whose key comes when they are written."""
    rows, of_calls = [], []
    for entry_id, call in calls.items():
        own = new_parties(0, call)
        rows += own
        of_calls += [entry_id] * len(own)
    if not rows:
        return None, []
    block = block_of(
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
    return block, of_calls


def _new_calls(target: Target, found: Mapping[str, ProjectedCall]) -> NewCalls:
    calls = {entry_id: found[entry_id] for entry_id in sorted(found)}
    if not calls:
        return NewCalls({}, None, None, [])
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
    return NewCalls(calls, block, *parties_of_new(target, calls))


def _projected(
    records: Mapping[str, Sequence[Fresh]], directory: Directory
) -> dict[str, ProjectedCall]:
    """The calls of conversations of which nothing but these rows is known."""
    calls = {
        entry_id: projection.project_rows(entry_id, own, directory)
        for entry_id, own in records.items()
    }
    return {entry_id: call for entry_id, call in calls.items() if call is not None}
