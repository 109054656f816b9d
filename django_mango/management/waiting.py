"""Waiting for the end of a call that was placed, by looking into the database."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db.models import Q
from django.utils.translation import gettext as _

from ..models import Call, Command
from ..protocol import numbers
from ..services import outcome_level

#: Seconds between two looks.
INTERVAL = 0.5


def for_end(
    command: Command,
    seconds: float,
    *,
    sleep: Callable[[float], None] = lambda pause: time.sleep(pause),
    clock: Callable[[], float] = time.monotonic,
) -> Call | None:
    """The call of a command when it is over, or as it is after ``seconds``.

    ``None`` when nothing is known of it by then, or as soon as the PBX has refused. An end
    told by events alone is provisional, since a leg may follow (a callback has two): only a
    final one ends the waiting before its time.
    """
    end = clock() + seconds
    while True:
        call = _call_of(command)
        if call is not None and call.is_final:
            return call
        command.refresh_from_db(fields=["status"])
        refused = call is None and outcome_level(command) == "error"
        left = end - clock()
        if refused or left <= 0:
            return call
        sleep(min(INTERVAL, left))


def description(call: Call) -> str:
    """What came of a call, one line in the reader's language."""
    who = numbers.for_people(call.client_number) or call.client_number_raw or call.extension
    what = call.get_outcome_display() or call.get_state_display()
    facts = {
        "direction": call.get_direction_display(),
        "who": who,
        "what": what,
        "wait": call.wait_seconds or 0,
        "talk": call.talk_seconds or 0,
    }
    if call.is_live:
        return _("The call goes on: %(direction)s, %(who)s, %(what)s") % facts
    return _("%(direction)s, %(who)s, %(what)s, wait %(wait)d s, talk %(talk)d s") % facts


def _call_of(command: Command) -> Call | None:
    known = Q(command=command)
    if command.call_id:
        known |= Q(pk=command.call_id)
    return Call.objects.filter(known).order_by("-started_at").first()
