"""Placing and ending calls (§3.2.1, §3.2.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..conf import CrmUser
from ..models import Account, Call, Command, Employee
from ..protocol import commands, numbers
from ..protocol.errors import AlreadyEnded, InputError
from ..protocol.projection import OpenLeg, choose_leg
from . import journal
from .accounts import settings_of
from .background import later
from .callers import caller_of, telephone_of
from .colleagues import busy_with, refuse_busy
from .destinations import destination, outgoing_line
from .directory import employee_of, extensions_of
from .errors import (
    DestinationRefused,
    NothingToHangUp,
    NumberRefused,
    PermissionRefused,
)
from .preferences import line_of
from .refusals import note_refusal, refusal_meaning
from .transactions import repeated, require_autocommit


@dataclass(frozen=True, slots=True)
class CallPlan:
    """What placing a call would do: whose phone rings first, then which number.

    ``colleague_calls`` are calls others have with this client now; ``question`` asks whether
    to call all the same, empty when nobody is in the way.
    """

    account: Account
    employee: Employee
    extension: str
    number: numbers.Number
    colleague_calls: tuple[Call, ...] = ()
    question: str = ""

    @property
    def to_number(self) -> str:
        """The number as it is sent: E.164 without plus, or a colleague's extension."""
        return self.number.digits or self.number.raw.strip()


def plan_call(
    user: CrmUser | None,
    number: str,
    *,
    employee: Employee | None = None,
    account: Account | str | None = None,
) -> CallPlan:
    """What ``place_call`` would do, without doing it; raises the same ``UserError``."""
    plan = _plan(user, number, employee, account)
    busy = busy_with(plan.number, plan.account, plan.employee, timezone.now())
    return replace(plan, colleague_calls=busy.others, question=busy.question)


def _plan(
    user: CrmUser | None, number: str, employee: Employee | None, account: Account | str | None
) -> CallPlan:
    caller = caller_of(user, employee, account)
    extension = telephone_of(caller, is_user=employee is None)
    found = destination(number, caller.account, caller)
    return CallPlan(caller.account, caller, extension, found)


def place_call(
    user: CrmUser | None,
    number: str,
    *,
    target: Any = None,
    employee: Employee | None = None,
    line: str | None = None,
    account: Account | str | None = None,
    token: str | None = None,
    mind_colleagues: bool = False,
) -> Command:
    """Ring the user's telephone, then connect ``number`` (§3.2.1).

    ``target`` is the host's object the call is about; ``employee`` another
    person whose phone is to ring (needs the right); ``line`` the outgoing line,
    digits or the name of a SIP line (Q87); ``token`` makes a repeated submit one
    call; ``mind_colleagues`` raises ``ColleagueBusy`` when one of us is in a call with
    this client now or has just asked for one. ``user=None`` is the site itself.

    Raises ``UserError`` before anything is sent, ``InsideTransaction`` among them; what is
    not allowed is journalled as refused. Afterwards the returned ``Command`` tells what
    came of it: nothing is raised, sent twice or forgotten.
    """
    require_autocommit()
    command, is_new = _journal_call(
        user, number, target, employee, line, account, token, mind_colleagues
    )
    if is_new:
        journal.dispatch(command.pk)
        command.refresh_from_db()
    return command


def request_call(
    user: CrmUser | None,
    number: str,
    *,
    target: Any = None,
    employee: Employee | None = None,
    line: str | None = None,
    account: Account | str | None = None,
    token: str | None = None,
    mind_colleagues: bool = False,
) -> Command:
    """``place_call`` for code inside a transaction: journals now, sends on its commit.

    A transaction that is rolled back takes the command with it and nothing is sent.
    """
    command, is_new = _journal_call(
        user, number, target, employee, line, account, token, mind_colleagues
    )
    if is_new:
        later(journal.dispatch, command_pk=command.pk)
        command.refresh_from_db()  # outside a transaction it was sent already
    return command


def hang_up(user: CrmUser | None, call: Call, *, token: str | None = None) -> Command:
    """End a live call by the leg the user may end now (§3.2.3, Q88).

    The leg is chosen at this moment, from what is known now. Raises ``UserError``
    before anything is written; afterwards as ``place_call``.
    """
    require_autocommit()
    fresh = _visible(user, call)
    settings_of(fresh.account)
    employee = employee_of(user, fresh.account)
    leg = _leg_to_end(user, fresh, employee)
    wire = commands.Hangup(journal.new_command_id(), leg.call_id)
    journal.settle_commands(fresh.account)
    command, is_new = repeated(
        lambda: journal.open_command(
            wire, fresh.account, user, token=token, employee=employee, call=fresh
        ),
        durable=True,
    )
    if is_new:
        journal.dispatch(command.pk)
        command.refresh_from_db()
    return command


def may_hang_up(user: CrmUser, call: Call) -> bool:
    """Whether a hang-up by this user would find a leg to end."""
    try:
        _leg_to_end(user, _visible(user, call), employee_of(user, call.account))
    except (PermissionRefused, NothingToHangUp):
        return False
    return True


def settle_commands(account: Account | None = None) -> int:
    """Give up commands whose process died; how many. See ``journal.settle_commands``."""
    return journal.settle_commands(account)


def outcome_level(command: Command) -> str:
    """``success``, ``warning`` or ``error``: how a message about the command is to be shown."""
    if command.status in (Command.Status.REFUSED, Command.Status.FAILED):
        return "error"
    return "warning" if command.status == Command.Status.UNKNOWN else "success"


def history_text(command: Command) -> str:
    """What the history of the object says of a call that was asked for, in a line."""
    shown = {"number": numbers.for_people(command.number)}
    if outcome_level(command) == "error":
        return _("Call to %(number)s failed.") % shown
    return _("Call placed to %(number)s.") % shown


def outcome_text(command: Command) -> str:
    """What came of a command, one line in the language active now."""
    if command.status in (Command.Status.REFUSED, Command.Status.FAILED):
        return _refusal_text(command)
    if command.status == Command.Status.UNKNOWN:
        return _(
            "The answer of the PBX was lost: it may or may not have acted."
            " Nothing is repeated by itself; look at your telephone."
        )
    if command.kind == Command.Kind.HANGUP:
        if command.result_code == AlreadyEnded.CODE:
            return _("The call had ended already.")
        return _("The call is being ended.")
    extension = command.payload.get("from", {}).get("extension", "")
    return _("The call is being placed: telephone %(extension)s rings first, then %(number)s.") % {
        "extension": extension,
        "number": numbers.for_people(command.number),
    }


def _journal_call(
    user: CrmUser | None,
    number: str,
    target: Any,
    employee: Employee | None,
    line: str | None,
    account: Account | str | None,
    token: str | None,
    mind_colleagues: bool,
) -> tuple[Command, bool]:
    try:
        return _open_call(user, number, target, employee, line, account, token, mind_colleagues)
    except (DestinationRefused, PermissionRefused) as refusal:
        note_refusal(refusal, user, number, employee=employee, account=account, target=target)
        raise


def _open_call(
    user: CrmUser | None,
    number: str,
    target: Any,
    employee: Employee | None,
    line: str | None,
    account: Account | str | None,
    token: str | None,
    mind_colleagues: bool,
) -> tuple[Command, bool]:
    plan = _plan(user, number, employee, account)
    # What a person chose for himself is nothing to a colleague's telephone.
    chosen = line_of(user, plan.account) if line is None and employee is None else line
    try:
        wire = commands.Callback(
            command_id=journal.new_command_id(),
            extension=plan.extension,
            to_number=plan.to_number,
            line_number=outgoing_line(chosen or "", plan.account),
        )
    except InputError as error:
        raise NumberRefused(
            _("The PBX would not accept this: %(what)s.") % {"what": str(error)}, error.reason
        ) from error
    journal.settle_commands(plan.account)

    def check() -> None:
        if mind_colleagues:
            refuse_busy(plan.number, plan.account, plan.employee, timezone.now())

    return repeated(
        lambda: journal.open_command(
            wire,
            plan.account,
            user,
            token=token,
            employee=plan.employee,
            number=plan.number.e164 or plan.to_number,
            target=target,
            first=check,
        )
    )


def _visible(user: CrmUser | None, call: Call) -> Call:
    """The call as it is now, if the user may know of it."""
    calls = Call.objects.select_related("account", "command")
    if user is not None:
        calls = calls.visible_row_by_row(user)
    fresh = calls.filter(pk=call.pk).first()
    may = user is None or any(
        user.has_perm(f"django_mango.{name}") for name in ("hang_up", "hang_up_any")
    )
    if fresh is None or not may:
        raise PermissionRefused(gettext_lazy("You may not end this call."), "permission")
    return fresh


def _leg_to_end(user: CrmUser | None, call: Call, employee: Employee | None) -> OpenLeg:
    if not call.is_live:
        raise NothingToHangUp(gettext_lazy("The call is over already."), "already_ended")
    legs = [OpenLeg.from_json(leg) for leg in call.legs]
    may_end_others = user is None or user.has_perm("django_mango.hang_up_any")
    extension = employee.extension_at() if employee else ""
    mine = extensions_of(employee) if employee else frozenset()
    # Any telephone of the user is his own.
    legs = [
        replace(leg, extensions=(extension,)) if mine & {*leg.extensions} else leg for leg in legs
    ]
    leg = choose_leg(legs, extension, may_end_others=may_end_others)
    if leg is None:
        raise NothingToHangUp(
            gettext_lazy("There is nothing to hang up: your telephone is not in this call now.")
            if not may_end_others
            else gettext_lazy("A call that waits in a queue cannot be ended from here."),
            "no_leg",
        )
    return leg


def _refusal_text(command: Command) -> str:
    problem = command.problem
    if problem == Command.Problem.NOT_ALLOWED:
        return refusal_meaning(command.error)
    if problem == Command.Problem.NOT_SENT:
        return _("The PBX cannot be reached. Nothing was sent; try again in a moment.")
    if problem == Command.Problem.LOCKED_OUT:
        until = command.account.locked_until()
        if until is None:
            return _("The PBX refused this account for a while. You can try again now.")
        local = date_format(timezone.localtime(until), "H:i:s")
        return _("The PBX refuses this account until %(time)s. Nothing was done.") % {"time": local}
    if problem == Command.Problem.RATE_LIMITED:
        return _("Too many requests to the PBX at once. Nothing was done; try again in a moment.")
    if problem == Command.Problem.TIMED_OUT:
        return _("The command was not sent in time and will not be sent any more.")
    if command.result_code is None:
        return _("The PBX refused.")
    return _("The PBX refused: %(meaning)s (%(code)s).") % {
        "meaning": command.meaning,
        "code": command.result_code,
    }
