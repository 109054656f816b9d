"""The journal of commands: committed before a byte is sent, its outcome written after.

A process may die anywhere. Before ``sent`` nothing left, so the command never
leaves later either; after it the fate is unknown until the answer, an event or
the notification of the outcome tells. Nothing is sent twice.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import timezone

from .. import conf, signals
from ..client import Client
from ..conf import CrmUser
from ..models import Account, Call, Command, Employee
from ..protocol import codes, commands
from ..protocol.answers import Answer
from ..protocol.errors import (
    AlreadyEnded,
    LockedOut,
    NotSent,
    RateLimited,
    ServiceError,
)
from ..protocol.notifications import CommandResult
from .accounts import client_for
from .announcing import send
from .background import job, later
from .caps import refuse_too_many
from .leases import stand_in_line
from .transactions import repeated

log = logging.getLogger("django_mango.calling")

Wire = commands.Callback | commands.Hangup
_SHOWN = 500
#: Nothing more is expected; a lost answer may still turn up.
_FINISHED = (
    Command.Status.REFUSED,
    Command.Status.UNKNOWN,
    Command.Status.CONFIRMED,
    Command.Status.FAILED,
)
_LARGEST_CODE = 2**31 - 1


def new_command_id() -> str:
    """An id nobody used before: the service does not check that (T-50, Q68)."""
    return str(uuid.uuid4())


def open_command(
    wire: Wire,
    account: Account,
    user: CrmUser | None,
    *,
    token: str | None,
    employee: Employee | None,
    number: str = "",
    target: Any = None,
    call: Call | None = None,
    first: Callable[[], None] | None = None,
) -> tuple[Command, bool]:
    """Write the command as ``created``, or return the one that runs already.

    The same token, or the same person asking for the same within the guard
    window, is one command; two clicks of one moment stand in line, on every database.
    Raises ``TooManyCalls`` for a call above the user's caps.
    ``first`` may refuse by raising; it sees all commands that stood in line before.
    """
    now = timezone.now()
    stand_in_line(f"commands:{account.alias}")
    token = _scoped(token, wire, user)
    running = _same_token(account, token) or _just_asked(
        wire, account, user, employee, number, call, now
    )
    if running is not None:
        return running, False
    if isinstance(wire, commands.Callback):
        if user is not None and len(conf.accounts()) > 1:
            # His calls through another PBX stand in that one's line, and count as well.
            stand_in_line(f"calls:{user.pk}")
        refuse_too_many(user, now)
    if first is not None:
        first()
    command = Command(
        account=account,
        command_id=wire.command_id,
        kind=wire.kind,
        payload=wire.payload(),
        token=token,
        user_id=user.pk if user is not None else None,
        employee=employee,
        number=number,
        call=call,
        created_at=now,
    )
    if target is not None:
        command.target = target
        command.target_id = str(target.pk)
    command.save(force_insert=True)
    return command, True


@job
def dispatch(command_pk: int, client: Client | None = None) -> None:
    """Send a ``created`` command, once in its life, and write what came of it.

    Must run outside a transaction. Whoever moves the row to ``sent`` sends;
    everybody else returns at once. A row past its time-out is never sent.
    """
    now = timezone.now()
    oldest = now - conf.seconds("COMMAND_TIMEOUT_SECONDS")
    mine = Command.objects.filter(
        pk=command_pk, status=Command.Status.CREATED, created_at__gt=oldest
    )
    won = repeated(lambda: mine.update(status=Command.Status.SENT, sent_at=now), durable=True)
    if not won:
        return
    command = Command.objects.select_related("account").get(pk=command_pk)
    outcome = _send(command, client)
    if repeated(lambda: _write(command, outcome), durable=True):
        announce_command(command_pk)


@job
def announce_command(command_pk: int) -> None:
    """Send ``command_finished`` after a transition, if the outcome of the command is known."""
    finished = Command.objects.select_related("account", "call").filter(
        pk=command_pk, status__in=_FINISHED
    )
    for command in finished:
        send(signals.command_finished, Command, command=command)


def note_result(account: Account, result: CommandResult) -> None:
    """Write what the notification of an outcome says (§3.2), before or after the answer."""
    if not result.command_id:
        return
    mine = Command.objects.filter(account=account, command_id=result.command_id).exclude(
        status__in=(Command.Status.CREATED, Command.Status.REFUSED)
    )
    pk, kind = mine.values_list("pk", "kind").first() or (None, "")
    if pk is None:
        return
    done = codes.is_success(result.code) or _is_over_anyway(kind, result.code)
    status = Command.Status.CONFIRMED if done else Command.Status.FAILED
    told = {
        "result_code": _storable(result.code),
        "problem": "" if done else Command.Problem.REFUSED,
        "error": "",
    }
    if mine.exclude(status=status).update(status=status, settled_at=timezone.now(), **told):
        later(announce_command, command_pk=pk)
    else:  # an event proved it before
        mine.update(**told)


def settle_commands(account: Account | None = None, now: datetime | None = None) -> int:
    """Give up commands whose process died: ``created`` becomes failed, ``sent`` unknown.

    Returns how many were given up.
    """
    now = now or timezone.now()
    oldest = now - conf.seconds("COMMAND_TIMEOUT_SECONDS")
    mine = Command.objects.all() if account is None else account.commands.all()
    given_up = 0
    for waiting, status in (
        (mine.filter(status=Command.Status.CREATED, created_at__lte=oldest), Command.Status.FAILED),
        (mine.filter(status=Command.Status.SENT, sent_at__lte=oldest), Command.Status.UNKNOWN),
    ):
        for pk in list(waiting.values_list("pk", flat=True)):
            # Still as it was: its own process may have written meanwhile.
            if waiting.filter(pk=pk).update(
                status=status, problem=Command.Problem.TIMED_OUT, settled_at=now
            ):
                given_up += 1
                later(announce_command, command_pk=pk)
    return given_up


def _scoped(token: str | None, wire: Wire, user: CrmUser | None) -> str | None:
    """The token as stored: of this user and kind, so that nobody meets another command."""
    if not token:
        return None
    owner = user.pk if user is not None else ""
    return hashlib.sha256(f"{owner}\n{wire.kind}\n{token}".encode()).hexdigest()


def _same_token(account: Account, token: str | None) -> Command | None:
    return Command.objects.filter(account=account, token=token).first() if token else None


def _just_asked(
    wire: Wire,
    account: Account,
    user: CrmUser | None,
    employee: Employee | None,
    number: str,
    call: Call | None,
    now: datetime,
) -> Command | None:
    recent = Command.objects.running().filter(
        account=account, kind=wire.kind, created_at__gt=now - conf.seconds("CALL_GUARD_SECONDS")
    )
    if isinstance(wire, commands.Hangup):
        recent = recent.filter(call=call, payload__call_id=wire.call_id)
    else:
        who = {"user": user.pk} if user is not None else {"employee": employee}
        recent = recent.filter(number=number, **who)
    return recent.first()


def _wire(command: Command) -> Wire:
    """The command as it was journalled, back in the protocol's form."""
    payload = command.payload
    if command.kind == Command.Kind.HANGUP:
        return commands.Hangup(command.command_id, payload["call_id"])
    return commands.Callback(
        command_id=command.command_id,
        extension=payload["from"]["extension"],
        from_number=payload["from"]["number"],
        to_number=payload["to_number"],
        line_number=payload.get("line_number", ""),
    )


def _send(command: Command, client: Client | None) -> dict[str, object]:
    """Send what was journalled; what came of it. Raises nothing of ours."""
    try:
        wire = _wire(command)
        client = client or client_for(command.account)
    except Exception as error:
        # The settings changed since the command was journalled: nothing left.
        log.exception("command %s could not be sent", command.command_id)
        return _values(Command.Status.FAILED, Command.Problem.NOT_SENT, type(error).__name__)
    try:
        return _success(client.send(wire))
    except ServiceError as error:
        return _failure(error, command)
    except Exception as error:
        # Our own fault, at an unknown point: the request may have left.
        log.exception("command %s broke", command.command_id)
        return _values(Command.Status.UNKNOWN, Command.Problem.FAULT, type(error).__name__)


def _is_over_anyway(kind: str, code: int | None) -> bool:
    """Whether a hang-up came too late: what was asked for is so (4101)."""
    return kind == Command.Kind.HANGUP and code == AlreadyEnded.CODE


def _storable(code: int | None) -> int | None:
    """A result code, unless it is larger than every database's integer column."""
    return code if code is not None and abs(code) <= _LARGEST_CODE else None


def _success(answer: Answer) -> dict[str, object]:
    return _values(
        Command.Status.ACCEPTED,
        code=answer.code,
        http_status=answer.status,
        request_id=answer.request_id,
    )


def _failure(error: ServiceError, command: Command) -> dict[str, object]:
    status = Command.Status.REFUSED
    problem: Command.Problem | None = Command.Problem.REFUSED
    if _is_over_anyway(command.kind, error.code):
        status, problem = Command.Status.ACCEPTED, None
    elif isinstance(error, NotSent):
        status, problem = Command.Status.FAILED, Command.Problem.NOT_SENT
    elif isinstance(error, LockedOut):
        problem = Command.Problem.LOCKED_OUT
    elif isinstance(error, RateLimited):
        problem = Command.Problem.RATE_LIMITED
    elif error.is_uncertain:
        status, problem = Command.Status.UNKNOWN, Command.Problem.ANSWER_LOST
    return _values(
        status,
        problem,
        "" if problem is None else str(error),
        code=error.code,
        http_status=error.status,
        request_id=error.request_id,
    )


def _values(
    status: Command.Status,
    problem: Command.Problem | None = None,
    error: str = "",
    *,
    code: int | None = None,
    http_status: int | None = None,
    request_id: str = "",
) -> dict[str, object]:
    return {
        "status": status,
        "problem": problem or "",
        "error": error[:_SHOWN],
        "result_code": _storable(code),
        "http_status": http_status,
        "request_id": request_id[:128],
    }


def _write(command: Command, outcome: dict[str, Any]) -> bool:
    """Write the outcome unless a notification told it meanwhile; the evidence in any case.

    Returns whether it was news.

    An answer that came after the command was given up is still the truth about it.
    """
    now = timezone.now()
    settled = None if outcome["status"] == Command.Status.ACCEPTED else now
    waiting = Command.objects.filter(
        pk=command.pk, status__in=(Command.Status.SENT, Command.Status.UNKNOWN)
    )
    if waiting.update(**outcome, answered_at=now, settled_at=settled):
        return True
    Command.objects.filter(pk=command.pk).update(
        http_status=outcome["http_status"], request_id=outcome["request_id"], answered_at=now
    )
    return False
