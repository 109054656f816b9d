"""Plain conversations known from basic statistics alone, by a short way.

An import projects millions of them, and nearly all are alike: one client who called
in, one call of ours to somebody, or a callback. For these the decision table comes down to
what stands here and in the rooms beside it (``plain_incoming``, ``plain_callback``,
``plain_rows``); ``project`` falls back to its whole way for all others. A property test
holds both against each other: what ``project_plain`` gives is what the whole way gives.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..codes import DONE, reason_code
from ..statistics import Record
from .directory import Directory, Seat
from .facts import ProjectedCall, ProjectedParty
from .plain_callback import project_callback
from .plain_incoming import project_incoming
from .plain_rows import MACHINES, finished, hands_over, in_turn, is_in_order, outcome_of


def project_plain(records: Sequence[Record], directory: Directory) -> ProjectedCall | None:
    """The call these rows make; ``None`` where they are not plain, whatever the call is.

    Plain means: no two rows are the same leg, times are in order, who is ours does not
    depend on the time, and all rows name one caller. Only a callback has two, one in each
    of its two rows.
    """
    rows = in_turn(records)
    if rows is None:
        return None
    root = rows[0]
    caller = directory.seat(root.from_extension, root.from_number)
    if caller.is_ours is None:
        return None
    if caller.is_ours:
        return _from_ours(root, directory) if len(rows) == 1 else None
    if len(rows) == 2 and rows[1].from_number != root.from_number:
        return project_callback(rows[0], rows[1], caller, directory)
    return project_incoming(rows, caller, directory)


def _from_ours(row: Record, directory: Directory) -> ProjectedCall | None:
    """One of us called somebody; between two of us only where extensions tell them apart."""
    if row.location in MACHINES or not is_in_order(row):
        return None
    called = directory.seat(row.to_extension, row.to_number)
    if called.is_ours is False:
        return _outgoing(row, called, directory)
    are_two = row.from_extension and row.to_extension and row.from_extension != row.to_extension
    is_done = reason_code(row.disconnect_reason) == DONE
    return _internal(row, directory) if called.is_ours and are_two and not is_done else None


def _outgoing(row: Record, client: Seat, directory: Directory) -> ProjectedCall | None:
    party = _party(row, "caller", row.from_extension, row.from_number, directory)
    return _call(row, "outgoing", client.e164, row.to_number, (party,), directory)


def _internal(row: Record, directory: Directory) -> ProjectedCall | None:
    caller = _party(row, "caller", row.from_extension, row.from_number, directory)
    called = _party(row, "callee", row.to_extension, row.to_number, directory)
    two = (caller, called) if caller.extension < called.extension else (called, caller)
    return _call(row, "internal", "", "", two, directory)


def _call(
    row: Record,
    direction: str,
    client_number: str,
    client_number_raw: str,
    parties: tuple[ProjectedParty, ...],
    directory: Directory,
) -> ProjectedCall | None:
    started_at = row.create or row.start
    if started_at > (row.answer or row.finish):
        return None
    extension, _number, owner = directory.identity(row.from_extension, row.from_number, started_at)
    return finished(
        direction,
        outcome_of(direction, row.answer > 0, row.disconnect_reason, True),
        client_number,
        client_number_raw,
        row.line_number,
        extension,
        owner,
        (started_at, row.answer, row.finish),
        row.disconnect_reason,
        is_final=not hands_over(row),
        parties=parties,
    )


def _party(
    row: Record, role: str, extension: str, number: str, directory: Directory
) -> ProjectedParty:
    known, address, owner = directory.identity(extension, number, row.start)
    return ProjectedParty(known, address, role, row.start, row.answer, row.finish, owner)
