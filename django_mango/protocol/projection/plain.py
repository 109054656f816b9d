"""Plain conversations known from basic statistics alone, by a short way.

An import projects millions of them, and nearly all are alike: one client who called
in, or one call of ours to somebody. For these the decision table comes down to what
stands here; ``project`` falls back to its whole way for all others. A property test
holds both against each other: what ``project_plain`` gives is what the whole way gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ..codes import DONE, reason_code
from ..notifications import Party
from ..statistics import Record
from . import verdict
from .directory import Directory
from .facts import ProjectedCall, ProjectedParty

#: Places where no person is; the value is their place in the order of legs.
_MACHINES = {"ivr": 0, "queue": 1}
_PERSON = 2
_OTHER_TOOK_IT = frozenset({1182, 1183})
_HANDED_OVER = frozenset({1000, 1100})

_outcome = lru_cache(maxsize=4096)(verdict.outcome)
_Parties = dict[tuple[str, str], ProjectedParty]


def project_plain(records: Sequence[Record], directory: Directory) -> ProjectedCall | None:
    """The call these rows make; ``None`` where they are not plain, whatever the call is.

    Plain means: all rows name one caller, no two of them are the same leg, times are
    in order, who is ours does not depend on the time, and no row can be the first leg of
    a callback.
    """
    rows = list(records) if len(records) == 1 else sorted(records, key=_order)
    direction = _direction(rows, directory)
    if not direction:
        return None
    root = rows[0]
    people = [row for row in rows if row.location not in _MACHINES]
    talks = [row for row in people if row.answer]
    answered_at = min([row.answer for row in talks], default=0)
    ended_at = max([row.finish for row in rows])
    started_at = min([row.create for row in rows if row.create], default=0) or root.start
    if started_at > (answered_at or ended_at):
        return None
    last = talks[0] if len(talks) == 1 else max(talks or rows, key=_end)
    # The last leg to end: of those within one second it takes more to tell.
    latest = [row for row in rows if row.finish == ended_at]
    is_final = not _hands_over(latest[0] if len(latest) == 1 else max(latest, key=_ending))
    outcome = _outcome(direction, answered_at > 0, last.disconnect_reason, True)
    client = Party() if direction == "internal" else _client(root, direction)
    first = talks[0] if talks else people[0] if people else None
    extension, owner = "", None
    if first is not None:
        extension, _number, owner = (
            directory.identity(first.to_extension, first.to_number, started_at)
            if direction == "incoming"
            else directory.identity(first.from_extension, first.from_number, started_at)
        )
    return ProjectedCall(
        direction,
        "finished",
        outcome,
        directory.seat("", client.number).e164,
        client.number,
        next((row.line_number for row in rows if row.line_number), ""),
        extension,
        owner,
        started_at,
        answered_at,
        ended_at,
        (answered_at or ended_at) - started_at,
        ended_at - answered_at if answered_at else 0,
        last.disconnect_reason,
        "",
        _reached(rows, people),
        (),
        "",
        "",
        is_final,
        is_final and not answered_at and direction == "incoming" and outcome == "missed",
        ("basic",),
        _parties(people, direction, directory),
    )


def _direction(rows: Sequence[Record], directory: Directory) -> str:
    """The direction of a plain conversation, empty for one that is not plain."""
    root = rows[0]
    caller = directory.seat(root.from_extension, root.from_number)
    if not all(map(_in_order, rows)) or caller.is_ours is None:
        return ""
    if caller.is_ours:
        return _from_ours(root, directory) if len(rows) == 1 else ""
    if root.location in _MACHINES and not (root.from_number or root.to_extension or root.to_number):
        return ""
    legs = set()
    for row in rows:
        called = directory.seat(row.to_extension, row.to_number)
        if row.location not in _MACHINES and not (
            called.is_ours
            # At a person first: "done" would be the sign of a callback.
            and (root.location in _MACHINES or reason_code(row.disconnect_reason) != DONE)
        ):
            return ""
        if row.from_number != root.from_number or row.from_extension:
            return ""
        if called.plain == caller.plain != "":  # somebody calls himself: a callback reversed
            return ""
        legs.add((row.start, row.to_extension, row.to_number, row.location))
    return "incoming" if len(legs) == len(rows) else ""


def _from_ours(row: Record, directory: Directory) -> str:
    """One of us called somebody; between two of us only where extensions tell them apart."""
    if row.location in _MACHINES:
        return ""
    called = directory.seat(row.to_extension, row.to_number)
    if called.is_ours is False:
        return "outgoing"
    are_two = row.from_extension and row.to_extension and row.from_extension != row.to_extension
    is_done = reason_code(row.disconnect_reason) == DONE
    return "internal" if called.is_ours and are_two and not is_done else ""


def _in_order(row: Record) -> bool:
    return 0 < row.start <= row.finish and (not row.answer or row.start <= row.answer <= row.finish)


def _client(root: Record, direction: str) -> Party:
    if direction == "incoming":
        return Party(root.from_extension, root.from_number)
    return Party(root.to_extension, root.to_number)


def _hands_over(row: Record) -> bool:
    code = reason_code(row.disconnect_reason)
    return code in _OTHER_TOOK_IT or (code in _HANDED_OVER and row.location in _MACHINES)


def _order(row: Record) -> tuple[int, int, str]:
    return (row.start, _MACHINES.get(row.location, _PERSON), row.key)


def _end(row: Record) -> tuple[int, bool, int, int, str]:
    """As ``sources`` orders ends: of those in one second the queue's is the later."""
    return (row.finish, row.location == "queue" and not _hands_over(row), *_order(row))


def _ending(row: Record) -> tuple[int, int, int, bool, str]:
    """As ``endings`` orders ends: of those in one second the one that hands over is first."""
    rank = _MACHINES.get(row.location, _PERSON)
    return (row.finish, row.start, rank, not _hands_over(row), row.key)


def _reached(rows: Sequence[Record], people: Sequence[Record]) -> str:
    if people:
        return "person"
    return "queue" if any(row.location == "queue" for row in rows) else "ivr"


def _parties(
    people: Sequence[Record], direction: str, directory: Directory
) -> tuple[ProjectedParty, ...]:
    """Who of us took part: those called, or who called, or the two ends of an internal call."""
    found: _Parties = {}
    for row in people:
        if direction != "incoming":
            caller = directory.identity(row.from_extension, row.from_number, row.start)
            _add(found, row, "caller", caller)
        if direction != "outgoing":
            called = directory.identity(row.to_extension, row.to_number, row.start)
            _add(found, row, "callee", called)
    if len(found) == 1:
        return tuple(found.values())
    return tuple([found[identity] for identity in sorted(found)])


def _add(found: _Parties, row: Record, role: str, identity: tuple[str, str, int | None]) -> None:
    extension, number, owner = identity
    known = found.get((extension, number))
    if known is None:
        found[extension, number] = ProjectedParty(
            extension, number, role, row.start, row.answer, row.finish, owner
        )
        return
    found[extension, number] = ProjectedParty(
        extension,
        number,
        known.role,
        min(known.rang_at, row.start),
        min(known.answered_at or row.answer, row.answer or known.answered_at),
        max(known.ended_at, row.finish),
        known.owner if known.owner is not None else owner,
    )
