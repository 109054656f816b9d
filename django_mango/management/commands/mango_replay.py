"""``manage.py mango_replay``: process stored notifications again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ...models import Notification
from ...services import account_for, replay
from .. import arguments
from ..base import FAILED, NOT_TRIED, MangoCommand
from ..people import add_account


class Command(MangoCommand):
    summary = gettext_lazy("Process stored notifications again, as if they came now.")
    after_interrupt = gettext_lazy("What was processed is stored; the command can be repeated.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "ids",
            nargs="*",
            type=arguments.row_number,
            metavar="ID",
            help=_("numbers of notifications"),
        )
        parser.add_argument("--entry", metavar="ENTRY_ID", help=_("those of one conversation"))
        parser.add_argument(
            "--since", type=arguments.since, metavar="MOMENT", help=_("received from then on")
        )
        parser.add_argument(
            "--until", type=arguments.until, metavar="MOMENT", help=_("received before")
        )
        parser.add_argument(
            "--failed", action="store_true", help=_("only those with an error or never processed")
        )
        add_account(parser)

    def handle(
        self,
        *args: Any,
        ids: list[int] | None = None,
        entry: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        failed: bool = False,
        account: str | None = None,
        verbosity: int = 1,
        **options: Any,
    ) -> None:
        if not (ids or entry or since or until or failed):
            raise CommandError(
                _("Say which: numbers, --entry, --since, --until or --failed."),
                returncode=NOT_TRIED,
            )
        chosen = Notification.objects.filter(account=account_for(account))
        if ids:
            _require(ids, chosen)
            chosen = chosen.filter(pk__in=ids)
        if entry:
            chosen = chosen.filter(entry_id=entry)
        if since:
            chosen = chosen.filter(received_at__gte=since)
        if until:
            chosen = chosen.filter(received_at__lt=until)
        if failed:
            chosen = chosen.troubled()
        self.work_begins()
        self._replay(list(chosen.order_by("pk").values_list("pk", flat=True)), verbosity)

    def _replay(self, pks: list[int], verbosity: int) -> None:
        good = 0
        for pk in pks:
            # None where it was deleted meanwhile.
            one = Notification.objects.select_related("account").filter(pk=pk).first()
            good += one is not None and replay(one)
        if verbosity > 0:
            self.stdout.write(
                _("Processed again: %(good)d of %(all)d.") % {"good": good, "all": len(pks)}
            )
        if good < len(pks):
            raise CommandError(
                _("%(bad)d could not be processed; the journal says why.")
                % {"bad": len(pks) - good},
                returncode=FAILED,
            )


def _require(ids: list[int], known: QuerySet[Notification]) -> None:
    """All numbers named must exist: a slip of the pen is not "nothing to do"."""
    missing = sorted(set(ids) - set(known.filter(pk__in=ids).values_list("pk", flat=True)))
    if missing:
        raise CommandError(
            _("There is no notification %(numbers)s.")
            % {"numbers": ", ".join(str(number) for number in missing)},
            returncode=NOT_TRIED,
        )
