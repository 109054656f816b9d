"""Statistics into the database: windows, polling, keyed upserts, calls (§3.4.1).

==============  ===============================================================
``windows``     which windows a period is asked for in
``loading``     where the rows of a window come from
``writing``     batches of rows: records and the calls of their entries
``running``     one import under its lease, window by window
``report``      what is told while it runs and at its end
==============  ===============================================================
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from ...client import Client
from ...models import Account, CallRecord
from ..accounts import account_for, client_for
from ..errors import ImportRunning
from ..leases import HeldLease, LeaseTaken
from .loading import LONGEST_WINDOW, BasicLoader, Loader
from .report import ImportReport, Progress
from .running import Run
from .windows import checked_end, windows_of

__all__ = [
    "LONGEST_WINDOW",
    "ImportReport",
    "Loader",
    "Progress",
    "import_statistics",
    "windows_of",
]


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
    if kind not in LOADERS:
        raise ValueError(f"there are no statistics of the kind {kind!r}")
    if not isinstance(account, Account):
        account = account_for(account)
    loader = LOADERS[kind](client or client_for(account))
    step = loader.longest if window is None else window
    until = checked_end(since, until, step, loader.longest)
    try:
        lease = HeldLease(f"import:{account.alias}")
    except LeaseTaken as taken:
        raise _running(taken) from taken
    try:
        return Run(account, loader, lease, progress or Progress()).over(since, until, step)
    except LeaseTaken as taken:
        raise _running(taken) from taken
    finally:
        lease.release()


#: Where each kind of statistics is loaded from.
LOADERS: dict[str, Callable[[Client], Loader]] = {CallRecord.Kind.BASIC: BasicLoader}


def _running(taken: LeaseTaken) -> ImportRunning:
    return ImportRunning(
        _("Statistics of this account are being imported already: %(owner)s.")
        % {"owner": taken.owner},
        "import_running",
    )
