"""One conversation and its legs: what happens becomes notifications and statistics rows.

A conversation knows nothing of time to come; scripts drive it. Every change of
a leg is one ``events/call`` (§3.1.2) with the next ``seq`` of that leg, every
leg that ends is one row of the basic statistics (Q31), and the end of the whole
is one ``events/summary`` (§3.1.6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from . import ids
from .clock import Clock
from .rows import Party, Row

Emit = Callable[[str, dict[str, object]], None]
Record = Callable[[Row], None]

IVR, QUEUE, ABONENT = "ivr", "queue", "abonent"
INTERNAL, INCOMING, OUTGOING = 0, 1, 2


@dataclass(slots=True)
class Leg:
    """One leg; moments are Unix seconds, 0 while they have not come."""

    call_id: str
    source: Party
    target: Party
    location: str
    appeared: int
    taken_from: str = ""
    line_number: str = ""
    acd_group: str = ""
    command_id: str | None = None
    seq: int = 0
    state: str = "Appeared"
    connected: int = 0
    talks: bool = False
    recording: str = ""

    @property
    def is_open(self) -> bool:
        return self.state != "Disconnected"


@dataclass(slots=True)
class Conversation:
    """A group of legs under one ``entry_id``.

    ``caller`` and ``callee`` are the parties the summary will name; ``line`` is
    the line called or used; ``reason`` the reason of the last talk to end, of the
    last leg to end where nobody talked; ``ended`` the moment the last leg ended;
    ``talk_seconds`` how long a talk lasts that nobody ends sooner.
    """

    entry: int
    clock: Clock
    emit: Emit
    record: Record
    direction: int
    caller: Party
    callee: Party
    line: str = ""
    command_id: str | None = None
    initiator: str = ""
    records_talks: bool = False
    talk_seconds: float = 20.0
    legs: list[Leg] = field(default_factory=list)
    created: int = 0
    forwarded: int = 0
    answered: int = 0
    ended: int = 0
    reason: int = 0
    summary_sent: bool = False

    def __post_init__(self) -> None:
        self.created = self._now()

    @property
    def entry_id(self) -> str:
        return ids.entry_id(self.entry)

    def open_legs(self) -> list[Leg]:
        return [leg for leg in self.legs if leg.is_open]

    def appear(
        self,
        source: Party,
        target: Party,
        location: str,
        *,
        after: Leg | None = None,
        line_number: str = "",
        acd_group: str = "",
        command_id: str | None = None,
    ) -> Leg:
        """A new leg begins to ring; ``after`` is the leg its caller was taken from (Q65).

        ``command_id`` is that of a command which made this leg and not the call.
        """
        leg = Leg(
            call_id=ids.call_id(self.entry, len(self.legs) + 1),
            source=source,
            target=target,
            location=location,
            appeared=self._now(),
            taken_from=after.call_id if after else "",
            line_number=line_number,
            acd_group=acd_group,
            command_id=self.command_id if command_id is None else command_id,
        )
        self.legs.append(leg)
        self._tell(leg, "Appeared")
        return leg

    def connect(self, leg: Leg, *, talk: bool = True) -> None:
        """The leg is answered, or talks again. ``talk`` is false for a callback's first leg."""
        leg.connected = leg.connected or self._now()
        self._tell(leg, "Connected")
        if talk:
            leg.talks = True
            self.answered = self.answered or leg.connected
            if self.records_talks and not leg.recording:
                self.start_recording(leg)

    def hold(self, leg: Leg) -> None:
        """One of the parties puts the other on hold."""
        self._tell(leg, "OnHold")

    def replace_caller(self, leg: Leg, caller: Party, after: Leg, state: str) -> None:
        """Another caller takes the leg over, told by a second event of ``state`` (Q66)."""
        leg.source = caller
        leg.taken_from = after.call_id
        self._tell(leg, state)

    def disconnect(self, leg: Leg, reason: int) -> None:
        """The leg ends and becomes a row."""
        self._stop_recording(leg)
        self.ended = self._now()
        if leg.talks or not self.answered:
            self.reason = reason
        self._tell(leg, "Disconnected", reason)
        self.record(
            Row(
                entry_id=self.entry_id,
                create=self.created,
                start=leg.appeared,
                finish=self._now(),
                answer=leg.connected,
                from_extension=leg.source.extension,
                from_number=leg.source.number,
                to_extension=leg.target.extension,
                to_number=leg.target.number,
                disconnect_reason=reason,
                line_number=self.line,
                location=leg.location,
                records=(leg.recording,) if leg.recording else (),
            )
        )

    def break_off(self, leg: Leg, reason: int) -> None:
        """End every open leg for ``reason``, this one last."""
        for other in self.open_legs():
            if other is not leg:
                self.disconnect(other, reason)
        self.disconnect(leg, reason)

    def summarise(self) -> None:
        """The final notification; a second one is never sent."""
        if self.summary_sent:
            return
        self.summary_sent = True
        ended_in_ivr = all(leg.location == IVR for leg in self.legs)
        payload: dict[str, object] = {
            "entry_id": self.entry_id,
            "call_direction": self.direction,
            "from": _party(self.caller),
            "to": {} if ended_in_ivr else _party(self.callee),
        }
        if self.line and self.direction != INTERNAL:
            payload["line_number"] = self.line
        payload |= {
            "create_time": self.created,
            "forward_time": self._forward_time(),
            "talk_time": self.answered,
            "end_time": self.ended,
            # The service calls a call that ended in the menu successful (T-20).
            "entry_result": int(self.answered > 0 or ended_in_ivr),
            "disconnect_reason": self.reason,
        }
        self.emit("events/summary", payload)

    def _forward_time(self) -> int:
        if self.direction != INCOMING:
            return self.created
        return self.forwarded if self.answered else 0

    def _tell(self, leg: Leg, state: str, reason: int = 0) -> None:
        leg.seq += 1
        leg.state = state
        source = _party(leg.source)
        if leg.taken_from:
            source["taken_from_call_id"] = leg.taken_from
        target = _party(leg.target)
        if leg.line_number:
            target["line_number"] = leg.line_number
        if leg.acd_group:
            target["acd_group"] = leg.acd_group
        payload: dict[str, object] = {
            "entry_id": self.entry_id,
            "call_id": leg.call_id,
            "timestamp": self._now(),
            "seq": leg.seq,
            "call_state": state,
            "location": leg.location,
            "from": source,
            "to": target,
        }
        if state == "Disconnected":
            payload["disconnect_reason"] = reason
        if self.direction == INCOMING:
            payload["dct"] = {"type": 0}
        if leg.command_id is not None:
            payload["command_id"] = leg.command_id
        if self.initiator:
            payload["callback_initiator"] = self.initiator
        self.emit("events/call", payload)

    def start_recording(self, leg: Leg, command_id: str | None = None) -> None:
        """Record the leg until it ends; ``command_id`` if a command asked for it (§3.1.4)."""
        leg.recording = ids.recording_id(self.entry, self.legs.index(leg) + 1)
        more: dict[str, object] = {} if command_id is None else {"command_id": command_id}
        self._tell_recording(leg, "Started", 1, more)

    def _stop_recording(self, leg: Leg) -> None:
        if leg.recording:
            outcome: dict[str, object] = {"completion_code": 1000, "recipient": "Cloud"}
            self._tell_recording(leg, "Completed", 2, outcome)

    def _tell_recording(self, leg: Leg, state: str, seq: int, more: dict[str, object]) -> None:
        """§3.1.4. The recorded employee is the called one, or the caller of an outgoing call."""
        self.emit(
            "events/recording",
            {
                "recording_id": leg.recording,
                "recording_state": state,
                "seq": seq,
                "entry_id": self.entry_id,
                "call_id": leg.call_id,
                "extension": leg.target.extension or leg.source.extension,
                "timestamp": self._now(),
                **more,
            },
        )

    def _now(self) -> int:
        return int(self.clock.now())


def _party(party: Party) -> dict[str, object]:
    """A party as events write it: what is unknown is absent (Q61)."""
    values = {"extension": party.extension, "number": party.number}
    return {name: value for name, value in values.items() if value}
