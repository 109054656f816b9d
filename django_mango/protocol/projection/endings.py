"""When a leg is over, when statistics know all of a call, when another leg must follow."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .directory import Directory
from .legs import Leg


def is_over(leg: Leg, legs: Sequence[Leg], rows: Sequence[Leg], directory: Directory) -> bool:
    """Whether a leg ended, by its own event or by what others prove."""
    if leg.is_disconnected:
        return True
    if any(other is not leg and _took_over(other, leg, directory) for other in legs):
        return True
    return any(row.ended_at >= leg.last_at and _is_row_of(row, leg, directory) for row in rows)


def _took_over(other: Leg, leg: Leg, directory: Directory) -> bool:
    """Whether ``other`` carries the client of ``leg`` now: routed, picked up, transferred."""
    if other.taken_from != leg.call_id or not leg.call_id:
        return False
    if leg.location == "queue" and other.is_disconnected and not other.is_connected:
        return False  # a phone rang in vain, who waits in the queue waits on
    at = leg.first_at
    if not leg.is_with_person:
        client = leg.caller
    elif directory.is_ours(leg.caller, at) and directory.is_ours(leg.called, at):
        return not _is_consultation(other, leg) and directory.same(leg.caller, other.caller, at)
    else:
        client = leg.called if directory.is_ours(leg.caller, at) else leg.caller
    if not client:  # a hidden caller stays hidden in the leg he was routed to
        return not other.caller
    return any(directory.same(client, side, at) for side in (other.caller, other.called))


def _is_consultation(other: Leg, leg: Leg) -> bool:
    """Whether an internal leg waits for the other; ``transfer`` is not always sent (T-39)."""
    return other.transfer == "consultative" or (not other.transfer and leg.state == "OnHold")


def _is_row_of(row: Leg, leg: Leg, directory: Directory) -> bool:
    """Whether a row tells of a leg, and not of another one with the same parties.

    A client in the menu and then in the queue is connected to the number he dialled
    both times, and a phone may ring anew in the second in which it fell silent.
    """
    # Only where its first ring is known is a leg known to have begun no sooner.
    is_earlier = row.ended_at <= leg.appeared_at and row.first_at < leg.appeared_at
    is_elsewhere = bool(row.location and leg.location) and row.location != leg.location
    if is_earlier or is_elsewhere:
        return False
    return _same_parties(row, leg, directory) or _is_joined(row, leg, directory)


def _is_joined(row: Leg, leg: Leg, directory: Directory) -> bool:
    """Whether a row names who was put into our caller's place by a transfer unseen.

    The row names who talked at last. Where the event that tells of it was lost (Q66),
    the leg is known by the called side, by having been taken from another leg, and by
    lying within the row's time.
    """
    at = leg.first_at
    return (
        bool(leg.taken_from)
        and row.first_at <= leg.first_at
        and leg.last_at <= row.ended_at
        and directory.is_ours(leg.caller, at)
        and directory.same(row.called, leg.called, at)
    )


def _same_parties(row: Leg, leg: Leg, directory: Directory) -> bool:
    """Whether a row is of the leg; parties of a row may lack their extension (Q32)."""
    at = leg.first_at
    pairs = (
        ((row.caller, leg.caller), (row.called, leg.called)),
        ((row.caller, leg.first_caller), (row.called, leg.first_called)),
    )
    return any(
        all((not one and not two) or directory.same(one, two, at) for one, two in pair)
        for pair in pairs
    )


def covers(
    rows: Sequence[Leg], legs: Sequence[Leg], first_ids: Collection[str], directory: Directory
) -> bool:
    """Whether statistics know every leg in which somebody talked to the client."""
    talks = (leg for leg in legs if leg.is_talk(first_ids))
    return all(any(_is_row_of(row, leg, directory) for row in rows) for leg in talks)


def ends_in_hand_over(legs: Sequence[Leg], rows: Sequence[Leg], first_ids: Collection[str]) -> bool:
    """Whether the last leg known to end announces one that is not known.

    The last to end, not the last to begin: a phone that joined late rings in vain
    when another takes the call (1183), and its leg began after the one that talks.
    """
    last = max((*legs, *rows), key=lambda leg: _ending(leg, first_ids))
    return _hands_over(last, first_ids)


def _ending(leg: Leg, first_ids: Collection[str]) -> tuple[int, int, int, bool, str]:
    """The order in which legs end; of those within one second the one that hands over is first."""
    return (
        leg.ended_at or leg.last_at,
        leg.first_at,
        leg.order[2],
        not _hands_over(leg, first_ids),
        leg.call_id,
    )


def _hands_over(leg: Leg, first_ids: Collection[str]) -> bool:
    return leg.is_hand_over or (leg.call_id in first_ids and leg.is_connected)
