"""The short way of a callback of two legs: one of us was rung, then the client."""

from __future__ import annotations

from ..statistics import Record
from .directory import Directory, Seat
from .facts import ProjectedCall, ProjectedParty
from .plain_rows import MACHINES, finished, hands_over, is_in_order, outcome_of


def project_callback(
    first: Record, second: Record, client: Seat, directory: Directory
) -> ProjectedCall | None:
    """The call of these two rows, the second with the parties of the first the other way round.

    ``client`` is what is known of who called in the first: not ours, whenever it was.
    """
    if not (_is_plain(first, second, directory) and second.start > first.start):
        return None
    created = min(first.create or second.create, second.create or first.create)
    started_at, answered_at = created or first.start, second.answer
    is_second_last = second.finish >= first.finish
    ended_at = second.finish if is_second_last else first.finish
    if started_at > (answered_at or ended_at):
        return None
    # Who took the phone in the first leg waits for the second.
    is_final = not hands_over(second) if is_second_last else not (first.answer or hands_over(first))
    extension, _number, owner = directory.identity(
        second.from_extension, second.from_number, started_at
    )
    return finished(
        "outgoing",
        outcome_of("outgoing", answered_at > 0, second.disconnect_reason, True),
        client.e164,
        first.from_number,
        first.line_number or second.line_number,
        extension,
        owner,
        (started_at, answered_at, ended_at),
        second.disconnect_reason,
        is_final=is_final,
        parties=_parties(first, second, directory),
    )


def _is_plain(first: Record, second: Record, directory: Directory) -> bool:
    """Whether both rows are at persons, in order, and name one client and one of us."""
    one, other = first.to_extension, second.from_extension
    return bool(
        first.from_number
        and first.from_number == second.to_number
        and not (first.from_extension or second.to_extension)
        and (one == other if one and other else first.to_number == second.from_number != "")
        and first.location not in MACHINES
        and second.location not in MACHINES
        and is_in_order(first)
        and is_in_order(second)
        and directory.seat(one, first.to_number).is_ours
        and directory.seat(other, second.from_number).is_ours
    )


def _parties(first: Record, second: Record, directory: Directory) -> tuple[ProjectedParty, ...]:
    """Who of us was rung; taking the phone of the first leg is not talking to the client."""
    extension, number, owner = directory.identity(first.to_extension, first.to_number, first.start)
    caller, address, other = directory.identity(
        second.from_extension, second.from_number, second.start
    )
    if (caller, address) == (extension, number):
        ended_at = max(first.finish, second.finish)
        owner = other if owner is None else owner
        return (
            ProjectedParty(
                extension, number, "caller", first.start, second.answer, ended_at, owner
            ),
        )
    rung = ProjectedParty(extension, number, "caller", first.start, 0, first.finish, owner)
    talked = ProjectedParty(
        caller, address, "caller", second.start, second.answer, second.finish, other
    )
    return (rung, talked) if (extension, number) < (caller, address) else (talked, rung)
