"""``manage.py mango_call``: place a call from the command line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ...models import Command as Journal
from ...services import outcome_level, outcome_text, place_call
from .. import arguments, people, waiting
from ..base import FAILED, MangoCommand


class Command(MangoCommand):
    summary = gettext_lazy("Ring an employee's telephone, then connect the number.")
    after_interrupt = gettext_lazy("A call that was placed goes on.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", help=_("the number to call, in any spelling"))
        people.add_person(parser.add_mutually_exclusive_group(required=True))
        people.add_account(parser)
        parser.add_argument(
            "--line", help=_("outgoing line: its number, or the name of a SIP line")
        )
        parser.add_argument(
            "--wait",
            type=arguments.seconds,
            default=0.0,
            metavar="SECONDS",
            help=_("wait so long for the end of the call and say what came of it"),
        )

    def handle(
        self,
        *args: Any,
        number: str,
        user: str | None = None,
        extension: str | None = None,
        account: str | None = None,
        line: str | None = None,
        wait: float = 0.0,
        verbosity: int = 1,
        **options: Any,
    ) -> None:
        caller = people.user_named(user) if user else None
        employee = people.employee_with(extension, account) if extension else None
        command = place_call(caller, number, employee=employee, line=line, account=account)
        self.work_begins()
        if verbosity > 0:
            self.stdout.write(_("Command %(id)s") % {"id": command.command_id})
        if outcome_level(command) == "error" or not (wait or _is_accepted(command)):
            raise CommandError(outcome_text(command), returncode=FAILED)
        if verbosity > 0:
            self.stdout.write(outcome_text(command))
        if wait:
            self._wait(command, wait)

    def _wait(self, command: Journal, seconds: float) -> None:
        call = waiting.for_end(command, seconds)
        if call is not None:
            self.stdout.write(waiting.description(call))
            return
        command.refresh_from_db()
        if outcome_level(command) == "error":
            raise CommandError(outcome_text(command), returncode=FAILED)
        raise CommandError(
            _("No news of the call: do notifications of the PBX arrive at this site?"),
            returncode=FAILED,
        )


def _is_accepted(command: Journal) -> bool:
    return outcome_level(command) == "success"
