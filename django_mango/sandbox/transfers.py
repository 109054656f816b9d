"""What commands do to a call that goes on: cut, reroute, hold, transfer (§3.2.3-§3.2.11).

Every function is a script that takes the place of the one that played the call
so far; the order of notifications is that of flows 11.7.3-11.7.5.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import rules
from .calls import ABONENT, Conversation, Leg
from .rows import Party
from .rules import Plan
from .scripts import MEMBER_PICKS_UP, Script, closing

CONSULTATION = 10.0
LONGEST_HOLD = 600.0

_ENDED, _BY_COMMAND, _INTERCEPTED, _OTHER_TOOK_IT = 1100, 1181, 1182, 1183


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes: one party, or the members of a group; ``plan`` if it is outside."""

    parties: tuple[Party, ...]
    acd_group: str = ""
    plan: Plan = rules.USUAL

    @property
    def is_ours(self) -> bool:
        return bool(self.parties[0].extension)


def cut(call: Conversation, leg: Leg) -> Script:
    """End a leg by command (1181). The end of a consultation brings back the held client.

    Of several telephones that ring, ending one ends the call: a PBX would go on
    ringing the others.
    """
    held = _held(call, leg)
    if held is not None:
        call.disconnect(leg, _BY_COMMAND)
        yield from resumed(call, held)
        return
    call.break_off(leg, _BY_COMMAND)
    yield from closing(call)


def routed(call: Conversation, leg: Leg, target: Target, command_id: str | None) -> Script:
    """A call that is not distributed yet goes elsewhere (11.7.3)."""
    for other in call.open_legs():
        if other is not leg:
            call.disconnect(other, _INTERCEPTED if other.location == ABONENT else _ENDED)
    call.disconnect(leg, _ENDED)
    call.forwarded = call.forwarded or int(call.clock.now())
    rings = [
        call.appear(
            call.caller,
            party,
            ABONENT,
            after=leg,
            line_number=call.line,
            acd_group=target.acd_group,
            command_id=command_id,
        )
        for party in target.parties
    ]
    taken, *others = rings
    call.callee = taken.target
    yield from _answered_or_not(call, taken, others, target)


def held(call: Conversation, leg: Leg) -> Script:
    """The other party waits until somebody takes it back, ten minutes at most."""
    call.hold(leg)
    yield LONGEST_HOLD
    call.break_off(leg, rules.CALLER_HUNG_UP)
    yield from closing(call)


def resumed(call: Conversation, leg: Leg) -> Script:
    """The held party is taken back; a consultation that goes on is ended."""
    for other in call.open_legs():
        if other is not leg:
            call.disconnect(other, rules.CALLER_HUNG_UP)
    call.connect(leg)
    yield call.talk_seconds
    call.disconnect(leg, rules.CALLER_HUNG_UP)
    yield from closing(call)


def consulted(
    call: Conversation, leg: Leg, initiator: Party, target: Target, command_id: str | None
) -> Script:
    """Hold, ask a colleague, hang up: the client and the colleague are joined (11.7.4)."""
    call.hold(leg)
    yield 1.0
    second = call.appear(initiator, target.parties[0], ABONENT, after=leg, command_id=command_id)
    yield MEMBER_PICKS_UP
    if not target.plan.client_answers:
        call.disconnect(second, target.plan.reason)
        yield from resumed(call, leg)
        return
    call.connect(second)
    yield CONSULTATION
    yield from joined(call, leg, second)


def joined(call: Conversation, first: Leg, second: Leg) -> Script:
    """The initiator leaves: the held leg ends, the other gets the held party as its caller."""
    client = _other_side(first, second.source)
    call.disconnect(first, _end_by(first, second.source))
    call.replace_caller(second, client, first, "Connected")
    yield call.talk_seconds
    call.disconnect(second, rules.CALLER_HUNG_UP)
    yield from closing(call)


def blindly(
    call: Conversation, leg: Leg, initiator: Party, target: Target, command_id: str | None
) -> Script:
    """The initiator leaves at once, the client is called through to the target (11.7.5).

    If the target does not answer the call ends; a PBX would try the initiator
    again (``return_blind``).
    """
    client = _other_side(leg, initiator)
    call.hold(leg)
    yield 0.5
    second = call.appear(initiator, target.parties[0], ABONENT, after=leg, command_id=command_id)
    call.disconnect(leg, _end_by(leg, initiator))
    call.replace_caller(second, client, leg, "Appeared")
    yield from _answered_or_not(call, second, [], target)


def _answered_or_not(call: Conversation, taken: Leg, others: list[Leg], target: Target) -> Script:
    yield MEMBER_PICKS_UP if target.is_ours else target.plan.client_rings
    if target.plan.client_answers:
        call.connect(taken)
        for other in others:
            call.disconnect(other, _OTHER_TOOK_IT)
        yield call.talk_seconds
        call.disconnect(taken, rules.CALLER_HUNG_UP)
    else:
        call.disconnect(taken, target.plan.reason)
    yield from closing(call)


def _held(call: Conversation, leg: Leg) -> Leg | None:
    waiting = [one for one in call.open_legs() if one is not leg and one.state == "OnHold"]
    return waiting[0] if waiting else None


def _other_side(leg: Leg, initiator: Party) -> Party:
    return leg.target if leg.source == initiator else leg.source


def _end_by(leg: Leg, initiator: Party) -> int:
    """The reason of a leg that the initiator leaves: by its caller or by its callee."""
    return rules.CALLER_HUNG_UP if leg.source == initiator else rules.CALLEE_HUNG_UP
