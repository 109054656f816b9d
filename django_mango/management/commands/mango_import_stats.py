"""``manage.py mango_import_stats``: call statistics into the database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ... import conf
from ...models import StatsImport
from ...services import ImportReport, ImportRunning, UserError, account_for, import_statistics
from ...ui import text
from .. import arguments
from ..base import FAILED, NOT_TRIED, MangoCommand
from ..people import add_account
from ..progress import Bar, Lines, Quiet, counted, period

#: A nightly run reads so much again: recordings and late calls appear afterwards.
DEFAULT_PERIOD = timedelta(days=3)


class Command(MangoCommand):
    summary = gettext_lazy(
        "Import call statistics of a period. Safe to repeat, to overlap and to interrupt."
    )
    after_interrupt = gettext_lazy("What was read is stored; run the command again to go on.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            type=arguments.since,
            metavar="MOMENT",
            help=_(
                "begin: 2026-11-01, 2026-11-01T09:30, 7d (ago), 12h, today, yesterday; default 3d"
            ),
        )
        parser.add_argument(
            "--until",
            type=arguments.until,
            metavar="MOMENT",
            help=_("end, the same forms; a date means that whole day; default now"),
        )
        parser.add_argument(
            "--window",
            type=arguments.duration,
            metavar="LENGTH",
            help=_("length of one request to the PBX: 7d, 12h; default and most 28d"),
        )
        which = parser.add_mutually_exclusive_group()
        add_account(which)
        which.add_argument(
            "--all-accounts", action="store_true", help=_("all PBX accounts, one after the other")
        )

    def handle(
        self,
        *args: Any,
        since: datetime | None = None,
        until: datetime | None = None,
        window: timedelta | None = None,
        account: str | None = None,
        all_accounts: bool = False,
        verbosity: int = 1,
        **options: Any,
    ) -> None:
        # Whole seconds, as the service counts: "7d" until now is seven days and no fraction.
        end = until or timezone.now().replace(microsecond=0)
        begin = since or end - DEFAULT_PERIOD
        aliases = sorted(conf.accounts()) if all_accounts else [account]
        if len(aliases) == 1:
            self._import(aliases[0], begin, end, window, verbosity)
            return
        codes = [self._one_of_many(alias, begin, end, window, verbosity) for alias in aliases]
        if any(codes):
            raise CommandError(
                _("Not every account was imported."),
                returncode=codes[0] if len(set(codes)) == 1 else FAILED,
            )

    def _one_of_many(
        self, alias: str | None, since: datetime, until: datetime, window: Any, verbosity: int
    ) -> int:
        """Import one account; whatever is wrong with it is said and harms no other one."""
        try:
            self._import(alias, since, until, window, verbosity)
        except UserError as error:
            self.stderr.write(f"{alias}: {error}")
            return NOT_TRIED
        except CommandError as error:
            self.stderr.write(f"{alias}: {error}")
            return error.returncode
        return 0

    def _import(
        self,
        alias: str | None,
        since: datetime,
        until: datetime,
        window: timedelta | None,
        verbosity: int,
    ) -> None:
        account = account_for(alias)
        self.work_begins()
        with self._progress(verbosity) as progress:
            try:
                report = import_statistics(account, since, until, window=window, progress=progress)
            except ImportRunning as running:
                # Not a fault: whoever runs does what was asked for, and cron need not write.
                if verbosity:
                    self.stdout.write(str(running))
                return
        self._tell(report, progress, verbosity)

    def _progress(self, verbosity: int) -> Quiet:
        if verbosity == 0:
            return Quiet()
        return Bar(self.stderr) if self.stderr.isatty() else Lines(self.stdout)

    def _tell(self, report: ImportReport, progress: Quiet, verbosity: int) -> None:
        if verbosity > 0:
            self.stdout.write(_totals(report))
        failed = [one for one in report.windows if one.state == StatsImport.State.FAILED]
        if not progress.shows_windows:
            for one in failed:
                self.stderr.write(f"{period(one.since, one.until)}: {counted(one)}")
        if report.ok:
            return
        raise CommandError(_what_is_wrong(report, failed, progress.windows), returncode=FAILED)


def _totals(report: ImportReport) -> str:
    numbers = {
        "account": report.account.alias,
        "windows": len(report.windows),
        "rows": report.rows,
        "new": report.new,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "bad": report.bad,
        "calls": report.calls,
    }
    return (
        _(
            "%(account)s: windows %(windows)d, rows %(rows)d: new %(new)d, changed %(changed)d,"
            " unchanged %(unchanged)d, not understood %(bad)d; calls written %(calls)d"
        )
        % numbers
    )


def _what_is_wrong(report: ImportReport, failed: list[StatsImport], planned: int) -> str:
    """One line: failed windows with the first reason, rows not understood with the first place."""
    parts = []
    if failed:
        parts.append(
            ngettext(
                "%(failed)d of %(planned)d window failed: %(error)s",
                "%(failed)d of %(planned)d windows failed: %(error)s",
                planned,
            )
            % {"failed": len(failed), "planned": planned, "error": failed[0].error}
        )
    if planned > len(report.windows):
        left = planned - len(report.windows)
        parts.append(ngettext("%(left)d not tried", "%(left)d not tried", left) % {"left": left})
    if report.bad:
        bad_rows = [row for one in report.windows for row in one.bad_rows]
        parts.append(
            ngettext(
                "%(bad)d row was not understood, the first is line %(line)s: %(reason)s",
                "%(bad)d rows were not understood, the first is line %(line)s: %(reason)s",
                report.bad,
            )
            % {
                "bad": report.bad,
                "line": bad_rows[0]["line"] if bad_rows else "?",
                "reason": text.bad_row(bad_rows[0]["reason"]) if bad_rows else "?",
            }
        )
    return "; ".join(parts)
