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
    """Shows nothing. Used as a context manager."""

    #: Whether the outcome of each window was shown, failures included.
    shows_windows = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave the terminal clean, also after a failure."""


class Lines(Quiet):
    """One line per finished window, for cron and log files.

    ``label`` stands before each, where several accounts are imported.
    """

    shows_windows = True

    def __init__(self, out: OutputWrapper, label: str = "") -> None:
        self._out = out
        self._label = f"{label}: " if label else ""
        self._number = ""

    def window_started(self, index: int, total: int, since: datetime, until: datetime) -> None:
        self._number = f"{index}/{total}"

    def window_done(self, window: StatsImport) -> None:
        self._out.write(f"{self._label}{self._number} {place(window)}: {counted(window)}")


class Bar(Quiet):
    """A bar over all windows with the rows read so far and the remaining time.

    It moves within a window too, as far as its calls come in order, so that an import of one
    long window shows how far it is.
    """

    def __init__(self, out: OutputWrapper, label: str = "") -> None:
        self._out = out
        self._label = f"{label}: " if label else ""
        self._windows = self._index = 0
        self._rows = 0
        self._bar: tqdm[Any] | None = None

    def __exit__(self, *_error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def started(self, windows: int) -> None:
        self._windows = windows
        self._bar = tqdm(
            total=windows,
            file=RawStream(self._out),
            bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}",
            # Windows differ too much for the last one to foretell the next.
            smoothing=0,
            dynamic_ncols=True,
            leave=False,
        )

    def window_started(self, index: int, total: int, since: datetime, until: datetime) -> None:
        self._index = index
        if self._bar is not None:
            self._bar.set_description_str(f"{self._label}{period(since, until)}", refresh=False)
            self._show(_("waiting for the PBX"))

    def waiting(self) -> None:
        # The clock goes on.
        if self._bar is not None:
            self._bar.refresh()

    def rows_read(self, count: int) -> None:
        self._show(rows(self._rows + count))

    def reached(self, share: float) -> None:
        self._move(self._index - 1 + share)

    def window_done(self, window: StatsImport) -> None:
        self._rows += window.rows
        self._move(self._index)
        self.rows_read(0)

    def _show(self, what: str) -> None:
        if self._bar is not None:
            self._bar.set_postfix_str(f"{self._index}/{self._windows}, {what}")

    def _move(self, windows: float) -> None:
        if self._bar is not None and windows > self._bar.n:
            self._bar.n = windows
            self._bar.refresh()  # tqdm skips what follows too closely, the last window too


def rows(count: int) -> str:
    """``12 rows`` in the reader's language."""
    return ngettext("%(count)d row", "%(count)d rows", count) % {"count": count}


def period(since: datetime, until: datetime) -> str:
    """A period in the current time zone, the same in every language: logs are searched."""
    return f"{_short(since)} - {_short(until)}"


def place(window: StatsImport) -> str:
    """Which window: its file, else its period."""
    return window.file_name or period(window.since, window.until)


def counted(done: StatsImport) -> str:
    """What came of one window, one line."""
    if done.state == StatsImport.State.FAILED:
        return _("failed: %(error)s") % {"error": done.why}
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
