"""``manage.py mango_sync``: employees, groups and lines from the PBX."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ... import conf
from ...protocol.errors import ServiceError
from ...services import UserError
from ...services.mapping import Standing, mapping_of
from ...services.owning import own_calls
from ...services.staff import SyncReport, sync_staff
from ...ui.staff_text import loaded
from ..base import FAILED, MangoCommand
from ..people import add_account


class Command(MangoCommand):
    summary = gettext_lazy(
        "Load employees, groups and lines from the PBX; safe to repeat, old calls keep their owner."
    )
    after_interrupt = gettext_lazy("What was loaded is stored; the command can be repeated.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help=_("say what would change, and change nothing")
        )
        which = parser.add_mutually_exclusive_group()
        add_account(which)
        which.add_argument(
            "--all-accounts", action="store_true", help=_("all PBX accounts, one after the other")
        )

    def handle(
        self,
        *args: Any,
        account: str | None = None,
        all_accounts: bool = False,
        dry_run: bool = False,
        verbosity: int = 1,
        **options: Any,
    ) -> None:
        if not all_accounts:
            self._sync(account, dry_run, verbosity)
            return
        failed = [
            alias for alias in sorted(conf.accounts()) if not self._try(alias, dry_run, verbosity)
        ]
        if failed:
            raise CommandError(
                _("Not every account was loaded: %(failed)s.") % {"failed": ", ".join(failed)},
                returncode=FAILED,
            )

    def _try(self, alias: str, dry_run: bool, verbosity: int) -> bool:
        """Load one of several accounts; what is wrong with it is said and harms no other one."""
        try:
            self._sync(alias, dry_run, verbosity)
        except (CommandError, UserError) as error:
            self.stderr.write(f"{alias}: {error}")
            return False
        return True

    def _sync(self, alias: str | None, dry_run: bool, verbosity: int) -> None:
        try:
            report = sync_staff(alias, dry_run=dry_run)
        except ServiceError as error:
            raise CommandError(
                _("The PBX did not give its employees: %(error)s") % {"error": error},
                returncode=FAILED,
            ) from error
        self.work_begins()
        if verbosity:
            self._tell(report, dry_run)
        if dry_run:
            return
        owned = own_calls(report.account, report.taken)
        if verbosity and owned:
            self.stdout.write(_("Calls that got their owner: %(count)d.") % {"count": owned})
        if verbosity:
            self._tell_unmapped(report)

    def _tell(self, report: SyncReport, dry_run: bool) -> None:
        if dry_run:
            self.stdout.write(_("Nothing is changed (--dry-run)."))
        self.stdout.write(loaded(report))
        if report.shared:
            self.stdout.write(
                _("Several employees have these, so they are nobody's: %(values)s.")
                % {"values": ", ".join(report.shared)}
            )

    def _tell_unmapped(self, report: SyncReport) -> None:
        rows = mapping_of(report.account)
        waiting = sum(row.standing in (Standing.SUGGESTED, Standing.AMBIGUOUS) for row in rows)
        unknown = sum(row.standing is Standing.NOT_IN_CRM for row in rows)
        if waiting or unknown:
            self.stdout.write(
                _(
                    "To be joined with users of the CRM: %(waiting)d suggested, %(unknown)d"
                    " without a suggestion; see “Who is who” at the list of employees."
                )
                % {"waiting": waiting, "unknown": unknown}
            )
