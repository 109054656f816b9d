"""One import of one account, under its lease."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from typing import Any

from django.utils import timezone

from ... import conf, signals
from ...models import Account, StatsImport
from ...protocol.errors import ServiceError
from ..announcing import send
from ..following import News
from ..leases import HeldLease
from ..periods import Period
from ..sweeping import sweep
from .loading import Loader
from .planning import loaded_by_a_dead_run
from .problems import ends_the_run, fail
from .report import ImportReport, Progress
from .writing import Writer, save

log = logging.getLogger("django_mango.importing")

_State = StatsImport.State


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
        self._began_at = timezone.now()

    def over(
        self, windows: Sequence[Period], *, go_on: bool = False, file_name: str = ""
    ) -> ImportReport:
        """Load the windows; with ``go_on`` without those that a dead run has loaded."""
        self._close_interrupted()
        planned = self._plan(windows, go_on, file_name)
        self._report.planned = len(planned)
        self._progress.started(len(planned))
        try:
            self._over_all(planned)
            self._report.calls = self._writer.calls + len(sweep(self._account, news=self._news))
        finally:  # what is stored is no news for the next run
            self._news.announce()
        send(signals.import_finished, ImportReport, report=self._report)
        return self._report

    def _over_all(self, windows: Sequence[StatsImport]) -> None:
        for index, window in enumerate(windows, 1):
            self._progress.window_started(index, len(windows), window.since, window.until)
            self._report.windows.append(window)
            error = self._window(window)
            self._progress.window_done(window)
            if error is not None:
                self._report.errors.append(window.error)
                if ends_the_run(error):
                    break

    def _close_interrupted(self) -> None:
        """We hold the lease, so windows that look running were left by a dead process."""
        StatsImport.objects.filter(
            account=self._account, state__in=(_State.REQUESTED, _State.LOADING)
        ).update(
            state=_State.FAILED,
            problem=StatsImport.Problem.INTERRUPTED,
            error="interrupted",
            finished_at=self._began_at,
        )

    def _plan(self, windows: Sequence[Period], go_on: bool, file_name: str) -> list[StatsImport]:
        """What is to be loaded, as rows that are stored one by one."""
        kind, of_run = self._loader.kind, self._of_run(windows)
        loaded: dict[Period, int] = {}
        if go_on:
            loaded = loaded_by_a_dead_run(self._account, kind, windows, self._began_at)
        # They belong to this run now: should it die too, the next one finds them.
        for position, period in enumerate(windows, 1):
            if period in loaded:
                rows = StatsImport.objects.filter(pk=loaded[period])
                rows.update(**of_run, run_position=position)
        self._report.skipped = len(loaded)
        return [
            StatsImport(
                account=self._account,
                kind=kind,
                since=period.since,
                until=period.until,
                file_name=file_name,
                run_position=position,
                **of_run,
            )
            for position, period in enumerate(windows, 1)
            if period not in loaded
        ]

    def _of_run(self, windows: Sequence[Period]) -> dict[str, Any]:
        return {
            "run_started_at": self._began_at,
            "run_since": windows[0].since if windows else None,
            "run_until": windows[-1].until if windows else None,
            "run_windows": len(windows),
        }

    def _window(self, window: StatsImport) -> ServiceError | None:
        """Load one window; the error where the service or the file is to blame."""
        window.started_at = timezone.now()
        window.save()
        try:
            self._load(window)
        except ServiceError as error:
            self._fail(window, error)
            return error
        except BaseException as error:
            self._fail(window, error)
            raise
        window.state = _State.DONE
        if self._loader.covers:
            settled = window.started_at - conf.seconds("STATS_SETTLE_SECONDS")
            window.complete_until = min(window.until, settled)
        window.finished_at = timezone.now()
        save(window)
        return None

    def _load(self, window: StatsImport) -> None:
        rows = self._loader.rows(window, lambda: self._is_ready(window))
        # Closed at once where writing fails: the answer is still on the wire.
        with closing(rows), closing(self._writer.store(window, rows)) as batches:
            for _ in batches:
                self._lease.beat()
                self._progress.rows_read(window.rows)
                self._progress.reached(_share(window))

    def _is_ready(self, window: StatsImport) -> bool:
        """Asked while waiting: keeps the lease, looks for the readiness notification."""
        self._lease.beat()
        self._progress.waiting()
        return StatsImport.objects.filter(pk=window.pk).exclude(ready_at=None).exists()

    def _fail(self, window: StatsImport, error: BaseException) -> None:
        fail(window, error)
        log.warning("statistics %s failed: %s: %s", window, window.problem, window.error)
        save(window)


def _share(window: StatsImport) -> float:
    """How much of the window its latest call has reached."""
    whole = window.until - window.since
    if window.reached_at is None or window.file_name or whole <= timedelta():
        return 0.0
    return min(max((window.reached_at - window.since) / whole, 0.0), 1.0)
