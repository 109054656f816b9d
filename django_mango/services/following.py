"""What follows from changed calls after the commit: resolution, recordings, signals.

All of it can be computed again from what is stored, so that a crash here loses
at most a signal.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..models import Account, Recording
from .announcing import announce
from .background import later
from .changes import Change
from .journal import announce_command
from .missed import resolve_clients


def follow(account: Account, changes: Sequence[Change]) -> None:
    """Settle missed calls, join recordings and announce, as soon as the commit is done."""
    if changes:
        later(_follow, account=account, changes=changes)


def settle(account: Account, changes: Sequence[Change]) -> None:
    """The same without announcing, at once: an import announces at its end."""
    clients = set().union(*(change.clients for change in changes)) if changes else set()
    resolve_clients(account, clients)
    fresh = {change.call.entry_id: change.call.pk for change in changes if change.is_new}
    _join_recordings(account, fresh)


def _follow(account: Account, changes: Sequence[Change]) -> None:
    settle(account, changes)
    announce(changes)
    for change in changes:
        for command_pk in change.confirmed:
            announce_command(command_pk)


def _join_recordings(account: Account, fresh: dict[str, int]) -> None:
    """Recordings told of before their call was known."""
    if not fresh:
        return
    waiting = Recording.objects.filter(account=account, call=None, entry_id__in=fresh)
    for recording in waiting.only("entry_id"):
        Recording.objects.filter(pk=recording.pk, call=None).update(call=fresh[recording.entry_id])
