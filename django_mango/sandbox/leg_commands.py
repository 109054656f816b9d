"""Commands on a leg of a call that goes on, and text messages (§3.2.4-§3.2.11).

Not played: ``play/start`` and ``callback_group`` (4001).
"""

from __future__ import annotations

from functools import partial

from . import staff, transfers
from .answers import Answer, RefusalError
from .calls import ABONENT, INCOMING, Conversation, Leg
from .clock import Clock
from .commands import Finish, destination
from .engine import ENDED, Engine
from .fields import MISSING, WRONG_FORM, WRONG_PARAMETERS, Json, optional_text, text
from .rows import Party
from .rules import plan_for
from .scripts import Script
from .transfers import Target

NO_SUCH_PARTY = 3330
SMS_LOST = 4391
_DELIVERY = 2.0
#: Four segments of 153 Latin or 67 other letters (§3.2.4).
_LATIN, _OTHER = 612, 268


class LegCommands:
    """Routing, transfers, hold, recording on command, and text messages."""

    def __init__(self, engine: Engine, finish: Finish, clock: Clock) -> None:
        self._engine = engine
        self._finish = finish
        self._clock = clock

    def route(self, data: Json) -> Answer:
        """Send a call elsewhere that is in the menu, in a queue, or still rings (§3.2.7)."""
        command_id, call_id = _ids(data)
        target = _target(text(data, "to_number", required=True))
        script = partial(transfers.routed, target=target, command_id=command_id)
        code = self._engine.take_over(call_id, _can_be_routed, script)
        return self._finish("route", command_id, code)

    def transfer(self, data: Json) -> Answer:
        """Hand a talk over, at once (``blind``) or after a consultation (``hold``) (§3.2.8)."""
        command_id, call_id = _ids(data)
        method = text(data, "method", required=True)
        if method not in ("blind", "hold"):
            raise RefusalError(WRONG_FORM, "method is blind or hold")
        target = _target(text(data, "to_number", required=True))
        initiator = self._initiator(call_id, text(data, "initiator", required=True))
        if initiator is None:
            return self._finish("transfer", command_id, ENDED)
        play = transfers.blindly if method == "blind" else transfers.consulted
        script = partial(play, initiator=initiator, target=target, command_id=command_id)
        code = self._engine.take_over(call_id, _talks, script)
        return self._finish("transfer", command_id, code)

    def hold_on(self, data: Json) -> Answer:
        """Put the other party on hold (§3.2.11)."""
        command_id, call_id = _ids(data)
        initiator = self._initiator(call_id, text(data, "initiator", required=True))
        code = ENDED
        if initiator is not None:
            code = self._engine.take_over(call_id, _talks, transfers.held)
        return self._finish("call/hold/on", command_id, code)

    def transfer_cancel(self, data: Json) -> Answer:
        """Take the held party back (§3.2.10)."""
        command_id, call_id = _ids(data)
        code = self._engine.take_over(call_id, _is_held, transfers.resumed)
        return self._finish("transfer_cancel", command_id, code)

    def calls_connect(self, data: Json) -> Answer:
        """Join the held party and the one consulted; both legs are of one call (§3.2.9)."""
        command_id = optional_text(data, "command_id")
        held = text(data, "holded_call_id", required=True)
        other = text(data, "transferred_call_id", required=True)
        text(data, "transfer_initiator_number", required=True)
        may, script = partial(_can_join, other=other), partial(_join, other=other)
        code = self._engine.take_over(held, may, script)
        return self._finish("calls_connect", command_id, code)

    def recording_start(self, data: Json) -> Answer:
        """Record a talk of an employee (§3.2.5)."""
        command_id, call_id = _ids(data)
        initiator = self._initiator(call_id, text(data, "call_party_number", required=True))
        code = ENDED if initiator is None else self._engine.record(call_id, command_id)
        return self._finish("recording/start", command_id, code)

    def sms(self, data: Json) -> Answer:
        """Send a text; it is delivered, or lost (4391) to a number that ends in 04 (§3.2.4)."""
        command_id = optional_text(data, "command_id")
        message = data.get("text")
        if not isinstance(message, str) or not message:
            raise RefusalError(MISSING, "text is required")
        if len(message) > (_LATIN if message.isascii() else _OTHER):
            raise RefusalError(WRONG_PARAMETERS, "the text is too long")
        if staff.employee_by_extension(text(data, "from_extension", required=True)) is None:
            raise RefusalError(WRONG_PARAMETERS, "from_extension is nobody's")
        party, internal = destination(text(data, "to_number", required=True))
        if internal:
            raise RefusalError(WRONG_PARAMETERS, "short numbers take no messages")
        event: dict[str, object] = {} if command_id is None else {"command_id": command_id}
        # Both as strings, like the sample of §3.1.3.
        event["timestamp"] = str(int(self._clock.now()))
        event["reason"] = str(SMS_LOST if party.number.endswith("04") else 1000)
        self._engine.after(_DELIVERY, "events/sms", event)
        return self._finish("sms", command_id, 1000)

    def _initiator(self, call_id: str, name: str) -> Party | None:
        """The employee of the leg with this extension or number; None when the leg is over."""
        parties = self._engine.parties(call_id)
        if parties is None:
            return None
        for party in parties:
            if party.extension and name in (party.extension, party.number):
                return party
        raise RefusalError(NO_SUCH_PARTY, "no employee of this call has that number")


def _ids(data: Json) -> tuple[str | None, str]:
    return optional_text(data, "command_id"), text(data, "call_id", required=True)


def _target(number: str) -> Target:
    group = staff.group_by_extension(number)
    if group is not None:
        members = (destination(extension)[0] for extension in group.members)
        return Target(tuple(members), group.extension)
    party, _ = destination(number)
    return Target((party,), plan=plan_for(party))


def _can_be_routed(call: Conversation, leg: Leg) -> bool:
    return call.direction == INCOMING and (leg.location != ABONENT or leg.state == "Appeared")


def _talks(_call: Conversation, leg: Leg) -> bool:
    return leg.talks and leg.state == "Connected"


def _is_held(_call: Conversation, leg: Leg) -> bool:
    return leg.state == "OnHold"


def _can_join(call: Conversation, leg: Leg, other: str) -> bool:
    return leg.state == "OnHold" and _connected(call, other) is not None


def _join(call: Conversation, leg: Leg, other: str) -> Script:
    second = _connected(call, other)
    if second is not None:
        yield from transfers.joined(call, leg, second)


def _connected(call: Conversation, call_id: str) -> Leg | None:
    legs = (leg for leg in call.open_legs() if leg.call_id == call_id)
    return next((leg for leg in legs if leg.state == "Connected"), None)
