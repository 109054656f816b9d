"""A generated past: any number of calls over any number of days, the same for the same seed.

The past is cut into hours of Moscow time. An hour's share of the calls follows
the working day, and its content depends on the seed and the hour alone, so that
any window is made on the spot: nothing is kept, and a year costs no memory.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate

from . import ids
from .company import MOSCOW
from .conversations import Conversation, conversation_of
from .rows import Row
from .stories import tell

_HOUR = 3600
_DAY = 86_400
#: The last calls begin so long before the end that the longest of them is over by then.
LONGEST_CALL = 1800
#: Calls of an hour have their places in the numbering of conversations.
_PLACES = 100_000

#: Weight of each hour of a working day, from midnight, Moscow time.
_WORKDAY = (
    0.02, 0.01, 0.01, 0.01, 0.01, 0.02, 0.1, 0.4, 1.5, 5.0, 8.0, 8.5,
    7.0, 5.5, 7.5, 8.0, 7.0, 5.5, 3.0, 1.5, 0.8, 0.4, 0.2, 0.1,
)  # fmt: skip
_WEEKEND = 0.12


class History:
    """``calls`` calls over the ``days`` before ``end`` (Unix seconds, UTC).

    Asking twice, or in pieces, gives the same rows; the end is part of the
    identity, because the share of an hour depends on where the past is cut.
    """

    def __init__(self, seed: int, calls: int, days: int, end: float) -> None:
        self._seed = seed
        self._calls = calls
        self._until = int(end) - LONGEST_CALL
        self._since = int(end) - days * _DAY
        self._first_hour = self._since // _HOUR
        self._weights = list(accumulate(self._weight(hour) for hour in self._hours()))

    def rows(self, since: int, until: int) -> Iterator[Row]:
        """Rows that start from ``since`` to ``until``, both included, ordered by start.

        Rows of one conversation start at different moments and may stand on both
        sides of a window's edge, as those of the service do (Q33).
        """
        waiting: list[tuple[int, int, Row]] = []
        number = 0
        for start, rows in self._conversations(since - LONGEST_CALL, until):
            # No later conversation brings a row that begins before its own start.
            while waiting and waiting[0][0] < start:
                row = heapq.heappop(waiting)[2]
                if since <= row.start <= until:
                    yield row
            for row in rows:
                number += 1
                heapq.heappush(waiting, (row.start, number, row))
        while waiting:
            row = heapq.heappop(waiting)[2]
            if since <= row.start <= until:
                yield row

    def conversations(self, since: int, until: int) -> Iterator[Conversation]:
        """Whole conversations that begin from ``since`` to ``until``, both included, in order."""
        for start, rows in self._conversations(since, until):
            if since <= start <= until:
                yield conversation_of(rows)

    def has_recording(self, recording_id: str) -> bool:
        """Whether a row of this past holds the recording."""
        entry = ids.entry_of_recording(recording_id)
        if entry is None:
            return False
        hour, place = divmod(entry, _PLACES)
        for index, (_, rows) in enumerate(self._hour(hour)):
            if index == place:
                return any(recording_id in row.records for row in rows)
        return False

    def _conversations(self, since: int, until: int) -> Iterator[tuple[int, list[Row]]]:
        first = max(since // _HOUR, self._first_hour)
        last = min(until // _HOUR, self._first_hour + len(self._weights) - 1)
        for hour in range(first, last + 1):
            yield from self._hour(hour)

    def _hour(self, hour: int) -> Iterator[tuple[int, list[Row]]]:
        chance = random.Random(f"{self._seed}:{hour}")
        begin, end = self._span(hour)
        starts = sorted(chance.randrange(begin, end) for _ in range(self._share(hour)))
        for place, start in enumerate(starts):
            yield start, tell(hour * _PLACES + place, start, chance)

    def _share(self, hour: int) -> int:
        """Calls of an hour: shares are rounded so that they add up exactly."""
        index = hour - self._first_hour
        if not 0 <= index < len(self._weights):
            return 0
        before = self._weights[index - 1] if index else 0.0
        return self._up_to(self._weights[index]) - self._up_to(before)

    def _up_to(self, weight: float) -> int:
        return round(self._calls * weight / self._weights[-1])

    def _weight(self, hour: int) -> float:
        begin, end = self._span(hour)
        moment = datetime.fromtimestamp(hour * _HOUR, UTC).astimezone(MOSCOW)
        weekday = 1.0 if moment.weekday() < 5 else _WEEKEND
        return _WORKDAY[moment.hour] * weekday * (end - begin) / _HOUR

    def _span(self, hour: int) -> tuple[int, int]:
        """The part of an hour that belongs to this past."""
        return max(hour * _HOUR, self._since), min((hour + 1) * _HOUR, self._until)

    def _hours(self) -> range:
        return range(self._first_hour, (self._until - 1) // _HOUR + 1)
