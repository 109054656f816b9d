"""When a leg is over, when statistics know all of a call, when another leg must follow."""

from __future__ import annotations

from collections.abc import Sequence

from .directory import Directory
from .legs import Leg, is_reversed


def is_over(
    leg: Leg,
    legs: Sequence[Leg],
    rows: Sequence[Leg],
    first_leg: Leg | None,
    directory: Directory,
) -> bool:
    """Whether a leg ended, by its own event or by what others prove."""
    if leg.is_disconnected:
        return True
    others = [other for other in legs if other.call_id != leg.call_id]
    if any(_took_over(other, leg, directory) for other in others):
        return True
    if first_leg is not None and leg.call_id == first_leg.call_id:
        followers = (
            other
            for other in others
            if other.taken_from == leg.call_id or is_reversed(leg, other, directory)
        )
        if any(followers):
            return True
    return any(row.ended_at >= leg.last_at and _same_parties(row, leg, directory) for row in rows)


def _took_over(other: Leg, leg: Leg, directory: Directory) -> bool:
    """Whether ``other`` carries the client of ``leg`` now: routed, picked up, transferred."""
    if other.taken_from != leg.call_id or not leg.call_id:
        return False
    at = leg.first_at
    if directory.is_ours(leg.caller, at) and directory.is_ours(leg.called, at):
        return other.transfer != "consultative" and directory.same(leg.caller, other.caller, at)
    client = leg.called if directory.is_ours(leg.caller, at) else leg.caller
    if not client:  # a hidden caller stays hidden in the leg he was routed to
        return not other.caller
    return any(directory.same(client, side, at) for side in (other.caller, other.called))


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
    rows: Sequence[Leg], legs: Sequence[Leg], first_leg: Leg | None, directory: Directory
) -> bool:
    """Whether statistics know every leg in which somebody talked."""
    talks = (
        leg
        for leg in legs
        if leg.is_connected
        and leg.is_with_person
        and not (first_leg and leg.call_id == first_leg.call_id)
    )
    return all(
        any(row.ended_at >= leg.first_at and _same_parties(row, leg, directory) for row in rows)
        for leg in talks
    )


def ends_in_hand_over(
    legs: Sequence[Leg], rows: Sequence[Leg], first_leg: Leg | None, first_row: Leg | None
) -> bool:
    """Whether the last leg known announces one that is not."""
    last = max(
        (*legs, *rows), key=lambda leg: (leg.first_at, leg.order[2], leg.ended_at, leg.call_id)
    )
    firsts = [leg.call_id for leg in (first_leg, first_row) if leg]
    return last.is_hand_over or (last.call_id in firsts and last.is_connected)
