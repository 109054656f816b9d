"""What each kind of facts says of times, end reason, line and extension.

Answer and times are taken as a set from the most trusted source present; single
missing fields are completed from the next one. Whether the call was answered is
decided by one source only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..notifications import Party, Summary
from .directory import Directory
from .legs import Leg

NOBODY = Party()


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of facts. Moments in Unix seconds, 0 when unknown or never."""

    name: str
    started_at: int = 0
    answered_at: int = 0
    ended_at: int = 0
    reason: str = ""
    line_number: str = ""
    ours: Party = NOBODY


def of_summary(summary: Summary, direction: str, directory: Directory) -> Source:
    """The summary: answered when somebody talked and somebody was called (T-20, Q64)."""
    answered = summary.talk_time if summary.talk_time and summary.called else 0
    return Source(
        "summary",
        summary.create_time,
        answered,
        summary.end_time,
        summary.disconnect_reason,
        summary.line_number,
        _our_side(
            summary.caller,
            summary.called,
            direction,
            directory,
            summary.create_time or summary.talk_time or summary.end_time,
        ),
    )


def of_records(
    legs: Sequence[Leg], created: int, first_leg: Leg | None, direction: str, directory: Directory
) -> Source:
    """Basic statistics; ``created`` is the smallest ``create`` of the rows, 0 without."""
    talks = [leg for leg in legs if _is_talk(leg, first_leg)]
    last = max(legs, key=lambda leg: (leg.ended_at, leg.order))
    return Source(
        "basic",
        created or _earliest(leg.first_at for leg in legs),
        _earliest(leg.connected_at for leg in talks),
        max(leg.ended_at for leg in legs),
        (talks[0] if talks else last).reason,
        next((leg.to_line for leg in legs if leg.to_line), ""),
        _our_party(legs, talks, first_leg, direction, directory),
    )


def of_events(
    legs: Sequence[Leg], first_leg: Leg | None, direction: str, directory: Directory
) -> Source:
    """Events of the legs."""
    talks = [leg for leg in legs if _is_talk(leg, first_leg)]
    ended = [leg for leg in legs if leg.is_disconnected]
    deciding = talks[:1] or sorted(ended, key=lambda leg: (leg.ended_at, leg.order))[-1:]
    return Source(
        "events",
        _earliest(leg.first_at for leg in legs),
        _earliest(leg.connected_at for leg in talks),
        max((leg.ended_at for leg in legs), default=0),
        deciding[0].reason if deciding else "",
        next((leg.to_line for leg in legs if leg.to_line), "")
        or next((leg.from_line for leg in legs if leg.from_line), ""),
        _our_party(legs, talks, first_leg, direction, directory),
    )


def combined(sources: Sequence[Source]) -> Source:
    """The first source, its missing fields completed from the following ones.

    The answer is not completed: one source decides it.
    """
    result = sources[0]
    for other in sources[1:]:
        result = replace(
            result,
            started_at=result.started_at or other.started_at,
            ended_at=result.ended_at or other.ended_at,
            reason=result.reason or other.reason,
            line_number=result.line_number or other.line_number,
            ours=result.ours or other.ours,
        )
    return result


def _is_talk(leg: Leg, first_leg: Leg | None) -> bool:
    return leg.is_with_person and leg.is_connected and not _is_same_leg(leg, first_leg)


def _is_same_leg(leg: Leg, other: Leg | None) -> bool:
    return other is not None and leg.call_id == other.call_id


def _our_party(
    legs: Sequence[Leg],
    talks: Sequence[Leg],
    first_leg: Leg | None,
    direction: str,
    directory: Directory,
) -> Party:
    """Our side of the first leg with a talk, else of the first that rang a person."""
    for leg in (*talks, *(leg for leg in legs if leg.is_with_person)):
        if _is_same_leg(leg, first_leg):
            return leg.first_called
        ours = _our_side(leg.first_caller, leg.first_called, direction, directory, leg.first_at)
        if ours:
            return ours
    return NOBODY


def _our_side(caller: Party, called: Party, direction: str, directory: Directory, at: int) -> Party:
    """The employee's side: who called in an outgoing or internal call, else who was called."""
    sides = (caller, called) if direction in ("outgoing", "internal") else (called, caller)
    return next((side for side in sides if side and directory.is_ours(side, at)), NOBODY)


def _earliest(moments: Iterable[int]) -> int:
    return min(filter(None, moments), default=0)
