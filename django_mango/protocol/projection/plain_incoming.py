"""The short way of one client who called in: the menu, the queue, the phones that rang."""

from __future__ import annotations

from collections.abc import Sequence

from ..codes import DONE, reason_code
from ..statistics import Record
from .directory import Directory, Seat
from .facts import ProjectedCall, ProjectedParty
from .plain_rows import MACHINES, finished, hands_over, last_known, last_to_end, outcome_of


def project_incoming(
    rows: Sequence[Record], caller: Seat, directory: Directory
) -> ProjectedCall | None:
    """The call of rows in the order of legs, the first of which somebody began who is not ours."""
    root = rows[0]
    people = _people(rows, caller, directory)
    if people is None:
        return None
    started_at = ended_at = 0
    line_number = ""
    for row in rows:
        if row.create and not 0 < started_at <= row.create:
            started_at = row.create
        if row.finish > ended_at:
            ended_at = row.finish
        line_number = line_number or row.line_number
    started_at = started_at or root.start
    talks = [row for row in people if row.answer]
    answered_at = min([row.answer for row in talks]) if talks else 0
    if started_at > (answered_at or ended_at):
        return None
    latest = [row for row in rows if row.finish == ended_at]
    reason = last_to_end(talks or latest).disconnect_reason
    is_final = not hands_over(last_known(latest))
    outcome = outcome_of("incoming", answered_at > 0, reason, True)
    extension, owner = "", None
    if people:
        first = talks[0] if talks else people[0]
        extension, _number, owner = directory.identity(
            first.to_extension, first.to_number, started_at
        )
    return finished(
        "incoming",
        outcome,
        caller.e164,
        root.from_number,
        line_number,
        extension,
        owner,
        (started_at, answered_at, ended_at),
        reason,
        is_final=is_final,
        parties=_parties(people, directory),
        reached="person" if people else _reached(rows),
        is_missed=is_final and not answered_at and outcome == "missed",
    )


def _people(rows: Sequence[Record], caller: Seat, directory: Directory) -> Sequence[Record] | None:
    """The rows at persons, ``None`` where these rows are no plain call."""
    root = rows[0]
    from_machine = root.location in MACHINES
    if from_machine and not (root.from_number or root.to_extension or root.to_number):
        return None
    number, plain = root.from_number, caller.plain
    people = []
    for row in rows:
        start, answer, finish = row.start, row.answer, row.finish
        if row.from_number != number or row.from_extension or not 0 < start <= finish:
            return None
        if answer and not start <= answer <= finish:
            return None
        called = directory.seat(row.to_extension, row.to_number)
        if called.plain == plain != "":  # somebody calls himself: a callback reversed
            return None
        if row.location not in MACHINES:
            # At a person first: "done" would be the sign of a callback.
            is_sign = not from_machine and reason_code(row.disconnect_reason) == DONE
            if not called.is_ours or is_sign:
                return None
            people.append(row)
    return people


def _reached(rows: Sequence[Record]) -> str:
    return "queue" if any(row.location == "queue" for row in rows) else "ivr"


def _parties(people: Sequence[Record], directory: Directory) -> tuple[ProjectedParty, ...]:
    """Who of us was called."""
    found: dict[tuple[str, str], ProjectedParty] = {}
    for row in people:
        extension, number, owner = directory.identity(row.to_extension, row.to_number, row.start)
        known = found.get((extension, number))
        rang_at, answered_at, ended_at = row.start, row.answer, row.finish
        if known is not None:
            rang_at = min(known.rang_at, rang_at)
            answered_at = min(known.answered_at or answered_at, answered_at or known.answered_at)
            ended_at = max(known.ended_at, ended_at)
            owner = known.owner if known.owner is not None else owner
        found[extension, number] = ProjectedParty(
            extension, number, "callee", rang_at, answered_at, ended_at, owner
        )
    if len(found) < 2:
        return tuple(found.values())
    return tuple([found[identity] for identity in sorted(found)])
