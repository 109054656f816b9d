"""What the short ways of plain conversations have in common: their rows, and the call made."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ..codes import reason_code
from ..statistics import Record
from . import verdict
from .facts import ProjectedCall, ProjectedParty

#: Places where no person is; the value is their place in the order of legs.
MACHINES = {"ivr": 0, "queue": 1}
_PERSON = 2
_OTHER_TOOK_IT = frozenset({1182, 1183})
_HANDED_OVER = frozenset({1000, 1100})
_BASIC = ("basic",)

outcome_of = lru_cache(maxsize=4096)(verdict.outcome)


def in_turn(records: Sequence[Record]) -> Sequence[Record] | None:
    """The rows in the order of legs; ``None`` where two of them are the same leg."""
    before = -1
    for row in records:
        if row.start <= before:
            break
        before = row.start
    else:
        return records
    legs = {
        (row.start, row.to_extension, row.to_number, row.location, row.from_extension,
         row.from_number)
        for row in records
    }  # fmt: skip
    return sorted(records, key=_order) if len(legs) == len(records) else None


def is_in_order(row: Record) -> bool:
    """Whether the row begins, is perhaps answered, and ends, in this order."""
    return 0 < row.start <= row.finish and (not row.answer or row.start <= row.answer <= row.finish)


def hands_over(row: Record) -> bool:
    """Whether the end of this row announces another one."""
    code = reason_code(row.disconnect_reason)
    return code in _OTHER_TOOK_IT or (code in _HANDED_OVER and row.location in MACHINES)


def last_to_end(rows: Sequence[Record]) -> Record:
    """As ``sources`` orders ends: of those in one second the queue's is the later."""
    return rows[0] if len(rows) == 1 else max(rows, key=_end)


def last_known(rows: Sequence[Record]) -> Record:
    """As ``endings`` orders ends: of those in one second the one that hands over is first."""
    return rows[0] if len(rows) == 1 else max(rows, key=_ending)


def finished(
    direction: str,
    outcome: str,
    client_number: str,
    client_number_raw: str,
    line_number: str,
    extension: str,
    owner: int | None,
    moments: tuple[int, int, int],
    disconnect_reason: str,
    *,
    is_final: bool,
    parties: tuple[ProjectedParty, ...],
    reached: str = "person",
    is_missed: bool = False,
) -> ProjectedCall:
    """A finished call; ``moments`` are those of its start, answer and end."""
    started_at, answered_at, ended_at = moments
    return ProjectedCall(
        direction,
        "finished",
        outcome,
        client_number,
        client_number_raw,
        line_number,
        extension,
        owner,
        started_at,
        answered_at,
        ended_at,
        (answered_at or ended_at) - started_at,
        ended_at - answered_at if answered_at else 0,
        disconnect_reason,
        "",
        reached,
        (),
        "",
        "",
        is_final,
        is_missed,
        _BASIC,
        parties,
    )


def _order(row: Record) -> tuple[int, int, str]:
    return (row.start, MACHINES.get(row.location, _PERSON), row.key)


def _end(row: Record) -> tuple[int, bool, int, int, str]:
    return (row.finish, row.location == "queue" and not hands_over(row), *_order(row))


def _ending(row: Record) -> tuple[int, int, int, bool, str]:
    rank = MACHINES.get(row.location, _PERSON)
    return (row.finish, row.start, rank, not hands_over(row), row.key)
