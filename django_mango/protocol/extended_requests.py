"""What we ask of the extended statistics (§3.4.2.2, §3.4.2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from .commands import checked_seconds, checked_text
from .errors import InputError
from .times import moscow_text

#: What the service takes as ``limit`` (§3.4.2.2, Q39).
LIMITS: Final = (1, 5, 10, 20, 50, 100, 500, 1000, 2000, 5000)
#: Seconds; of exactly thirty days the service says 3111 (Q41).
LONGEST_PERIOD: Final = 30 * 86_400 - 1
#: Both costs have to be asked for (§3.4.2.2).
COSTS: Final = ("context_cost_full", "context_cost_tariff")


@dataclass(frozen=True, slots=True)
class StatsCallsRequest:
    """Start one page of the extended statistics; the answer is a key (§3.4.2.2).

    Times are Unix seconds or aware datetimes (fractions cut off), both ends included; they
    travel as wall clock of Moscow (Q38). ``limit`` is one of ``LIMITS`` and counts
    conversations, ``offset`` those to pass over. ``user_ids`` and ``group_ids`` are integers: as
    texts they make the job fail with 5004 (Q40). ``context_type`` is 1 incoming, 2 outgoing,
    3 internal (Q44), ``context_status`` 0 or 1; ``recall_status`` goes with unanswered incoming
    calls only (Q45); ``search_string`` is at least three characters of a number.

    A read: a repeat starts a second job, which ends unread and harms nobody. It shares
    the rate of ``stats/request``: whether it has one of its own is open (T-09).
    """

    path: ClassVar[str] = "stats/calls/request"
    group: ClassVar[str] = "stats_request"
    kind: ClassVar[str] = "stats_calls_request"
    is_read: ClassVar[bool] = True

    date_from: int | datetime
    date_to: int | datetime
    limit: int = LIMITS[-1]
    offset: int = 0
    user_ids: tuple[int, ...] = ()
    group_ids: tuple[int, ...] = ()
    context_type: int | None = None
    context_status: int | None = None
    recall_status: int | None = None
    search_string: str = ""
    ext_fields: tuple[str, ...] = COSTS

    def __post_init__(self) -> None:
        since = checked_seconds("date_from", self.date_from)
        until = checked_seconds("date_to", self.date_to)
        if since > until:
            raise InputError("date_to", "period_order", "the period ends before it begins")
        if until - since > LONGEST_PERIOD:
            raise InputError("date_to", "period_length", "the period must be below 30 days")
        _one_of("limit", self.limit, LIMITS)
        if not _is_natural(self.offset):
            raise InputError("offset", "invalid", "a whole number from 0")
        for name in ("user_ids", "group_ids"):
            if not all(_is_natural(one) for one in getattr(self, name)):
                raise InputError(name, "invalid", "ids are whole numbers")
        _one_of("context_type", self.context_type, (None, 1, 2, 3))
        _one_of("context_status", self.context_status, (None, 0, 1))
        _one_of("recall_status", self.recall_status, (None, 0, 1, 2))
        if self.recall_status is not None and (self.context_type, self.context_status) != (1, 0):
            raise InputError("recall_status", "conflict", "only of unanswered incoming calls")
        checked_text("search_string", self.search_string)
        if 0 < len(self.search_string) < 3:
            raise InputError("search_string", "invalid", "at least three characters")
        unknown = [name for name in self.ext_fields if name not in COSTS]
        if unknown:
            raise InputError("ext_fields", "unknown_field", ascii(unknown[0]))

    def payload(self) -> dict[str, object]:
        payload: dict[str, object] = {
            "start_date": moscow_text(checked_seconds("date_from", self.date_from)),
            "end_date": moscow_text(checked_seconds("date_to", self.date_to)),
            "limit": self.limit,
            "offset": self.offset,
        }
        for name in ("user_ids", "group_ids", "ext_fields"):
            if getattr(self, name):
                payload[name] = list(getattr(self, name))
        for name in ("context_type", "context_status", "recall_status"):
            if getattr(self, name) is not None:
                payload[name] = getattr(self, name)
        if self.search_string:
            payload["search_string"] = self.search_string
        return payload


@dataclass(frozen=True, slots=True)
class StatsCallsResult:
    """Fetch the page behind a key (§3.4.2.3); a read, see ``StatsResult``.

    The document calls this request an event of the service; it is one that we send (T-15),
    and no readiness notification is promised.
    """

    path: ClassVar[str] = "stats/calls/result/"
    group: ClassVar[str] = "stats_result"
    kind: ClassVar[str] = "stats_calls_result"
    is_read: ClassVar[bool] = True

    key: str

    def __post_init__(self) -> None:
        # No length is documented for keys.
        checked_text("key", self.key, required=True, max_bytes=4096)

    def payload(self) -> dict[str, object]:
        return {"key": self.key}


def _one_of(field: str, value: object, allowed: tuple[object, ...]) -> None:
    if isinstance(value, bool) or value not in allowed:
        raise InputError(field, "invalid", f"one of {', '.join(map(str, allowed))}")


def _is_natural(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
