"""What works and what does not, for the administrator: settings, accounts, news, imports, people.

Nothing is sent and nothing is written, and no line holds a secret.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import conf
from ..models import Account, Employee, Notification, StatsImport
from . import coverage
from .client_doctor import clients_findings
from .findings import Finding, Level, ok, problem, warning
from .mapping import Standing, mapping_of
from .staleness import import_staleness, staleness_text

_TAG = "django_mango"


def examine() -> Iterator[Finding]:
    """Everything of all accounts, the settings first; later lines need what earlier ones check."""
    yield from _settings()
    try:
        aliases = sorted(conf.accounts())
    except ImproperlyConfigured:
        return  # a line above says why
    for alias in aliases:
        account = Account.objects.filter(alias=alias).first()
        if account is None:
            yield warning(
                _("%(account)s: nothing was sent or received yet.") % {"account": alias},
                _("Run mango_sync: it asks the PBX for its employees."),
            )
            continue
        yield from _account(account)
        yield from _notifications(account)
        yield from _imports(account)
        yield from _people(account)
    yield from clients_findings()


def _settings() -> Iterator[Finding]:
    """The system checks of this app; hints are their remedies."""
    found = [one for one in checks.run_checks(tags=[_TAG]) if not one.is_silenced()]
    for message in found:
        level = Level.PROBLEM if message.level >= checks.ERROR else Level.WARNING
        yield Finding(level, f"{message.msg} ({message.id})", str(message.hint or ""))
    if not found:
        yield ok(_("The settings are in order."))


def _account(account: Account) -> Iterator[Finding]:
    until = account.locked_until()
    if until is not None:
        yield problem(
            _("%(account)s: the PBX refuses this account until %(time)s.")
            % {"account": account.alias, "time": _moment(until)},
            _("Too many wrong requests: look at the journal of commands, check key and salt."),
        )
    else:
        yield ok(_("%(account)s: the PBX refuses nothing.") % {"account": account.alias})


def _notifications(account: Account) -> Iterator[Finding]:
    rows = Notification.objects.filter(account=account)
    latest = rows.order_by("-received_at").values_list("received_at", flat=True).first()
    if latest is None:
        yield warning(
            _("%(account)s: no notification has arrived yet.") % {"account": account.alias},
            _("Enter the address of the webhook in the personal account of the PBX."),
        )
        return
    yield ok(
        _("%(account)s: the last notification arrived at %(time)s.")
        % {"account": account.alias, "time": _moment(latest)}
    )
    failed = rows.exclude(error="").count()
    if failed:
        yield warning(
            ngettext(
                "%(account)s: %(count)d notification was not understood.",
                "%(account)s: %(count)d notifications were not understood.",
                failed,
            )
            % {"account": account.alias, "count": failed},
            _("See the list of notifications; mango_replay processes them again."),
        )


def _imports(account: Account) -> Iterator[Finding]:
    done = StatsImport.objects.filter(account=account, state=StatsImport.State.DONE)
    latest = done.order_by("-finished_at").values_list("finished_at", flat=True).first()
    if latest is None:
        yield warning(
            _("%(account)s: statistics were never imported.") % {"account": account.alias},
            _("Run mango_import_stats, and put it into cron."),
        )
        return
    yield ok(
        _("%(account)s: statistics were last imported at %(time)s.")
        % {"account": account.alias, "time": _moment(latest)}
    )
    state = import_staleness(account)
    if state.is_stale:
        yield problem(
            f"{account.alias}: {staleness_text(state)}",
            _("See whether the scheduled import runs: docs/scheduling.md."),
        )
    newest, complete = coverage.newest_loaded(account), coverage.complete_until(account)
    if newest and complete and complete < newest:
        yield warning(
            _("%(account)s: statistics have gaps from %(time)s on.")
            % {"account": account.alias, "time": _moment(complete)},
            _("Run mango_import_stats --gaps, or press “Load” in “Completeness by day”."),
        )


def _people(account: Account) -> Iterator[Finding]:
    if not Employee.objects.filter(account=account, is_active=True).exists():
        yield warning(
            _("%(account)s: no employees are known.") % {"account": account.alias},
            _("Run mango_sync, or press “Load employees” above the list of employees."),
        )
        return
    counts: dict[Standing, int] = dict.fromkeys(Standing, 0)
    for row in mapping_of(account):
        counts[row.standing] += 1
    yield ok(
        _("%(account)s: employees joined with users of the CRM: %(count)d.")
        % {"account": account.alias, "count": counts[Standing.MATCHED]}
    )
    waiting = counts[Standing.SUGGESTED] + counts[Standing.AMBIGUOUS]
    if waiting:
        yield warning(
            ngettext(
                "%(account)s: %(count)d employee waits to be joined with a user.",
                "%(account)s: %(count)d employees wait to be joined with users.",
                waiting,
            )
            % {"account": account.alias, "count": waiting},
            _("Open “Who is who” above the list of employees."),
        )


def _moment(moment: object) -> str:
    return date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")  # type: ignore[arg-type] # a datetime
