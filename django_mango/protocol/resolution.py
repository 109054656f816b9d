"""Which call settled which missed call: the second pure function.

Block M of the decision table: a missed call is resolved by the earliest call of
the same account and client, in any direction and on any line, that was answered
after the missed one began, so that a parallel call counts. One talk resolves
all earlier misses; an attempt without an answer resolves none. The result
depends on the calls only, never on what was resolved before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClientCall:
    """What the resolution looks at. Moments in Unix seconds UTC, 0 for never.

    ``answered_at`` is 0 where an answering machine took the call: nobody talked.
    """

    key: Hashable
    is_missed: bool
    started_at: float
    answered_at: float = 0


@dataclass(frozen=True, slots=True)
class Resolution:
    """The missed call ``missed`` was settled by the call ``by`` at its answer."""

    missed: Hashable
    by: Hashable
    at: float


def resolve(calls: Iterable[ClientCall]) -> list[Resolution]:
    """Resolutions among the calls of one client; missed calls without one are not in it."""
    seen = list(calls)
    talks = sorted(
        (call for call in seen if call.answered_at and not call.is_missed),
        key=lambda call: (call.answered_at, call.started_at, str(call.key)),
    )
    moments = [talk.answered_at for talk in talks]
    found = []
    for call in seen:
        if not call.is_missed:
            continue
        position = bisect_right(moments, call.started_at)
        if position < len(talks):
            talk = talks[position]
            found.append(Resolution(call.key, talk.key, talk.answered_at))
    return found
