"""Which talk settled which missed call: the second pure function.

Block M of the decision table: a missed call is resolved by the earliest call of
the same account and client, in any direction and on any line, that was answered
after the missed one began, so that a parallel call counts. One talk resolves
all earlier misses; an attempt without an answer resolves none. The result
depends on the calls only, never on what was resolved before.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

#: When a talk was answered, in whatever compares with the start of a missed call, and its key.
Talk = tuple[Any, int]


def first_after(started_at: Any, talks: Sequence[Talk]) -> Talk | None:
    """The talk that settles a missed call of this start; ``None`` if there is none.

    ``talks`` are those of its client, sorted: of several answered at one moment the one that
    was stored first settles.
    """
    position = bisect_right(talks, (started_at, math.inf))
    return talks[position] if position < len(talks) else None
