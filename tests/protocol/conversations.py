"""Whole conversations by chance: hypothesis draws what happens, the builders tell it.

Each strategy yields the facts a faultless service would send, in their order:
events, one summary, one row for each leg. Tests then shuffle, repeat and lose some.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.protocol.flows import (
    ANNA,
    BORIS,
    CLIENT,
    DID,
    HIDDEN,
    STAFF,
    Flow,
    FlowLeg,
    Side,
    summary,
)

Draw = Callable[[st.SearchStrategy[Any]], Any]
_pause = st.sampled_from([0, 1, 1, 2, 7, 30])
_unanswered = st.sampled_from([1110, 1111, 1120, 1121, 1122, 1131, 1180, 2210, 4210, 1100])
_end = st.sampled_from([1100, 1110, 1120])
LINE = "74951234567"


class _Clock:
    """Moves on by chance; several things may happen within one second."""

    def __init__(self, draw: Draw) -> None:
        self.draw, self.now = draw, 0

    def later(self) -> int:
        self.now += self.draw(_pause)
        return self.now


@st.composite
def conversations(draw: Draw) -> Flow:
    """Any conversation of the kinds below."""
    flow = Flow()
    draw(st.sampled_from(_KINDS))(draw, flow, _Clock(draw))
    return flow


def _incoming(draw: Draw, flow: Flow, clock: _Clock) -> None:
    """Menu, queue or neither, one or more phones, perhaps a transfer."""
    client = draw(st.sampled_from([CLIENT, CLIENT, HIDDEN]))
    taken, group = "", ""
    if draw(st.booleans()):
        menu = flow.leg("menu", client, DID, "ivr", line=LINE).rings(0)
        if draw(st.integers(0, 4)) == 0:
            menu.ends(clock.later(), draw(st.sampled_from([1110, 1170])))
            _summarise(flow, 1, client, {}, clock.now, None, menu.reason)
            return
        menu.ends(clock.later(), 1100)
        taken = "menu"
    queue = None
    if draw(st.booleans()):
        group = "303"
        queue = flow.leg("queue", client, DID, "queue", line=LINE, taken=taken, group=group)
        queue.rings(clock.later())
        taken = "queue"
    people = draw(st.lists(st.sampled_from(STAFF), min_size=1, max_size=3, unique_by=id))
    at = clock.later()
    phones = [
        flow.leg(f"phone{n}", client, one, line=LINE, taken=taken, group=group).rings(at)
        for n, one in enumerate(people)
    ]
    _answer(draw, flow, clock, client, queue, phones)


def _answer(
    draw: Draw,
    flow: Flow,
    clock: _Clock,
    client: Side,
    queue: FlowLeg | None,
    phones: list[FlowLeg],
) -> None:
    at = clock.later()
    if draw(st.booleans()):
        reason = draw(_unanswered)
        for phone in phones:
            phone.ends(at, reason)
        if queue:
            queue.ends(at, 1110)
        _summarise(flow, 1, client, phones[0].target, at, None, reason)
        return
    taken, *others = phones
    if queue:
        queue.ends(at, 1000)
    taken.talks(at)
    for phone in others:
        phone.ends(at, 1183)
    last = _perhaps_transferred(draw, flow, clock, client, taken)
    last.ends(clock.later(), draw(_end))
    _summarise(flow, 1, client, taken.target, clock.now, at, last.reason)


def _perhaps_transferred(
    draw: Draw, flow: Flow, clock: _Clock, client: Side, leg: FlowLeg
) -> FlowLeg:
    """11.7.4 or 11.7.5; returns the leg in which the client is in the end."""
    kind = draw(st.sampled_from(["", "", "blind", "consultative"]))
    target = next(one for one in STAFF if one != leg.target)
    if not kind:
        return leg
    leg.holds(clock.later())
    employee = leg.target
    if kind == "blind":
        new = flow.leg("moved", employee, target).rings(clock.later())
        leg.ends(clock.now, 1120)
        new.rings(clock.now, source=client, taken=leg.name, transfer="blind")
        return new.talks(clock.later())
    new = flow.leg("moved", employee, target, taken=leg.name, transfer="consultative")
    new.rings(clock.later()).talks(clock.later())
    leg.ends(clock.later(), 1120)
    return new.talks(clock.now, source=client)


def _outgoing(draw: Draw, flow: Flow, clock: _Clock) -> None:
    _to_client(draw, flow, clock, flow.leg("out", ANNA, CLIENT), 2)


def _internal(draw: Draw, flow: Flow, clock: _Clock) -> None:
    _to_client(draw, flow, clock, flow.leg("in", ANNA, BORIS), 0)


def _callback(draw: Draw, flow: Flow, clock: _Clock) -> None:
    """By our own command, somebody else's, or one that only its legs betray."""
    command = draw(st.sampled_from(["own", "foreign", ""]))
    if command == "own":
        flow.commands["own"] = "callback"
    client = draw(st.sampled_from([CLIENT, CLIENT, BORIS]))
    first = flow.leg("first", client, ANNA, command_id=command).rings(0)
    if draw(st.integers(0, 3)) == 0:
        first.ends(clock.later(), 1111)
        _summarise(flow, 0 if client is BORIS else 2, ANNA, client, clock.now, None, 1111)
        return
    first.talks(clock.later())
    first.ends(clock.later(), 1000)
    second = flow.leg("second", ANNA, client, command_id=command, taken="first")
    _to_client(draw, flow, clock, second, 0 if client is BORIS else 2)


def _callback_of_a_group(draw: Draw, flow: Flow, clock: _Clock) -> None:
    """§3.2.2: several of our phones ring, one is taken, then the client is rung."""
    flow.commands["own"] = "callback_group"
    command = draw(st.sampled_from(["own", "foreign"]))
    phones = [
        flow.leg(f"first{n}", CLIENT, one, command_id=command).rings(0)
        for n, one in enumerate(STAFF)
    ]
    taken = phones.pop(draw(st.integers(0, 2)))
    at = clock.later()
    taken.talks(at)
    for phone in phones:
        phone.ends(at, 1183)
    taken.ends(clock.later(), 1000)
    second = flow.leg("second", taken.target, CLIENT, command_id=command, taken=taken.name)
    _to_client(draw, flow, clock, second, 2)


def _picked_up(draw: Draw, flow: Flow, clock: _Clock) -> None:
    """The phone of one rings, another takes the call (1182)."""
    first = flow.leg("phone", CLIENT, ANNA, line=LINE).rings(0)
    at = clock.later()
    second = flow.leg("picked", CLIENT, BORIS, line=LINE, taken="phone").rings(at)
    first.ends(at, 1182)
    second.talks(at).ends(clock.later(), draw(_end))
    _summarise(flow, 1, CLIENT, BORIS, clock.now, at, second.reason)


def _returned(draw: Draw, flow: Flow, clock: _Clock) -> None:
    """A blind transfer nobody answers comes back to who made it (§2.1.2)."""
    first = flow.leg("phone", CLIENT, ANNA, line=LINE).rings(0)
    answered = clock.later()
    first.talks(answered).ends(clock.later(), 1180)
    away = flow.leg("away", CLIENT, BORIS, taken="phone", transfer="blind").rings(clock.now)
    clock.now += 1  # rows that begin in one second with the same parties would be one leg
    away.ends(clock.later(), 1111)
    back = flow.leg("back", CLIENT, ANNA, taken="away", transfer="return_blind").rings(clock.now)
    back.talks(clock.later()).ends(clock.later(), draw(_end))
    _summarise(flow, 1, CLIENT, ANNA, clock.now, answered, back.reason)


def _to_client(draw: Draw, flow: Flow, clock: _Clock, leg: FlowLeg, direction: int) -> None:
    leg.rings(clock.later())
    answered = None
    if draw(st.booleans()):
        answered = clock.later()
        leg.talks(answered)
    leg.ends(clock.later(), draw(_unanswered if answered is None else _end))
    _summarise(flow, direction, leg.source, leg.target, clock.now, answered, leg.reason)


def _summarise(
    flow: Flow,
    direction: int,
    source: Side,
    target: Side,
    ended: int,
    talked: int | None,
    reason: int,
) -> None:
    flow.summaries.append(
        summary(direction, source, target, created=0, talked=talked, ended=ended, reason=reason)
    )


_KINDS: list[Callable[[Draw, Flow, _Clock], None]] = [
    _incoming,
    _incoming,
    _outgoing,
    _internal,
    _callback,
    _callback_of_a_group,
    _picked_up,
    _returned,
]
