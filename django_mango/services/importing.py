"""Statistics into the database: windows, polling, keyed upserts, calls (§3.4.1)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.utils import timezone
from django.utils.translation import gettext as _

from .. import conf, signals
from ..client import Client, StatisticsClient
from ..models import Account, CallRecord, StatsImport
from ..protocol import statistics
from ..protocol.commands import StatsRequest
from ..protocol.errors import AnswerLost, LockedOut, ResultGone, ServiceError, WrongRequest
from ..protocol.projection import Directory
from ..protocol.statistics import BadRow, Record
from .accounts import account_for, client_for
from .announcing import send
from .bulk import Counters, write_records
from .changes import Change
from .directory import with_directory
from .errors import ImportRunning, PeriodRefused
from .following import News
from .leases import HeldLease, LeaseTaken
from .projecting import project_locked
from .recordings import are_known, refresh_recordings
from .sweeping import sweep

log = logging.getLogger("django_mango.importing")

#: The service allows a month; neighbours share their edge second (§3.4.1.1, Q25).
LONGEST_WINDOW = timedelta(days=28)
#: Years of empty windows would be asked for otherwise, one request every two seconds.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_BATCH = 2000
_BAD_ROWS_KEPT = 20
_SHOWN = 500


class Progress:
    """What an import tells while it runs; override what you need."""

    def started(self, windows: int) -> None:
        """The number of windows is known."""

    def window_started(self, index: int, total: int, since: datetime, until: datetime) -> None:
        """Window ``index`` (from 1) of ``total`` is requested."""

    def rows_read(self, count: int) -> None:
        """So many rows of this window are stored."""

    def window_done(self, window: StatsImport) -> None:
        """The window is done or has failed."""


@dataclass(slots=True)
class ImportReport:
    """What an import did. ``calls`` counts calls created or changed."""

    account: Account
    windows: list[StatsImport] = field(default_factory=list)
    calls: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Every window is complete and every row was understood."""
        return not self.errors and not self.bad

    @property
    def rows(self) -> int:
        return sum(window.rows for window in self.windows)

    @property
    def new(self) -> int:
        return sum(window.new for window in self.windows)

    @property
    def changed(self) -> int:
        return sum(window.changed for window in self.windows)

    @property
    def unchanged(self) -> int:
        return sum(window.unchanged for window in self.windows)

    @property
    def bad(self) -> int:
        return sum(window.bad for window in self.windows)


def import_statistics(
    account: Account | str | None,
    since: datetime,
    until: datetime,
    *,
    kind: str = CallRecord.Kind.BASIC,
    window: timedelta | None = None,
    progress: Progress | None = None,
    client: Client | None = None,
) -> ImportReport:
    """Load the statistics of a period; safe to repeat, overlap and interrupt.

    Times are aware; an ``until`` later than now means now. ``window`` is at most
    28 days. A window that fails is recorded and the next ones are tried; the
    report says so. Raises ``PeriodRefused``, ``AccountUnknown`` and, when another
    process imports for this account, ``ImportRunning``.
    """
    if kind != CallRecord.Kind.BASIC:
        raise ValueError("only basic statistics can be imported")
    step = LONGEST_WINDOW if window is None else window
    until = _checked_end(since, until, step)
    if not isinstance(account, Account):
        account = account_for(account)
    client = client or client_for(account)
    try:
        lease = HeldLease(f"import:{account.alias}")
    except LeaseTaken as taken:
        raise _running(taken) from taken
    try:
        return _Run(account, client, lease, progress or Progress()).over(since, until, step)
    except LeaseTaken as taken:
        raise _running(taken) from taken
    finally:
        lease.release()


def windows_of(
    since: datetime, until: datetime, step: timedelta
) -> list[tuple[datetime, datetime]]:
    """The period cut into windows; neighbours share their edge second."""
    edges = [since]
    while edges[-1] + step < until:
        edges.append(edges[-1] + step)
    return list(zip(edges, [*edges[1:], until], strict=True))


class _Run:
    """One import of one account, under its lease."""

    def __init__(
        self, account: Account, client: Client, lease: HeldLease, progress: Progress
    ) -> None:
        self._account = account
        self._lease = lease
        self._progress = progress
        self._statistics = StatisticsClient(
            client, max_wait=conf.seconds("STATS_MAX_WAIT_SECONDS").total_seconds()
        )
        self._report = ImportReport(account)
        self._news = News(account)
        self._is_hopeless = False

    def over(self, since: datetime, until: datetime, step: timedelta) -> ImportReport:
        self._close_interrupted()
        windows = windows_of(since, until, step)
        self._progress.started(len(windows))
        try:
            self._over_all(windows)
            self._report.calls += len(sweep(self._account, news=self._news))
        finally:  # what is stored is no news for the next run
            self._news.announce()
        send(signals.import_finished, ImportReport, report=self._report)
        return self._report

    def _over_all(self, windows: Sequence[tuple[datetime, datetime]]) -> None:
        for index, (start, end) in enumerate(windows, 1):
            self._progress.window_started(index, len(windows), start, end)
            window = self._window(start, end)
            self._progress.window_done(window)
            if window.state == StatsImport.State.FAILED:
                self._report.errors.append(window.error)
            if self._is_hopeless:
                break

    def _close_interrupted(self) -> None:
        """We hold the lease, so windows that look running were left by a dead process."""
        StatsImport.objects.filter(
            account=self._account,
            state__in=(StatsImport.State.REQUESTED, StatsImport.State.LOADING),
        ).update(state=StatsImport.State.FAILED, error="interrupted", finished_at=timezone.now())

    def _window(self, since: datetime, until: datetime) -> StatsImport:
        now = timezone.now()
        window = StatsImport.objects.create(
            account=self._account, since=since, until=until, started_at=now
        )
        self._report.windows.append(window)
        try:
            self._load(window)
        except ServiceError as error:
            self._fail(window, str(error))
            # A second wrong request locks the account out, asking on prolongs that (§1.4.1, Q12).
            self._is_hopeless = isinstance(error, (LockedOut, WrongRequest))
        except BaseException as error:
            self._fail(window, type(error).__name__)
            raise
        else:
            window.state = StatsImport.State.DONE
            window.complete_until = min(until, now - conf.seconds("STATS_SETTLE_SECONDS"))
            window.finished_at = timezone.now()
            _save(window)
        return window

    def _load(self, window: StatsImport) -> None:
        """Request, wait and store; a key that is gone is asked for anew, once (Q22)."""
        try:
            self._load_once(window)
        except ResultGone:
            log.info("the statistics key is gone, asking anew")
            self._load_once(window)

    def _load_once(self, window: StatsImport) -> None:
        window.attempts += 1
        window.rows = window.new = window.changed = window.unchanged = window.bad = 0
        window.bad_rows = []
        window.request_key = self._statistics.request(
            StatsRequest(window.since, window.until, fields=statistics.OUR_FIELDS)
        )
        window.ready_at = None
        window.state = StatsImport.State.LOADING
        window.save()
        with self._statistics.wait(window.request_key, hurry=lambda: self._is_ready(window)) as csv:
            self._store(window, statistics.read_rows(csv))

    def _is_ready(self, window: StatsImport) -> bool:
        """Asked while waiting: keeps the lease, looks for the readiness notification."""
        self._lease.beat()
        return StatsImport.objects.filter(pk=window.pk).exclude(ready_at=None).exists()

    def _store(self, window: StatsImport, rows: Iterator[Record | BadRow]) -> None:
        is_cut = False
        for batch in _batches(rows):
            good = [row for row in batch if isinstance(row, Record)]
            bad = [row for row in batch if isinstance(row, BadRow)]
            is_cut = is_cut or any(row.reason == "cut" for row in bad)
            counters, changes = self._write(window, good)
            self._report.calls += len(changes)
            self._news.take(changes)
            with_recordings = [row for row in good if row.records and row.entry_id]
            ids = {one for row in with_recordings for one in row.records}
            if ids and (counters.new or counters.changed or not are_known(self._account, ids)):
                refresh_recordings(self._account, {row.entry_id for row in with_recordings})
            self._count(window, len(batch), counters, bad)
            self._lease.beat()
            self._progress.rows_read(window.rows)
        if is_cut:
            raise AnswerLost("the last line of the statistics is cut off")

    def _write(self, window: StatsImport, records: list[Record]) -> tuple[Counters, list[Change]]:
        """Records and the calls of their entries, in one transaction: no kill parts them."""
        entry_ids = sorted({record.entry_id for record in records if record.entry_id})

        def work(directory: Directory) -> tuple[Counters, list[Change]]:
            # A write first: SQLite cannot turn a transaction that has read into a writer.
            StatsImport.objects.filter(pk=window.pk).update(state=StatsImport.State.LOADING)
            counters = write_records(self._account, records, timezone.now())
            if not (counters.new or counters.changed) or not entry_ids:
                return counters, []
            return counters, project_locked(
                self._account, entry_ids, directory, with_new_records=True
            )

        return with_directory(self._account, work) if records else (Counters(), [])

    def _count(
        self,
        window: StatsImport,
        rows: int,
        counters: Counters,
        bad: list[BadRow],
    ) -> None:
        window.rows += rows
        window.new += counters.new
        window.changed += counters.changed
        window.unchanged += counters.unchanged
        window.bad += len(bad)
        kept = _BAD_ROWS_KEPT - len(window.bad_rows)
        window.bad_rows += [
            {"line": row.line, "reason": row.reason, "text": _printable(row.text)}
            for row in bad[:kept]
        ]
        _save(window)

    def _fail(self, window: StatsImport, error: str) -> None:
        log.warning("statistics %s failed: %s", window, error)
        window.state = StatsImport.State.FAILED
        window.error = _printable(error)[:_SHOWN]
        window.finished_at = timezone.now()
        _save(window)


def _checked_end(since: datetime, until: datetime, step: timedelta) -> datetime:
    if since.tzinfo is None or until.tzinfo is None:
        raise PeriodRefused(_("The period needs times with a time zone."), "naive")
    if until <= since:
        raise PeriodRefused(_("The period ends before it begins."), "upside_down")
    if since < _EARLIEST:
        raise PeriodRefused(_("The period begins before there were statistics."), "too_early")
    now = timezone.now()
    if since >= now:
        raise PeriodRefused(_("The period lies in the future."), "future")
    if not timedelta(seconds=1) <= step <= LONGEST_WINDOW:
        raise PeriodRefused(_("A window is at least a second and at most 28 days long."), "window")
    return min(until, now)


def _save(window: StatsImport) -> None:
    """Write what we know; ``ready_at`` is the inbox's, which may have written it meanwhile."""
    fields = [field.name for field in StatsImport._meta.concrete_fields if not field.primary_key]
    window.save(update_fields=[name for name in fields if name != "ready_at"])


def _printable(text: str) -> str:
    """Text every database takes: PostgreSQL refuses NUL, JSON columns included."""
    return text.replace("\0", "\ufffd")


def _running(taken: LeaseTaken) -> ImportRunning:
    return ImportRunning(
        _("Statistics of this account are being imported already: %(owner)s.")
        % {"owner": taken.owner},
        "import_running",
    )


def _batches(rows: Iterable[Record | BadRow]) -> Iterator[list[Record | BadRow]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
