"""``manage.py mango_rebuild``: compute stored calls anew from their facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ...services import RebuildReport, account_for, rebuild_calls
from .. import arguments
from ..base import NOT_TRIED, MangoCommand
from ..people import add_account


class Command(MangoCommand):
    summary = gettext_lazy(
        "Compute calls anew from their facts, in place; notes and links of people stay."
    )
    after_interrupt = gettext_lazy("What was rebuilt is stored; the command can be repeated.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--entry", metavar="ENTRY_ID", help=_("one conversation"))
        parser.add_argument(
            "--since", type=arguments.since, metavar="MOMENT", help=_("calls from then on")
        )
        parser.add_argument(
            "--until", type=arguments.until, metavar="MOMENT", help=_("calls before")
        )
        parser.add_argument(
            "--outdated",
            action="store_true",
            help=_("only calls computed by an older version of the rules"),
        )
        parser.add_argument("--all", action="store_true", help=_("every call"))
        add_account(parser)

    def handle(
        self,
        *args: Any,
        entry: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        outdated: bool = False,
        all: bool = False,  # noqa: A002 - the name of the option
        account: str | None = None,
        verbosity: int = 1,
        **options: Any,
    ) -> None:
        if not (entry or since or until or outdated or all):
            raise CommandError(
                _("Say which: --entry, --since, --until, --outdated or --all."),
                returncode=NOT_TRIED,
            )
        owner = account_for(account)
        self.work_begins()
        report = rebuild_calls(
            owner,
            since=since,
            until=until,
            entry_ids=[entry] if entry else None,
            outdated=outdated,
        )
        if entry and not report.calls:
            # A slip of the pen is not "nothing to do".
            raise CommandError(
                _("There is no call “%(call)s” with facts to compute it from.") % {"call": entry},
                returncode=NOT_TRIED,
            )
        if verbosity:
            self._tell(report)

    def _tell(self, report: RebuildReport) -> None:
        self.stdout.write(
            _("Calls read: %(calls)d, changed: %(changed)d.")
            % {"calls": report.calls, "changed": report.changed}
        )
        for name, count in report.fields.most_common():
            self.stdout.write(f"  {name}: {count}")
