"""What each kind of facts says of times, end reason, line and extension.

Answer and times are taken as a set from the most trusted source present; single
missing fields are completed from the next one. Whether the call was answered is
decided by one source only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from ..notifications import Party, Summary
from ..value_class import value_class
from .directory import Directory
from .legs import Leg

NOBODY = Party()


@value_class
class Source:
    """One kind of facts. Moments in Unix seconds, 0 when unknown or never.

    ``latest`` is the latest moment of the facts the end was taken from.
    """

    name: str
    started_at: int = 0
    answered_at: int = 0
    ended_at: int = 0
    latest: int = 0
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
        max(summary.create_time, summary.talk_time, summary.end_time),
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
    legs: Sequence[Leg],
    created: int,
    first_ids: Collection[str],
    direction: str,
    directory: Directory,
) -> Source:
    """Basic statistics; ``created`` is the smallest ``create`` of the rows, 0 without."""
    talks = [leg for leg in legs if leg.is_talk(first_ids)]
    return Source(
        "basic",
        created or _earliest(leg.first_at for leg in legs),
        _earliest(leg.connected_at for leg in talks),
        max(leg.ended_at for leg in legs),
        max(leg.last_at for leg in legs),
        last_leg(talks, legs, first_ids).reason,
        next((leg.to_line for leg in legs if leg.to_line), ""),
        _our_party(legs, first_ids, direction, directory),
    )


def of_events(
    legs: Sequence[Leg], first_ids: Collection[str], direction: str, directory: Directory
) -> Source:
    """Events of the legs; a leg whose end was lost lasted until its last event at least."""
    talks = [leg for leg in legs if leg.is_talk(first_ids)]
    ended = [leg for leg in legs if leg.is_disconnected]
    return Source(
        "events",
        _earliest(leg.first_at for leg in legs),
        _earliest(leg.connected_at for leg in talks),
        max(leg.ended_at or leg.last_at for leg in legs),
        max(leg.last_at for leg in legs),
        last_leg(talks, ended, first_ids).reason if talks or ended else "",
        next((leg.to_line for leg in legs if leg.to_line), "")
        or next((leg.from_line for leg in legs if leg.from_line), ""),
        _our_party(legs, first_ids, direction, directory),
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
            latest=result.latest if result.ended_at else max(result.latest, other.latest),
            reason=result.reason or other.reason,
            line_number=result.line_number or other.line_number,
            ours=result.ours or other.ours,
        )
    return result


def last_leg(talks: Sequence[Leg], ended: Sequence[Leg], first_ids: Collection[str]) -> Leg:
    """The leg whose reason tells how the call ended: the last talk, else the last to end.

    A queue ends with its last telephone, often within one second: it is the later one.
    """
    to_client = [leg for leg in ended if leg.call_id not in first_ids]
    return max(
        talks or to_client or ended,
        key=lambda leg: (
            leg.ended_at or leg.last_at,
            leg.location == "queue" and not leg.is_hand_over,
            leg.order,
        ),
    )


def _our_party(
    legs: Sequence[Leg], first_ids: Collection[str], direction: str, directory: Directory
) -> Party:
    """Our side of the first leg with a talk, else of the first that rang a person.

    Of a callback's first legs the one that was taken comes first.
    """
    at_person = [leg for leg in legs if leg.is_with_person]
    first = sorted(
        (leg for leg in at_person if leg.call_id in first_ids),
        key=lambda leg: not leg.is_connected,
    )
    later = sorted(
        (leg for leg in at_person if leg.call_id not in first_ids),
        key=lambda leg: not leg.is_connected,
    )
    for leg in later:
        # The called side may be named only when the call was given to somebody (§3.1.2).
        for caller, called in ((leg.first_caller, leg.first_called), (leg.caller, leg.called)):
            ours = _our_side(caller, called, direction, directory, leg.first_at)
            if ours:
                return ours
    return first[0].first_called if first else NOBODY


def _our_side(caller: Party, called: Party, direction: str, directory: Directory, at: int) -> Party:
    """The employee's side: who called in an outgoing or internal call, else who was called."""
    sides = (caller, called) if direction in ("outgoing", "internal") else (called, caller)
    return next((side for side in sides if side and directory.is_ours(side, at)), NOBODY)


def _earliest(moments: Iterable[int]) -> int:
    return min(filter(None, moments), default=0)
