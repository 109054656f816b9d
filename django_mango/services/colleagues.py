"""Who talks to a client now: two of us must not ring one person at the same time.

What is found here is a question, not a ban: the person who clicked may know better.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import conf
from ..models import Account, Call, Command, Employee
from ..protocol.numbers import Number
from .errors import ColleagueBusy

#: More names than this help nobody to decide.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Busy:
    """Live calls with one client, and calls to him that were asked for but are not seen yet.

    ``commands`` matter in the first seconds: two people click, and no event of either
    call has arrived.
    """

    caller: Employee
    calls: tuple[Call, ...] = ()
    commands: tuple[Command, ...] = ()

    @property
    def others(self) -> tuple[Call, ...]:
        """The live calls of others."""
        return tuple(call for call in self.calls if call.employee_id != self.caller.pk)

    @property
    def question(self) -> str:
        """What to ask before calling nevertheless, in the language active now; empty: nothing."""
        talking = [call for call in self.others if call.state != Call.State.RINGING]
        names = _names(call.employee for call in talking)
        if talking:
            return ngettext(
                "In a call with this client now: %(names)s. Call anyway?",
                "In a call with this client now: %(names)s. Call anyway?",
                len(names),
            ) % {"names": ", ".join(names)}
        ringing: list[Call | Command] = [*self.others, *self.commands]
        names = _names(one.employee for one in ringing)
        if names and not any(one.employee for one in ringing):
            return _("This client is calling us now. Call anyway?")
        if names:
            return ngettext(
                "Being connected with this client now: %(names)s. Call anyway?",
                "Being connected with this client now: %(names)s. Call anyway?",
                len(names),
            ) % {"names": ", ".join(names)}
        if self.calls:
            return _("You are in a call with this client already. Call once more?")
        return ""


def busy_with(number: Number, account: Account, caller: Employee, now: datetime) -> Busy:
    """Who of the account's people is in a call with ``number`` or was just asking for one.

    Two queries; colleagues' extensions are asked nothing about.
    """
    if not number.e164:
        return Busy(caller)
    calls = (
        Call.objects.live()
        .filter(account=account, client_number=number.e164)
        .select_related("employee")
        .order_by("started_at", "pk")
    )
    asked = (
        Command.objects.running()
        .filter(
            account=account,
            kind=Command.Kind.CALLBACK,
            number=number.e164,
            # A call that came of it tells by itself whether it goes on.
            call=None,
            created_at__gt=now - _window(),
        )
        .exclude(employee=caller)
        .select_related("employee")
    )
    return Busy(caller, tuple(calls[:_NAMED]), tuple(asked[:_NAMED]))


def refuse_busy(number: Number, account: Account, caller: Employee, now: datetime) -> None:
    """Raise ``ColleagueBusy`` with the question if the client is in a call with us.

    Whoever asks this while he stands in line for the journal sees every command that
    was journalled before his own, on every database.
    """
    question = busy_with(number, account, caller, now).question
    if question:
        raise ColleagueBusy(question, "colleague")


def _window() -> timedelta:
    return conf.seconds("COLLEAGUE_GUARD_SECONDS")


def _names(people: Iterable[Employee | None]) -> list[str]:
    """Names, each once; a call of nobody in particular is a colleague's too."""
    names = [person.name if person else _("a colleague") for person in people]
    return list(dict.fromkeys(names))
