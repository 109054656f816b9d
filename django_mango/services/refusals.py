"""Calls we refuse ourselves are journalled: who tried what must be seen afterwards."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from ..conf import CrmUser
from ..models import Account, Command, Employee
from .accounts import account_for
from .errors import AccountUnknown, UserError
from .journal import new_command_id

log = logging.getLogger("django_mango.calling")

#: The same refusal is written once within this time: a loop must not fill the table.
_ONCE_IN = timedelta(seconds=10)
_LONGEST = 128
#: What the journal shows for the code of a refusal.
MEANINGS = {
    "country": gettext_lazy("Calls to this country are not allowed."),
    "denied": gettext_lazy("Calls to this number are not allowed."),
    "premium_number": gettext_lazy("Calls to premium-rate numbers are not allowed."),
    "emergency": gettext_lazy("Emergency numbers cannot be called from here: use a telephone."),
    "own_number": gettext_lazy("It is a number of our own."),
    "unknown_line": gettext_lazy("The PBX has no such line."),
    "too_many_calls": gettext_lazy("The user has placed too many calls."),
    "permission": gettext_lazy("The user may not do this."),
}


def note_refusal(
    refusal: UserError,
    user: CrmUser | None,
    number: str,
    *,
    employee: Employee | None = None,
    account: Account | str | None = None,
    target: Any = None,
) -> None:
    """Write a refused call into the journal, as a command that was never sent.

    Inside a transaction of the caller it is kept only if that is committed; the log has it always.
    """
    log.warning("call of user %s refused: %s", user.pk if user is not None else "-", refusal.code)
    try:
        where = employee.account if employee else account
        where = where if isinstance(where, Account) else account_for(where)
    except AccountUnknown:
        return
    now = timezone.now()
    row = Command(
        account=where,
        command_id=new_command_id(),
        kind=Command.Kind.CALLBACK,
        status=Command.Status.REFUSED,
        problem=Command.Problem.NOT_ALLOWED,
        error=refusal.code,
        user_id=user.pk if user is not None else None,
        employee=employee,
        number=_storable(number),
        created_at=now,
        settled_at=now,
    )
    if target is not None:
        row.target = target
        row.target_id = str(target.pk)
    with transaction.atomic():
        if not _is_written(row, now):
            row.save(force_insert=True)


def refusal_meaning(code: str) -> str:
    """Why a call was refused by ourselves, one line in the language active now."""
    return str(MEANINGS.get(code, gettext_lazy("It is not allowed here.")))


def _is_written(row: Command, now: datetime) -> bool:
    return Command.objects.filter(
        account=row.account,
        user=row.user_id,
        kind=row.kind,
        problem=row.problem,
        error=row.error,
        number=row.number,
        created_at__gt=now - _ONCE_IN,
    ).exists()


def _storable(number: str) -> str:
    """What a person wrote, fit for every database."""
    return number.replace("\0", "\N{REPLACEMENT CHARACTER}").strip()[:_LONGEST]
