"""What follows from changed calls after the commit: resolution, recordings, signals.

All of it can be computed again from what is stored, so that a crash here loses
at most a signal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .. import signals
from ..models import Account, Call
from .announcing import announce, is_heard, is_recent, oldest_announced
from .background import job, later
from .changes import Change, concern_of
from .journal import announce_command
from .missed import announce_settled, resolve_concerned, settle_by_talk
from .recordings import join_call, join_calls
from .unfolding import Unfolded


@dataclass(slots=True)
class News:
    """What a long run changed: followed up at once, announced at its end.

    Only what is recent is kept and announced, so that years of history neither fill
    the memory nor start a storm.
    """

    account: Account
    _changes: list[Change] = field(default_factory=list)
    _settled: set[int] = field(default_factory=set)

    def take(self, changes: Sequence[Change], settled: Iterable[int] = ()) -> None:
        """Settle missed calls and join recordings now, remember what is to be announced.

        ``settled`` are keys of missed calls settled already.
        """
        self._settled.update(settled)
        self._remember(changes, settle(self.account, changes))

    def take_unfolded(self, batch: Unfolded) -> None:
        """The same for a batch of statistics, in a fixed number of statements."""
        if batch.new_calls:
            join_calls(self.account, batch.new_calls)
        self._remember(batch.changes, resolve_concerned(self.account, batch.concern))

    def _remember(self, changes: Sequence[Change], settled: Mapping[int, datetime]) -> None:
        since = oldest_announced()
        self._settled.update(pk for pk, at in settled.items() if at >= since)
        # A day of a large PBX is not kept in memory for nobody.
        wanted = is_heard()
        self._changes += [
            change for change in changes if change.confirmed or (wanted and is_recent(change.call))
        ]

    def announce(self) -> None:
        """Send the signals, as soon as a transaction of the caller is committed."""
        changes, settled = self._changes, self._settled
        self._changes, self._settled = [], set()
        if changes:
            later(_announce_changes, changes=changes)
        if settled:
            later(announce_settled, pks=settled, since=oldest_announced())


def follow(account: Account, changes: Sequence[Change]) -> None:
    """Settle missed calls, join recordings and announce, as soon as the commit is done."""
    if changes:
        later(_follow, account=account, changes=changes)


def settle(account: Account, changes: Sequence[Change]) -> dict[int, datetime]:
    """The same at once and without announcing; the missed calls it settled, and since when."""
    if not changes:
        return {}
    settled: dict[int, datetime] = {}
    if len(changes) == 1 and changes[0].only_adds_a_talk and not _is_heard():
        settle_by_talk(account, changes[0].call)
    else:
        settled = resolve_concerned(account, concern_of(changes))
    fresh = [change.call for change in changes if change.is_new]
    if len(fresh) == 1:
        join_call(fresh[0])
    elif fresh:
        join_calls(account, {call.entry_id for call in fresh})
    return settled


def _is_heard() -> bool:
    """Whether anybody wants to know of each missed call that is settled."""
    return signals.missed_call_resolved.has_listeners(Call)


@job
def _follow(account: Account, changes: Sequence[Change]) -> None:
    settled: Collection[int] = ()
    try:
        settled = settle(account, changes)
    finally:  # what could not be settled is found by the sweep, a signal would be lost
        _announce_changes(changes)
        announce_settled(settled)


@job
def _announce_changes(changes: Sequence[Change]) -> None:
    announce(changes)
    for change in changes:
        for command_pk in change.confirmed:
            announce_command(command_pk)
