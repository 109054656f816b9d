"""The two ends of a conversation, and which of them is the client."""

from __future__ import annotations

from collections.abc import Sequence

from ..notifications import Party, Summary
from . import verdict
from .directory import Directory
from .legs import Leg


def of_call(
    summary: Summary | None,
    legs: Sequence[Leg],
    rows: Sequence[Leg],
    told: verdict.Parties | None = None,
) -> verdict.Parties | None:
    """The two ends of the conversation: of the summary, else of the root leg or row.

    ``told`` are those of the extended statistics, for whom nothing else knows of the call.
    """
    if summary is not None and (summary.caller or summary.called):
        # Nobody is named as called by who ended in the menu (T-20).
        is_at_line = summary.direction == 1 and not summary.called
        return verdict.Parties(summary.caller, summary.called, _moment(summary), is_at_line)
    if legs or rows:
        return _ends_of(_root(legs, rows))
    if told is not None:
        return told
    return verdict.Parties(Party(), Party(), _moment(summary)) if summary else None


def _root(legs: Sequence[Leg], rows: Sequence[Leg]) -> Leg:
    """The leg the conversation began with: of the events, unless they miss what rows know."""
    if not legs or (rows and legs[0].taken_from and 0 < rows[0].first_at < legs[0].first_at):
        return rows[0]
    return legs[0]


def _ends_of(root: Leg) -> verdict.Parties:
    if root.taken_from:  # the true root was lost: who talks now tells more than who consulted
        return verdict.Parties(root.caller, root.called, root.first_at)
    return verdict.Parties(
        root.first_caller, root.first_called, root.first_at, not root.is_with_person
    )


def _moment(summary: Summary) -> int:
    return summary.create_time or summary.talk_time or summary.end_time


def client(
    two_ends: verdict.Parties,
    direction: str,
    legs: Sequence[Leg],
    rows: Sequence[Leg],
    directory: Directory,
    told: verdict.Parties | None = None,
) -> Party:
    """The client; where the better source does not know him, the next is asked."""
    found = verdict.client(two_ends, direction, directory)
    for root in (*legs[:1], *rows[:1]):
        if found.number:
            break
        found = verdict.client(_ends_of(root), direction, directory)
    if told is not None and not found.number:
        found = verdict.client(told, direction, directory)
    return found
