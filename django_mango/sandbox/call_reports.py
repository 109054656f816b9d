"""Extended statistics on request: a key at once, a page of days when it is ready (§3.4.2).

Between the request and the page the job says ``request``, then ``work`` with a part of the
first day (Q42): a client that believes it loses the rest. A page is given once.
"""

from __future__ import annotations

import heapq
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby, islice

from django_mango.protocol.times import integer_or_none

from . import ids
from .answers import JSON, Answer, RefusalError, as_json, result
from .clock import Clock
from .company import MOSCOW
from .conversations import INCOMING, Conversation
from .fields import MISSING, WRONG_FORM, WRONG_PARAMETERS, Json, text
from .reports import KEPT_SECONDS, WRONG_DATES

LIMITS = frozenset({1, 5, 10, 20, 50, 100, 500, 1000, 2000, 5000})
#: Of exactly thirty days the service says 3111 (Q41).
LONGEST_PERIOD = 30 * 86_400 - 1
#: The job fails with it where an id was not an integer (Q40).
JOB_FAILED = 5004
_COSTS = frozenset({"context_cost_full", "context_cost_tariff"})
#: Conversations in the data of a job that is still at work.
_PART = 3
_FORMS = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y")

Conversations = Callable[[int, int], Iterable[Conversation]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conversations a page holds, and which page it is; the period has both ends."""

    since: int
    until: int
    limit: int
    offset: int
    user_ids: frozenset[int] = frozenset()
    group_ids: frozenset[int] = frozenset()
    context_types: frozenset[int] = frozenset()
    context_status: int | None = None
    recall_status: int | None = None
    search: str = ""
    costs: frozenset[str] = frozenset()

    def accepts(self, one: Conversation) -> bool:
        return (
            self.since <= one.start <= self.until
            and (not self.context_types or one.context_type in self.context_types)
            and self.context_status in (None, int(one.is_success))
            and self.recall_status in (None, 2)
            and (not self.user_ids or bool(self.user_ids & one.user_ids()))
            and (not self.group_ids or bool(self.group_ids & one.group_ids()))
            and (not self.search or any(self.search in number for number in one.numbers()))
        )


@dataclass(frozen=True, slots=True)
class _Job:
    wanted: Wanted
    asked: float
    ready: float
    fails: bool = False


class CallReports:
    """Pages asked for and not yet fetched. ``source`` gives conversations by their start."""

    def __init__(
        self, clock: Clock, sources: tuple[Conversations, ...], *, seed: int, delay: float
    ) -> None:
        self._clock = clock
        self._sources = sources
        self._seed = seed
        self._delay = delay
        self._guard = threading.Lock()
        self._asked = 0
        self._waiting: dict[str, _Job] = {}
        self._days: dict[Wanted, dict[str, _Day]] = {}

    def request(self, data: Json) -> Answer:
        """``stats/calls/request``: check, promise, answer with the key (§3.4.2.2)."""
        wanted, fails = _read(data)
        if wanted.until - wanted.since > LONGEST_PERIOD:
            # No key, and the field with a code of its own (Q41).
            raise RefusalError(WRONG_PARAMETERS, "", {"end_date": WRONG_DATES})
        with self._guard:
            self._asked += 1
            key = ids.report_key(self._seed, -self._asked, self._clock.now())
            now = self._clock.monotonic()
            self._waiting[key] = _Job(wanted, now, now + self._delay, fails)
        return as_json({"key": key})

    def result(self, data: Json) -> Answer:
        """``stats/calls/result``: the status of the job, with its page once it is complete."""
        key = text(data, "key", required=True)
        now = self._clock.monotonic()
        with self._guard:
            self._drop_outdated(now)
            job = self._waiting.get(key)
            if job is not None and now >= job.ready:
                del self._waiting[key]
        if job is None:
            return result(1000, status="not-found", data=[])
        if now < job.ready:
            if now - job.asked < self._delay / 2:
                return result(1000, status="request", data=[])
            return self._page(job.wanted, "work", _PART)
        if job.fails:
            return result(JOB_FAILED, status="error", data=[])
        return self._page(job.wanted, "complete", job.wanted.limit)

    def _page(self, wanted: Wanted, status: str, limit: int) -> Answer:
        days = self._days_of(wanted)
        since, passed = wanted.until + 1, 0
        for day in days.values():
            if passed + day.count > wanted.offset:
                since = max(wanted.since, day.begin)
                break
            passed += day.count
        page = islice(self._found(wanted, since), wanted.offset - passed, None)
        return Answer(200, _body(status, islice(page, limit), days, wanted.costs), JSON)

    def _days_of(self, wanted: Wanted) -> dict[str, _Day]:
        """Totals of every day of the period, whatever the page; counted once for all pages."""
        query = replace(wanted, offset=0)
        with self._guard:
            known = self._days.get(query)
        if known is not None and wanted.offset:
            return known
        days: dict[str, _Day] = {}
        for one in self._found(wanted, wanted.since):
            period, begin = _period(one)
            day = days.setdefault(period, _Day(begin))
            day.count += 1
            day.talk += one.talk
            day.duration += one.duration
        with self._guard:
            self._days = {query: days}
        return days

    def _found(self, wanted: Wanted, since: int) -> Iterator[Conversation]:
        streams = [source(since, wanted.until) for source in self._sources]
        merged = heapq.merge(*streams, key=lambda one: one.start)
        return (one for one in merged if one.start >= since and wanted.accepts(one))

    def _drop_outdated(self, now: float) -> None:
        outdated = [key for key, one in self._waiting.items() if now - one.ready > KEPT_SECONDS]
        for key in outdated:
            del self._waiting[key]


@dataclass(slots=True)
class _Day:
    """Totals of a day; ``begin`` is its first second."""

    begin: int
    count: int = 0
    talk: int = 0
    duration: int = 0


def _period(one: Conversation) -> tuple[str, int]:
    moment = datetime.fromtimestamp(one.start, UTC).astimezone(MOSCOW)
    midnight = moment.replace(hour=0, minute=0, second=0)
    return moment.strftime("%Y-%m-%d"), int(midnight.timestamp())


def _body(
    status: str, page: Iterable[Conversation], days: dict[str, _Day], costs: frozenset[str]
) -> Iterator[bytes]:
    """The answer in pieces, so that no page is ever one string."""
    yield f'{{"result":1000,"status":"{status}","data":['.encode()
    for number, (period, found) in enumerate(groupby(page, key=lambda one: _period(one)[0])):
        yield b',{"list":[' if number else b'{"list":['
        for place, one in enumerate(found):
            yield (b"," if place else b"") + _text(one.as_json(costs))
        day = days.get(period, _Day(0))
        totals = {
            "period": period,
            "total_talks_duration": day.talk,
            "total_calls_duration": day.duration,
            "total_calls_count": day.count,
        }
        yield b"]," + _text(totals)[1:]
    yield b"]}"


def _text(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _read(data: Json) -> tuple[Wanted, bool]:
    """The page wanted, and whether its job will fail for ids that are texts (Q40)."""
    since, until = _date(data, "start_date"), _date(data, "end_date")
    if since > until:
        raise RefusalError(WRONG_DATES, "start_date is later than end_date")
    limit, offset = _number(data, "limit", required=True), _number(data, "offset", required=True)
    if limit not in LIMITS:
        raise RefusalError(WRONG_PARAMETERS, "limit is none of those allowed")
    users, users_fail = _ids(data, "user_ids")
    groups, groups_fail = _ids(data, "group_ids")
    types = data.get("context_type")
    listed = types if isinstance(types, list) else [] if types is None else [types]
    search = text(data, "search_string")
    if 0 < len(search) < 3:
        raise RefusalError(WRONG_FORM, "search_string is at least three characters")
    wanted = Wanted(
        since,
        until,
        limit or 0,
        offset or 0,
        users,
        groups,
        frozenset(one for one in map(integer_or_none, listed) if one is not None),
        _number(data, "context_status"),
        _number(data, "recall_status"),
        search,
        _costs(data),
    )
    is_missed = wanted.context_types == {INCOMING} and wanted.context_status == 0
    if wanted.recall_status is not None and not is_missed:
        raise RefusalError(WRONG_PARAMETERS, "recall_status goes with unanswered incoming calls")
    return wanted, users_fail or groups_fail


def _date(data: Json, name: str) -> int:
    """Wall clock of Moscow; anything but the form of the sample is refused (Q38)."""
    value = text(data, name, required=True)
    for form in _FORMS:
        try:
            return int(datetime.strptime(value, form).replace(tzinfo=MOSCOW).timestamp())
        except ValueError:
            continue
    raise RefusalError(WRONG_FORM, f"{name} must be DD.MM.YYYY HH:MM:SS")


def _number(data: Json, name: str, *, required: bool = False) -> int | None:
    """An integer; the sample of the document writes it as a text (T-19)."""
    value = data.get(name)
    if value is None or value == "":
        if required:
            raise RefusalError(MISSING, f"{name} is required")
        return None
    number = integer_or_none(value)
    if number is None or number < 0:
        raise RefusalError(WRONG_FORM, f"{name} must be a whole number")
    return number


def _ids(data: Json, name: str) -> tuple[frozenset[int], bool]:
    value = data.get(name)
    if value is None:
        return frozenset(), False
    if not isinstance(value, list):
        raise RefusalError(WRONG_FORM, f"{name} must be an array")
    numbers = [one for one in value if isinstance(one, int) and not isinstance(one, bool)]
    return frozenset(numbers), len(numbers) < len(value)


def _costs(data: Json) -> frozenset[str]:
    names = data.get("ext_fields") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RefusalError(WRONG_FORM, "ext_fields must be an array of strings")
    return frozenset(names) & _COSTS
