"""``manage.py mango_hangup``: end a live call from the command line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ...models import Call, CallParty, Employee
from ...services import (
    NothingToHangUp,
    account_for,
    employee_of,
    hang_up,
    outcome_level,
    outcome_text,
)
from .. import people
from ..base import FAILED, NOT_TRIED, MangoCommand


class Command(MangoCommand):
    summary = gettext_lazy("End a live call.")

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument(
            "call",
            nargs="?",
            metavar="CALL",
            help=_("the number of the call in the admin, or the PBX's entry_id"),
        )
        people.add_person(which)
        people.add_account(parser)

    def handle(
        self,
        *args: Any,
        call: str | None = None,
        user: str | None = None,
        extension: str | None = None,
        account: str | None = None,
        verbosity: int = 1,
        **options: Any,
    ) -> None:
        caller = people.user_named(user) if user else None
        if call is not None:
            found = _named(call, account)
        else:
            employee = (
                people.employee_with(extension, account) if extension else _who(caller, account)
            )
            found = _live_call_of(employee)
        try:
            command = hang_up(caller, found)
        except NothingToHangUp as error:
            if error.code != "already_ended":
                raise
            self.stdout.write(str(error))  # what was asked for is so
            return
        self.work_begins()
        text = outcome_text(command)
        if outcome_level(command) != "success":
            raise CommandError(text, returncode=FAILED)
        if verbosity > 0:
            self.stdout.write(text)


def _named(text: str, alias: str | None) -> Call:
    """The call with this entry_id, else with this primary key."""
    calls = Call.objects.filter(account=account_for(alias)) if alias else Call.objects.all()
    found = list(calls.filter(entry_id=text)[:2])
    if not found and text.isascii() and text.isdigit() and len(text) < 19:
        found = list(calls.filter(pk=int(text)))
    if not found:
        raise CommandError(_("There is no call “%(call)s”.") % {"call": text}, returncode=NOT_TRIED)
    return _only(found)


def _who(user: Any, alias: str | None) -> Employee:
    employee = employee_of(user, account_for(alias) if alias else None)
    if employee is None:
        raise CommandError(
            _("The user “%(name)s” is no employee of the PBX.") % {"name": user.get_username()},
            returncode=NOT_TRIED,
        )
    return employee


def _live_call_of(employee: Employee) -> Call:
    """The one call the employee is in now."""
    takes_part = CallParty.objects.filter(employee=employee, ended_at=None).values("call")
    calls = (
        Call.objects.live()
        .filter(account=employee.account)
        .filter(Q(employee=employee) | Q(pk__in=takes_part))
        .order_by("started_at")
    )
    found = list(calls[:10])
    if not found:
        raise CommandError(
            _("%(name)s is in no call now.") % {"name": employee.name}, returncode=NOT_TRIED
        )
    return _only(found)


def _only(calls: list[Call]) -> Call:
    """Never a guess: with several calls the person has to say which."""
    if len(calls) > 1:
        which = ", ".join(f"{call.pk} ({call})" for call in calls)
        raise CommandError(
            _("Several calls match, say which one: %(calls)s") % {"calls": which},
            returncode=NOT_TRIED,
        )
    return calls[0]
