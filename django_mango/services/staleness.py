"""The alarm when statistics are older than a setting: for the check, the signal, the doctor."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, Max, OuterRef, Q, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import conf, signals
from ..models import Account, Call, Lease, StatsImport
from . import leases
from .announcing import send
from .background import job


@dataclass(frozen=True, slots=True)
class Staleness:
    """How old the statistics of an account are.

    ``loaded_until`` is the newest moment that is loaded, ``last_run_at`` when the newest good
    window was done, ``age`` the time since ``loaded_until``. ``waiting_since`` is when the
    oldest call was notified where statistics were never loaded. ``limit`` is zero where the
    alarm is off.
    """

    account: Account
    loaded_until: datetime | None
    last_run_at: datetime | None
    waiting_since: datetime | None
    age: timedelta | None
    limit: timedelta
    last_error: str = ""

    @property
    def is_stale(self) -> bool:
        """Whether somebody has to look: older than the setting allows.

        An account without statistics counts from its first call on; one without calls is
        not in use yet and raises no alarm.
        """
        return bool(self.limit) and self.age is not None and self.age > self.limit


def import_staleness(account: Account, now: datetime | None = None) -> Staleness:
    """How old the statistics of an account are; two or three queries."""
    now = now or timezone.now()
    windows = StatsImport.objects.filter(account=account)
    done = windows.filter(state=StatsImport.State.DONE)
    newest = done.aggregate(until=Max("complete_until"), run=Max("finished_at"))
    loaded_until: datetime | None = newest["until"]
    waiting_since = None if loaded_until else _first_call(account)
    reference = loaded_until or waiting_since
    last = windows.order_by("-started_at", "-pk").first()
    return Staleness(
        account=account,
        loaded_until=loaded_until,
        last_run_at=newest["run"],
        waiting_since=waiting_since,
        age=now - reference if reference else None,
        limit=conf.seconds("STATS_ALERT_SECONDS"),
        last_error=last.why if last else "",
    )


def staleness_text(found: Staleness) -> str:
    """In words what is wrong, empty where nothing is."""
    if not found.is_stale:
        return ""
    if found.loaded_until is None:
        words = _("Statistics were never loaded, though calls come in.")
    else:
        local = timezone.localtime(found.loaded_until)
        words = _("Statistics are loaded up to %(moment)s only.") % {
            "moment": f"{local:%Y-%m-%d %H:%M}"
        }
    if not found.last_error:
        return words
    return _("%(what)s The last try failed: %(error)s") % {"what": words, "error": found.last_error}


@dataclass(frozen=True, slots=True)
class Glance:
    """The least one wants to know above a list: loaded up to when, loading now, too old."""

    account: Account
    loaded_until: datetime | None
    is_importing: bool
    is_stale: bool


def glance(aliases: Collection[str], now: datetime | None = None) -> list[Glance]:
    """A glance at these accounts: one query, for pages that must stay cheap."""
    now = now or timezone.now()
    limit = conf.seconds("STATS_ALERT_SECONDS")
    done = Q(imports__state=StatsImport.State.DONE)
    lease = Lease.objects.filter(name=Concat(Value("import:"), OuterRef("alias")), until__gt=now)
    rows = Account.objects.filter(alias__in=aliases).annotate(
        newest=Max("imports__complete_until", filter=done), is_importing=Exists(lease)
    )
    return [
        Glance(
            account=row,
            loaded_until=row.newest,
            is_importing=row.is_importing,
            is_stale=bool(limit) and row.newest is not None and now - row.newest > limit,
        )
        for row in rows.order_by("alias")
    ]


@job
def raise_alarm(alias: str) -> bool:
    """Send ``import_overdue`` if it is so, once in ``STATS_ALERT_SECONDS`` for all processes.

    Returns whether it was sent.
    """
    for account in Account.objects.filter(alias=alias):
        found = import_staleness(account)
        if found.is_stale and leases.claim(f"alarm:{alias}", found.limit):
            send(signals.import_overdue, Account, account=account, staleness=found)
            return True
    return False


def _first_call(account: Account) -> datetime | None:
    moments = Call.objects.filter(account=account).exclude(started_at=None).order_by("started_at")
    return moments.values_list("started_at", flat=True).first()
