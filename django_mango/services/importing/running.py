"""One import of one account, under its lease."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta

from django.utils import timezone

from ... import conf, signals
from ...models import Account, StatsImport
from ...protocol.errors import LockedOut, ServiceError, WrongRequest
from ..announcing import send
from ..following import News
from ..leases import HeldLease
from ..sweeping import sweep
from .loading import Loader
from .report import ImportReport, Progress
from .windows import windows_of
from .writing import Writer, printable, save

log = logging.getLogger("django_mango.importing")

_SHOWN = 500


class Run:
    """Loads windows one after the other; what fails is recorded and the next is tried."""

    def __init__(
        self, account: Account, loader: Loader, lease: HeldLease, progress: Progress
    ) -> None:
        self._account = account
        self._loader = loader
        self._lease = lease
        self._progress = progress
        self._report = ImportReport(account)
        self._news = News(account)
        self._writer = Writer(account, self._news)
        self._is_hopeless = False
        self._began_at = timezone.now()

    def over(self, since: datetime, until: datetime, step: timedelta) -> ImportReport:
        self._close_interrupted()
        windows = windows_of(since, until, step)
        self._progress.started(len(windows))
        try:
            self._over_all(windows)
            self._report.calls = self._writer.calls + len(sweep(self._account, news=self._news))
        finally:  # what is stored is no news for the next run
            self._news.announce()
        send(signals.import_finished, ImportReport, report=self._report)
        return self._report

    def _over_all(self, windows: Sequence[tuple[datetime, datetime]]) -> None:
        for index, (start, end) in enumerate(windows, 1):
            self._progress.window_started(index, len(windows), start, end)
            window = self._window(start, end, index, len(windows))
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

    def _window(self, since: datetime, until: datetime, index: int, total: int) -> StatsImport:
        now = timezone.now()
        window = StatsImport.objects.create(
            account=self._account,
            kind=self._loader.kind,
            since=since,
            until=until,
            started_at=now,
            run_started_at=self._began_at,
            run_position=index,
            run_windows=total,
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
            save(window)
        return window

    def _load(self, window: StatsImport) -> None:
        rows = self._loader.rows(window, lambda: self._is_ready(window))
        # Closed at once where writing fails: the answer is still on the wire.
        with closing(rows), closing(self._writer.store(window, rows)) as batches:
            for _ in batches:
                self._lease.beat()
                self._progress.rows_read(window.rows)

    def _is_ready(self, window: StatsImport) -> bool:
        """Asked while waiting: keeps the lease, looks for the readiness notification."""
        self._lease.beat()
        return StatsImport.objects.filter(pk=window.pk).exclude(ready_at=None).exists()

    def _fail(self, window: StatsImport, error: str) -> None:
        log.warning("statistics %s failed: %s", window, error)
        window.state = StatsImport.State.FAILED
        window.error = printable(error)[:_SHOWN]
        window.finished_at = timezone.now()
        save(window)
