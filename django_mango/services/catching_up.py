"""Imports that find out by themselves what is missing: the newest, and the gaps."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from .. import conf
from ..client import Client
from ..models import Account, CallRecord
from . import coverage
from .accounts import account_for
from .background import job, start
from .errors import ImportIncomplete, ImportRunning, TooSoon
from .importing import ImportReport, Progress, import_periods, latest_periods
from .importing.planning import RECENT
from .leases import claim
from .periods import Period

log = logging.getLogger("django_mango.importing")

#: A button starts one import of the newest in so long.
REFRESH_EVERY = timedelta(seconds=30)

_BASIC = str(CallRecord.Kind.BASIC)


def import_latest(
    account: Account | str | None,
    *,
    kind: str = _BASIC,
    progress: Progress | None = None,
    client: Client | None = None,
) -> ImportReport:
    """Load what is not complete up to now, see ``latest_periods``.

    Raises as ``import_statistics``.
    """
    if not isinstance(account, Account):
        account = account_for(account)
    periods = latest_periods(account, kind)
    return import_periods(account, periods, kind=kind, progress=progress, client=client)


def import_gaps(
    account: Account | str | None,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    kind: str = _BASIC,
    progress: Progress | None = None,
    client: Client | None = None,
) -> ImportReport:
    """Load what is missing of a period; by default from the first moment ever loaded to now.

    A gap that fails does not stop the others, unless the service has locked the account
    out. Raises as ``import_statistics``.
    """
    if not isinstance(account, Account):
        account = account_for(account)
    gaps = missing(account, since, until, kind)
    return import_periods(account, gaps, kind=kind, progress=progress, client=client)


def missing(
    account: Account,
    since: datetime | None = None,
    until: datetime | None = None,
    kind: str = _BASIC,
) -> list[Period]:
    """The gaps ``import_gaps`` would load; the last one reaches up to now."""
    begin = since or coverage.first_loaded(account, kind) or _now() - RECENT
    end = min(until or _now(), _now())
    found = coverage.gaps(account, begin, end, kind)
    # Time has passed since the gaps were looked for.
    settled = timezone.now() - conf.seconds("STATS_SETTLE_SECONDS") - timedelta(minutes=1)
    # What cannot be complete yet is worth loading along.
    return [Period(one.since, end) if settled <= one.until < end else one for one in found]


def start_refresh(account: Account, kind: str = _BASIC) -> None:
    """Have the newest loaded outside this process; for buttons.

    Raises ``TooSoon``, ``ImportRunning`` and ``NotStarted``.
    """
    _refuse_while_running(account)
    if not claim(f"refresh:{account.alias}", REFRESH_EVERY):
        raise TooSoon(_("The statistics were asked for a moment ago."), "too_soon")
    start(load_latest, alias=account.alias, kind=kind)


def start_gaps(account: Account, since: datetime, until: datetime, kind: str = _BASIC) -> None:
    """Have what is missing of a period loaded outside this process; for buttons.

    Raises ``ImportRunning`` and ``NotStarted``.
    """
    _refuse_while_running(account)
    start(load_gaps, alias=account.alias, since=since, until=until, kind=kind)


@job
def load_latest(alias: str | None = None, kind: str = _BASIC) -> dict[str, object]:
    """``import_latest`` as a background job; what came of it, as JSON."""
    return _told(lambda: import_latest(alias, kind=kind))


@job
def load_gaps(
    alias: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    kind: str = _BASIC,
) -> dict[str, object]:
    """``import_gaps`` as a background job; what came of it, as JSON."""
    return _told(lambda: import_gaps(alias, since, until, kind=kind))


def _told(work: Callable[[], ImportReport]) -> dict[str, object]:
    try:
        report = work()
    except ImportRunning as running:
        # Whoever runs does what was asked for.
        log.info("%s", running)
        return {"running": str(running)}
    numbers = {name: getattr(report, name) for name in ("rows", "new", "changed", "bad", "calls")}
    if report.errors:
        raise ImportIncomplete(report.errors[0], "incomplete")
    return {"account": report.account.alias, "windows": len(report.windows), **numbers}


def _refuse_while_running(account: Account) -> None:
    if coverage.is_importing(account):
        raise ImportRunning(
            _("Statistics of this account are being imported already."), "import_running"
        )


def _now() -> datetime:
    """Whole seconds, as the service counts."""
    return timezone.now().replace(microsecond=0)
