"""Statistics into the database: windows, polling, keyed upserts, calls (§3.4).

==============  ===============================================================
``windows``     periods as windows the service takes
``planning``    which periods there are to load
``loading``     where the rows of a window come from: the service
``extended``    the same for extended statistics
``files``       the same from a file
``batches``     rows in batches, and what is computed of them without a database
``ahead``       the thread that does so while the batch before is written
``writing``     batches of rows: records and the calls of their entries
``running``     one import under its lease, window by window
``problems``    why a window failed, as a stable word
``report``      what is told while it runs and at its end
==============  ===============================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import BinaryIO

from django.utils import timezone
from django.utils.translation import gettext as _

from ...client import Client
from ...models import Account, CallRecord, StatsImport
from ...protocol import statistics
from ...protocol.errors import InputError, ServiceError
from ...protocol.statistics import BadRow
from ..accounts import account_for, client_for
from ..bulk import Counters
from ..coverage import import_lease
from ..errors import FileRefused, ImportRunning
from ..leases import HeldLease, LeaseTaken
from ..periods import Period
from .batches import in_batches
from .extended import ExtendedLoader
from .files import READERS, FileLoader
from .loading import LONGEST_WINDOW, BasicLoader, Loader, ServiceLoader
from .planning import latest_periods, loaded_by_a_dead_run, unfinished_periods
from .problems import fail
from .report import ImportReport, Progress
from .running import Run
from .windows import checked, cut, windows_of
from .writing import counted_with, printable

__all__ = [
    "LOADERS",
    "LONGEST_WINDOW",
    "ImportReport",
    "Loader",
    "Progress",
    "already_loaded",
    "import_file",
    "import_periods",
    "import_statistics",
    "latest_periods",
    "look_at_file",
    "unfinished_periods",
    "windows_of",
    "windows_to_load",
]

_BASIC = str(CallRecord.Kind.BASIC)
#: Where each kind of statistics is loaded from.
LOADERS: dict[str, type[ServiceLoader]] = {
    _BASIC: BasicLoader,
    str(CallRecord.Kind.EXTENDED): ExtendedLoader,
}


def import_statistics(
    account: Account | str | None,
    since: datetime,
    until: datetime,
    *,
    kind: str = _BASIC,
    window: timedelta | None = None,
    progress: Progress | None = None,
    client: Client | None = None,
) -> ImportReport:
    """Load the statistics of a period; safe to repeat, overlap and interrupt.

    Times are aware; an ``until`` later than now means now. ``window`` is at most
    28 days (extended statistics: a second less than 30). A window that fails is recorded
    and the next ones are tried; the report says so. Raises ``PeriodRefused``,
    ``AccountUnknown`` and, when another process imports for this account, ``ImportRunning``
    (with the code ``taken_over`` where it began in the middle, because we were held up).
    """
    return import_periods(
        account,
        [Period(since, until)],
        kind=kind,
        window=window,
        progress=progress,
        client=client,
    )


def import_periods(
    account: Account | str | None,
    periods: Sequence[Period],
    *,
    kind: str = _BASIC,
    window: timedelta | None = None,
    go_on: bool = False,
    progress: Progress | None = None,
    client: Client | None = None,
) -> ImportReport:
    """Load several periods in one run, see ``import_statistics``.

    ``go_on``: windows that a run which was killed within the last day has loaded are not
    asked for again.
    """
    windows = windows_to_load(periods, kind=kind, window=window)
    account = account if isinstance(account, Account) else account_for(account)
    loader = LOADERS[kind](client or client_for(account))
    return _run(account, loader, windows, progress, go_on=go_on)


def import_file(
    account: Account | str | None,
    stream: BinaryIO,
    *,
    name: str,
    kind: str = _BASIC,
    fields: Sequence[str] = statistics.OUR_FIELDS,
    period: Period | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Load a saved answer of ``stats/result``, compressed with gzip or not, without network.

    ``fields`` are the columns it was requested with, in their order; ``name`` is kept in the
    journal. A ``period`` says that nothing of it is missing in the file: it counts as loaded.
    Raises ``FileRefused`` for unknown fields, else what ``import_statistics`` does.
    """
    columns = _checked_fields(kind, fields)
    now = timezone.now()
    # Without a period it is that of the calls, which are not known yet.
    whole = checked(period, now) if period else Period(now - timedelta(seconds=1), now)
    account = account if isinstance(account, Account) else account_for(account)
    loader = FileLoader(stream, kind=kind, fields=columns, stated=period is not None)
    return _run(account, loader, [whole], progress, file_name=printable(name)[-255:])


def look_at_file(
    stream: BinaryIO, *, kind: str = _BASIC, fields: Sequence[str] = statistics.OUR_FIELDS
) -> StatsImport:
    """What ``import_file`` would read, as a row that is not stored: rows, bad ones, period."""
    now = timezone.now()
    found = StatsImport(kind=kind, since=now - timedelta(seconds=1), until=now)
    loader = FileLoader(stream, kind=kind, fields=_checked_fields(kind, fields))
    try:
        for batch in in_batches(loader.rows(found, lambda: False)):
            bad = [row for row in batch if isinstance(row, BadRow)]
            for name, value in counted_with(found, len(batch), Counters(), bad).items():
                setattr(found, name, value)
    except ServiceError as error:
        fail(found, error)
    return found


def already_loaded(
    account: Account | None, windows: Sequence[Period], kind: str = _BASIC
) -> set[Period]:
    """Which of the windows ``import_periods`` with ``go_on`` would not ask for again."""
    if account is None:
        return set()
    return set(loaded_by_a_dead_run(account, kind, windows, timezone.now()))


def windows_to_load(
    periods: Sequence[Period], *, kind: str = _BASIC, window: timedelta | None = None
) -> list[Period]:
    """The windows that ``import_periods`` would ask for. Raises ``PeriodRefused``."""
    if kind not in LOADERS:
        raise ValueError(f"there are no statistics of the kind {kind!r}")
    return cut(periods, window, LOADERS[kind].longest)


def _checked_fields(kind: str, fields: Sequence[str]) -> tuple[str, ...]:
    if kind not in READERS:
        raise FileRefused(_("Statistics of this kind cannot be read from a file."), "kind")
    try:
        return statistics.checked_fields(fields)
    except InputError as error:
        raise FileRefused(
            _("“%(field)s” is no column of statistics, or stands twice; there are: %(known)s.")
            % {"field": error.detail, "known": ", ".join(statistics.KNOWN_FIELDS)},
            error.reason,
        ) from error


def _run(
    account: Account,
    loader: Loader,
    windows: Sequence[Period],
    progress: Progress | None,
    *,
    go_on: bool = False,
    file_name: str = "",
) -> ImportReport:
    try:
        lease = HeldLease(import_lease(account))
    except LeaseTaken as taken:
        raise ImportRunning(
            _("Statistics of this account are being imported already: %(owner)s.")
            % {"owner": taken.owner},
            "import_running",
        ) from taken
    try:
        with lease.kept():
            run = Run(account, loader, lease, progress or Progress())
            return run.over(windows, go_on=go_on, file_name=file_name)
    except LeaseTaken as taken:
        raise ImportRunning(
            _("Another process has taken this import over: %(owner)s.") % {"owner": taken.owner},
            "taken_over",
        ) from taken
    finally:
        lease.release()
