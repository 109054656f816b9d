"""How an import shows that it goes on: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.core.management.base import OutputWrapper
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from ..models import StatsImport
from ..services import Progress
from .streams import RawStream


class Quiet(Progress):
    """Shows nothing, counts the planned windows. Used as a context manager."""

    #: Whether the outcome of each window was shown, failures included.
    shows_windows = False

    def __init__(self) -> None:
        self.windows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave the terminal clean, also after a failure."""

    def started(self, windows: int) -> None:
        self.windows = windows


class Lines(Quiet):
    """One line per finished window, for cron and log files."""

    shows_windows = True

    def __init__(self, out: OutputWrapper) -> None:
        super().__init__()
        self._out = out
        self._place = ""

    def window_started(self, index: int, total: int, since: datetime, until: datetime) -> None:
        self._place = f"{index}/{total} {period(since, until)}"

    def window_done(self, window: StatsImport) -> None:
        self._out.write(f"{self._place}: {counted(window)}")


class Bar(Quiet):
    """A bar of windows with the remaining time and the rows read so far."""

    def __init__(self, out: OutputWrapper) -> None:
        super().__init__()
        self._out = out
        self._rows = 0
        self._bar: tqdm[Any] | None = None

    def __exit__(self, *_error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def started(self, windows: int) -> None:
        super().started(windows)
        self._bar = tqdm(
            total=windows,
            file=RawStream(self._out),
            unit=_("window"),
            dynamic_ncols=True,
            leave=False,
        )

    def window_started(self, index: int, total: int, since: datetime, until: datetime) -> None:
        if self._bar is not None:
            self._bar.set_description_str(period(since, until))

    def rows_read(self, count: int) -> None:
        if self._bar is not None:
            self._bar.set_postfix_str(rows(self._rows + count))

    def window_done(self, window: StatsImport) -> None:
        self._rows += window.rows
        self.rows_read(0)
        if self._bar is not None:
            self._bar.update()
            self._bar.refresh()  # tqdm skips what follows too closely, the last window too


def rows(count: int) -> str:
    """``12 rows`` in the reader's language."""
    return ngettext("%(count)d row", "%(count)d rows", count) % {"count": count}


def period(since: datetime, until: datetime) -> str:
    """A period in the current time zone, the same in every language: logs are searched."""
    return f"{_short(since)} - {_short(until)}"


def counted(done: StatsImport) -> str:
    """What came of one window, one line."""
    if done.state == StatsImport.State.FAILED:
        return _("failed: %(error)s") % {"error": done.error}
    parts = [
        rows(done.rows),
        _("new %(new)d, changed %(changed)d, unchanged %(unchanged)d")
        % {"new": done.new, "changed": done.changed, "unchanged": done.unchanged},
    ]
    if done.bad:
        parts.append(_("not understood %(bad)d") % {"bad": done.bad})
    return ", ".join(parts)


def _short(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"
