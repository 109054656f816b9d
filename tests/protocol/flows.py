"""Conversations for tests: what happens on a leg becomes real notifications and rows.

Every event passes through ``read``, every row through ``read_rows``, so that a
test starts from the texts of the service. Moments are seconds after ``T0``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django_mango.protocol.notifications import CallEvent, Summary, read
from django_mango.protocol.projection import Address, Directory, Facts, ProjectedCall, project
from django_mango.protocol.statistics import OUR_FIELDS, Record, read_rows

T0 = 1_748_090_000
Side = dict[str, str]

CLIENT: Side = {"number": "79161234567"}
HIDDEN: Side = {}
DID: Side = {"number": "74951234567"}
ANNA: Side = {"extension": "101", "number": "sip:anna@team.mangosip.ru"}
BORIS: Side = {"extension": "102", "number": "sip:boris@team.mangosip.ru"}
VERA: Side = {"extension": "103", "number": "sip:vera@team.mangosip.ru"}
STAFF = (ANNA, BORIS, VERA)
TEAM = Directory(
    [
        address
        for person in STAFF
        for address in (
            Address("extension", person["extension"], person["extension"]),
            Address("sip", person["number"], person["extension"]),
            Address("user", f"300{person['extension']}", person["extension"]),
        )
    ]
)


def event(
    call_id: str, state: str, at: int | None, source: Side, target: Side, **more: Any
) -> CallEvent:
    """One ``events/call``; ``more`` are keys of the notification, ``taken`` the leg before."""
    source, target = dict(source), dict(target)
    if more.get("taken"):
        source["taken_from_call_id"] = more["taken"]
    for name, key in (("line", "line_number"), ("group", "acd_group")):
        if more.get(name):
            target[key] = more[name]
    payload: dict[str, Any] = {
        "entry_id": "E1",
        "call_id": call_id,
        "seq": more.get("seq", 1),
        "call_state": state,
        "location": more.get("location", "abonent"),
        "from": source,
        "to": target,
    }
    if at is not None:
        payload["timestamp"] = T0 + at
    for name in ("disconnect_reason", "command_id", "callback_initiator", "transfer"):
        if more.get(name):
            payload[name] = more[name]
    value = read("events/call", json.dumps(payload))
    assert isinstance(value, CallEvent)
    return value


def summary(
    direction: int | None,
    source: Side,
    target: Side,
    *,
    created: int | None = 0,
    talked: int | None = None,
    ended: int | None = 60,
    reason: int | str = 1110,
    line: str = "74951234567",
    result: int | None = None,
) -> Summary:
    """One ``events/summary``; ``None`` as a moment is the service's 0."""
    payload: dict[str, Any] = {
        "entry_id": "E1",
        "from": source,
        "to": target,
        "line_number": line,
        "create_time": _unix(created),
        "forward_time": _unix(talked),
        "talk_time": _unix(talked),
        "end_time": _unix(ended),
        "entry_result": int(talked is not None) if result is None else result,
        "disconnect_reason": reason,
    }
    if direction is not None:
        payload["call_direction"] = direction
    value = read("events/summary", json.dumps(payload))
    assert isinstance(value, Summary)
    return value


def row(
    source: Side,
    target: Side,
    start: int,
    finish: int,
    *,
    answer: int | None = None,
    reason: int | str = 1110,
    location: str = "abonent",
    created: int | None = None,
    line: str = "74951234567",
    records: str = "[]",
) -> Record:
    """One row of the basic statistics."""
    cells = {
        "entry_id": "E1",
        "records": records,
        "create": _unix(created),
        "start": _unix(start),
        "answer": _unix(answer),
        "finish": _unix(finish),
        "from_extension": source.get("extension", ""),
        "from_number": source.get("number", ""),
        "to_extension": target.get("extension", ""),
        "to_number": target.get("number", ""),
        "disconnect_reason": reason,
        "line_number": line,
        "location": location,
    }
    text = ";".join(str(cells[name]) for name in OUR_FIELDS) + "\r\n"
    (value,) = read_rows([text.encode()])
    assert isinstance(value, Record), value
    return value


def _unix(at: int | None) -> int:
    return 0 if at is None else T0 + at


@dataclass
class FlowLeg:
    """A leg that tells of itself; a state changes it and becomes an event."""

    flow: Flow
    name: str
    source: Side
    target: Side
    more: dict[str, Any]
    seq: int = 0
    start: int | None = None
    answer: int | None = None
    finish: int = 0
    reason: int = 0

    def tell(self, state: str, at: int, *, source: Side | None = None, **more: Any) -> FlowLeg:
        self.seq += 1
        self.start = at if self.start is None else self.start
        self.source = self.source if source is None else source
        self.more |= {key: value for key, value in more.items() if key != "disconnect_reason"}
        extra = {**self.more, **more, "seq": self.seq}
        self.flow.events.append(event(self.name, state, at, self.source, self.target, **extra))
        return self

    def rings(self, at: int, **more: Any) -> FlowLeg:
        return self.tell("Appeared", at, **more)

    def talks(self, at: int, **more: Any) -> FlowLeg:
        self.answer = at if self.answer is None else self.answer
        return self.tell("Connected", at, **more)

    def holds(self, at: int) -> FlowLeg:
        return self.tell("OnHold", at)

    def ends(self, at: int, reason: int = 1110) -> FlowLeg:
        self.finish, self.reason = at, reason
        self.tell("Disconnected", at, disconnect_reason=reason)
        self.flow.records.append(self.row())
        return self

    def row(self) -> Record:
        return row(
            self.source,
            self.target,
            self.start or 0,
            self.finish,
            answer=self.answer,
            reason=self.reason,
            location=self.more.get("location", "abonent"),
            created=0,
        )


class Flow:
    """Facts of one conversation, in the order in which they happened."""

    def __init__(self, commands: dict[str, str] | None = None) -> None:
        self.events: list[CallEvent] = []
        self.summaries: list[Summary] = []
        self.records: list[Record] = []
        self.commands = commands or {}

    def __repr__(self) -> str:
        """Short, for the reports of hypothesis."""
        steps = [f"{one.call_id}:{one.state}@{one.timestamp - T0}" for one in self.events]
        return f"<Flow {' '.join(steps)} {self.commands}>"

    def leg(
        self, name: str, source: Side, target: Side, location: str = "abonent", **more: Any
    ) -> FlowLeg:
        return FlowLeg(self, name, source, target, {"location": location, **more})

    def call(self, *, events: bool = True, records: bool = False, **facts: Any) -> ProjectedCall:
        """The call of the events and summaries, and of the rows if asked for."""
        return call(
            events=self.events if events else (),
            summaries=self.summaries,
            records=self.records if records else (),
            commands=self.commands,
            **facts,
        )


def call(
    *,
    events: Any = (),
    summaries: Any = (),
    records: Any = (),
    directory: Directory = TEAM,
    **facts: Any,
) -> ProjectedCall:
    """The call these facts make; fails when they make none."""
    result = project(
        Facts("E1", tuple(events), tuple(summaries), tuple(records), directory=directory, **facts)
    )
    assert result is not None
    return result


def callback(
    *, command: str = "C", client_answers: bool = True, employee_answers: bool = True
) -> Flow:
    """Click-to-call of Anna to the client, as in 11.7.2 with an external client."""
    flow = Flow(commands={"C": "callback"})
    first = flow.leg("L1", CLIENT, ANNA, command_id=command).rings(0)
    if not employee_answers:
        first.ends(20, 1111)
        return flow
    first.talks(5)
    first.ends(6, 1000)
    second = flow.leg("L2", ANNA, CLIENT, command_id=command, taken="L1").rings(6)
    if client_answers:
        second.talks(12)
    second.ends(60, 1110 if client_answers else 1111)
    return flow


def queue_answered_by_boris() -> Flow:
    """Menu, queue, three phones ring, Boris takes the call and talks until 60."""
    flow = Flow()
    flow.leg("L1", CLIENT, DID, "ivr", line="74951234567").rings(0).talks(0).ends(5, 1100)
    queue = flow.leg("L2", CLIENT, DID, "queue", taken="L1", group="303").rings(5)
    phones = [
        flow.leg(f"L{number}", CLIENT, person, taken="L2", group="303").rings(6)
        for number, person in enumerate(STAFF, start=3)
    ]
    queue.ends(15, 1000)
    phones[1].talks(15)
    phones[0].ends(15, 1183)
    phones[2].ends(15, 1183)
    phones[1].ends(60, 1110)
    return flow


def blind_transfer() -> Flow:
    """11.7.5: the client talks to Anna, who sends him to Boris without a word."""
    flow = Flow()
    first = flow.leg("L1", CLIENT, ANNA, line="74951234567").rings(0).talks(5).holds(20)
    second = flow.leg("L2", ANNA, BORIS).rings(21)
    first.ends(22, 1120)
    second.rings(22, source=CLIENT, taken="L1", transfer="blind").talks(30).ends(70, 1110)
    return flow


def consultation() -> Flow:
    """11.7.4: the client talks to Anna, who asks Boris first and then hands him over."""
    flow = Flow()
    first = flow.leg("L1", CLIENT, ANNA, line="74951234567").rings(0).talks(5).holds(20)
    second = flow.leg("L2", ANNA, BORIS, taken="L1", transfer="consultative").rings(21).talks(25)
    first.ends(40, 1120)
    second.talks(40, source=CLIENT, taken="L1").ends(70, 1110)
    return flow
