"""Basic statistics on request: a key at once, 204 until ready, the CSV once, then 404 (§3.4.1)."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from . import ids
from .answers import Answer, RefusalError, as_json, not_found
from .clock import Clock
from .fields import WRONG_FORM, WRONG_PARAMETERS, Json, moment, optional_text, party, text
from .rows import Filter, Row, csv_lines, parse_fields

#: "One month" of the document (§3.4.1.1).
LONGEST_PERIOD = 31 * 86_400
#: Kept "not less than one minute" once ready (Q22); a client that dawdles asks anew.
KEPT_SECONDS = 120.0
WRONG_DATES, GIVE_ONE = 3111, 3123
_PIECE = 500

Rows = Callable[[int, int], Iterable[Row]]
Notify = Callable[[float, str, dict[str, object]], None]


@dataclass(frozen=True, slots=True)
class _Report:
    fields: tuple[str, ...]
    wanted: Filter
    ready: float


class Reports:
    """Reports asked for and not yet fetched."""

    def __init__(
        self, clock: Clock, sources: tuple[Rows, ...], notify: Notify, *, seed: int, delay: float
    ) -> None:
        self._clock = clock
        self._sources = sources
        self._notify = notify
        self._seed = seed
        self._delay = delay
        self._guard = threading.Lock()
        self._asked = 0
        self._waiting: dict[str, _Report] = {}

    def request(self, data: Json) -> Answer:
        """``stats/request``: check, promise, answer with the key (§3.4.1.1)."""
        wanted = _read_filter(data)
        fields = parse_fields(data.get("fields"))
        if fields is None:
            raise RefusalError(WRONG_FORM, "fields names an unknown column")
        request_id = optional_text(data, "request_id")
        with self._guard:
            self._asked += 1
            key = ids.report_key(self._seed, self._asked, self._clock.now())
            self._waiting[key] = _Report(fields, wanted, self._clock.monotonic() + self._delay)
        if request_id is not None:
            self._notify(self._delay, "result/stat", {"key": key, "request_id": request_id})
        return as_json({"key": key})

    def result(self, data: Json) -> Answer:
        """``stats/result``: 204 not ready, 200 CSV and the key is spent, 404 anything else."""
        key = text(data, "key", required=True)
        now = self._clock.monotonic()
        with self._guard:
            self._drop_outdated(now)
            report = self._waiting.get(key)
            if report is None:
                return not_found()
            if now < report.ready:
                return Answer(204)
            del self._waiting[key]
        rows = (row for row in self._rows(report.wanted) if report.wanted.accepts(row))
        return Answer(200, _pieces(csv_lines(rows, report.fields)), "text/csv;charset=UTF-8")

    def _rows(self, wanted: Filter) -> Iterator[Row]:
        streams = [source(wanted.since, wanted.until) for source in self._sources]
        return heapq.merge(*streams, key=lambda row: row.start)

    def _drop_outdated(self, now: float) -> None:
        outdated = [key for key, one in self._waiting.items() if now - one.ready > KEPT_SECONDS]
        for key in outdated:
            del self._waiting[key]


def _read_filter(data: Json) -> Filter:
    since, until = moment(data, "date_from"), moment(data, "date_to")
    if since > until:
        raise RefusalError(WRONG_DATES, "date_from is later than date_to")
    if until - since > LONGEST_PERIOD:
        raise RefusalError(WRONG_PARAMETERS, "the period is longer than a month")
    source, target, either = (party(data, name) for name in ("from", "to", "call_party"))
    if not either.is_empty() and not (source.is_empty() and target.is_empty()):
        raise RefusalError(GIVE_ONE, "call_party goes without from and to")
    return Filter(since, until, source, target, either)


def _pieces(lines: Iterable[str]) -> Iterator[bytes]:
    """Some hundred lines at a time, so that a year of calls never is one string."""
    held: list[str] = []
    for line in lines:
        held.append(line)
        if len(held) == _PIECE:
            yield "".join(held).encode()
            held.clear()
    if held:
        yield "".join(held).encode()
