"""What an import tells while it runs and at its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ...models import Account, StatsImport


class Progress:
    """What an import tells while it runs; override what you need."""

    def started(self, windows: int) -> None:
        """The number of windows is known."""

    def window_started(self, index: int, total: int, since: datetime, until: datetime) -> None:
        """Window ``index`` (from 1) of ``total`` is requested."""

    def waiting(self) -> None:
        """The service makes the report; told about twice a second."""

    def rows_read(self, count: int) -> None:
        """So many rows of this window are stored."""

    def reached(self, share: float) -> None:
        """Roughly this share of the window, 0 to 1, is stored; told after ``rows_read``.

        Judged by the starts of the calls, which mostly come in order.
        """

    def window_done(self, window: StatsImport) -> None:
        """The window is done or has failed."""


@dataclass(slots=True)
class ImportReport:
    """What an import did.

    ``windows`` are those that were tried, of ``planned``; ``skipped`` were loaded before by
    a run that died. ``calls`` counts calls created or changed. ``errors`` are technical, one
    for each window that failed; its ``why`` is for people.
    """

    account: Account
    windows: list[StatsImport] = field(default_factory=list)
    planned: int = 0
    skipped: int = 0
    calls: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Every window is complete and every row was understood."""
        return not self.errors and not self.bad

    @property
    def failed(self) -> list[StatsImport]:
        return [window for window in self.windows if window.state == StatsImport.State.FAILED]

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
