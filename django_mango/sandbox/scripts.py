"""How calls go, step by step: each script yields the seconds to wait before its next step.

The order of notifications is that of the document's appendix (11.7 of the
reference) and of the captured log; a hang-up closes the script wherever it stands.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum

from . import rules
from .calls import ABONENT, IVR, QUEUE, Conversation, Leg
from .rows import Party
from .rules import Plan

Script = Generator[float, None, None]

SETUP = 0.5
IN_MENU = 3.0
IN_QUEUE = 1.0
MEMBER_PICKS_UP = 4.0
CALLER_GIVES_UP = 16.0
BEFORE_SUMMARY = 0.3

_ENDED, _HANDED_OVER, _BY_SCHEME, _ALL_BUSY, _OTHER_TOOK_IT = 1100, 1000, 1170, 1164, 1183


class Outcome(StrEnum):
    """How an incoming call on demand goes."""

    ANSWERED = "answered"
    MISSED = "missed"
    BUSY = "busy"
    IVR = "ivr"


@dataclass(frozen=True, slots=True)
class IncomingPlan:
    """An incoming call: who rings (one employee, or a group's members) and how it ends."""

    members: tuple[Party, ...]
    outcome: Outcome
    acd_group: str = ""


def callback(call: Conversation, plan: Plan) -> Script:
    """Click-to-call: our employee rings first and looks like the callee (§App, Q67, T-38)."""
    yield SETUP
    first = call.appear(call.callee, call.caller, ABONENT)
    yield plan.employee_rings
    if not plan.employee_answers:
        call.disconnect(first, plan.reason)
    else:
        call.connect(first, talk=False)
        yield rules.FIRST_LEG_STAYS
        call.disconnect(first, _HANDED_OVER)
        second = call.appear(call.caller, call.callee, ABONENT, after=first)
        yield plan.client_rings
        if plan.client_answers:
            call.connect(second)
            yield call.talk_seconds if plan.talk is None else plan.talk
        call.disconnect(second, plan.reason)
    yield from closing(call)


def incoming(call: Conversation, plan: IncomingPlan) -> Script:
    """A client calls a line: menu, queue of a group if one is called, telephones (§3.1.2)."""
    did = Party(number=call.line)
    menu = call.appear(call.caller, did, IVR, line_number=call.line)
    yield IN_MENU
    if plan.outcome is Outcome.IVR:
        call.disconnect(menu, _BY_SCHEME)
        yield from closing(call)
        return
    call.disconnect(menu, _ENDED)
    call.forwarded = int(call.clock.now())
    queue: Leg | None = None
    if plan.acd_group:
        queue = call.appear(
            call.caller, did, QUEUE, after=menu, line_number=call.line, acd_group=plan.acd_group
        )
        yield IN_QUEUE
    rings = [
        call.appear(
            call.caller,
            member,
            ABONENT,
            after=queue or menu,
            line_number=call.line,
            acd_group=plan.acd_group,
        )
        for member in plan.members
    ]
    yield from _ringing(call, plan, rings, queue)
    yield from closing(call)


def _ringing(call: Conversation, plan: IncomingPlan, rings: list[Leg], queue: Leg | None) -> Script:
    if plan.outcome is Outcome.BUSY:
        yield 1.0
        _end_all(call, rings, rules.BUSY)
        _end_all(call, [queue] if queue else [], _ALL_BUSY)
        return
    if plan.outcome is Outcome.MISSED:
        yield CALLER_GIVES_UP
        _end_all(call, rings, rules.CALLER_HUNG_UP)
        _end_all(call, [queue] if queue else [], rules.CALLER_HUNG_UP)
        return
    yield MEMBER_PICKS_UP
    taken, *others = rings
    if queue:
        call.disconnect(queue, _HANDED_OVER)
    call.callee = taken.target
    call.connect(taken)
    _end_all(call, others, _OTHER_TOOK_IT)
    yield call.talk_seconds
    call.disconnect(taken, rules.CALLER_HUNG_UP)


def closing(call: Conversation) -> Script:
    """The summary follows the last event of a leg, a little later (§3.1.6)."""
    yield BEFORE_SUMMARY
    call.summarise()


def _end_all(call: Conversation, legs: list[Leg], reason: int) -> None:
    for leg in legs:
        call.disconnect(leg, reason)
