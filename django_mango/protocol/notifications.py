"""Notifications of the service as typed values (§3.1, §3.2).

``canonical_kind`` recognises a path in every printed shape, ``read`` turns the
signed text into a value. Unknown kinds and fields are kept, not refused; what
contradicts itself raises ``ReadError`` and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from . import values
from .errors import ReadError
from .times import integer_or_none, moment_or_none, to_unix
from .value_class import value_class

_KIND = re.compile(r"[A-Za-z0-9_./-]{1,100}")
_FAMILIES = ("events", "result")
_ALIASES = {"result/stats": "result/stat"}
STATES = ("Appeared", "Connected", "OnHold", "Disconnected")
_STATE_BY_WORD = {state.lower(): state for state in STATES}
#: Kinds that create or change a call.
CALL_KINDS = ("events/call", "events/summary")
LOCATIONS = ("ivr", "queue", "abonent")


def canonical_kind(path: str) -> str | None:
    """The kind a notification path stands for, ``None`` when it is no such path.

    Paths are printed with several prefixes, with and without a trailing slash
    (T-04, Q58); ``result/stats`` is the older name of ``result/stat`` (Q35).
    """
    parts = [part for part in path.split("/") if part]
    if parts[-1:] == ["ping"]:
        return "ping"
    # The innermost mount counts: ``/events/crm/events/call`` is a call event.
    start = max((at for at, part in enumerate(parts[:-1]) if part in _FAMILIES), default=None)
    if start is None:
        return None
    kind = "/".join(parts[start:])
    return _ALIASES.get(kind, kind) if _KIND.fullmatch(kind) else None


@value_class
class Party:
    """One side of a leg. ``extension`` and ``number`` are raw, empty when not sent."""

    extension: str = ""
    number: str = ""

    def __bool__(self) -> bool:
        return bool(self.extension or self.number)

    def is_or_extends(self, other: Party) -> bool:
        """Whether this party is the other one, perhaps known better."""
        return other.extension in ("", self.extension) and other.number in ("", self.number)


@dataclass(frozen=True, slots=True)
class CallEvent:
    """``/events/call``: a state change of one leg (§3.1.2).

    ``timestamp`` is Unix seconds UTC, 0 when not sent; ``seq`` counts per leg (Q53).
    """

    entry_id: str
    call_id: str
    timestamp: int
    seq: int
    state: str
    location: str
    caller: Party
    called: Party
    taken_from: str = ""
    from_line: str = ""
    to_line: str = ""
    group_number: str = ""
    disconnect_reason: str = ""
    command_id: str = ""
    callback_initiator: str = ""
    transfer: str = ""
    text: str = field(default="", repr=False)

    @property
    def rank(self) -> tuple[int, int, int, str]:
        """Total order of the events of one leg (projection: ``seq``, time, state, text)."""
        return (self.seq, self.timestamp, STATES.index(self.state), self.text)


@dataclass(frozen=True, slots=True)
class Summary:
    """``/events/summary``: the end of a conversation (§3.1.6).

    Times are Unix seconds UTC, 0 for "never". ``direction`` is the service's code
    0 internal, 1 incoming, 2 outgoing (T-13), ``None`` when not sent.
    """

    entry_id: str
    direction: int | None
    caller: Party
    called: Party
    line_number: str
    create_time: int
    forward_time: int
    talk_time: int
    end_time: int
    entry_result: int | None
    disconnect_reason: str
    text: str = field(default="", repr=False)

    @property
    def rank(self) -> tuple[int, int, str]:
        """Of several summaries of one conversation the greatest counts."""
        return (self.end_time, self.talk_time, self.text)


@dataclass(frozen=True, slots=True)
class CommandResult:
    """``/result/*``: the outcome of a command (§3.2). 1000 says started, not answered."""

    kind: str
    command_id: str
    code: int


@dataclass(frozen=True, slots=True)
class StatsReady:
    """``/result/stat``: a statistics report can be fetched (§3.4.1.2)."""

    key: str
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class RecordingEvent:
    """``/events/recording``: a recording started, went on or ended (§3.1.4).

    ``state`` is ``Started``, ``Continued`` or ``Completed``; ``recipient`` and
    ``completion_code`` may stand anywhere or nowhere (Q79).
    """

    entry_id: str
    recording_id: str
    state: str
    seq: int
    timestamp: int
    call_id: str = ""
    command_id: str = ""
    extension: str = ""
    completion_code: int | None = None
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class RecordStored:
    """``/events/record/added`` and ``/events/record/tagged`` (§3.1.7, §3.1.8).

    The first says that the file exists (Q77), the second that its topics were
    recognised. ``user_id`` is ``general.user_id`` of the employee, -1 for nobody.
    """

    kind: str
    entry_id: str
    recording_id: str
    timestamp: int
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class SmsDelivery:
    """``/events/sms``: what became of a message (§3.1.3); 1000 or 43xx."""

    command_id: str
    timestamp: int
    reason: int | None


@dataclass(frozen=True, slots=True)
class Dtmf:
    """``/events/dtmf``: keys pressed in a voice menu, a complete sequence (§3.1.5)."""

    entry_id: str
    call_id: str
    seq: int
    timestamp: int
    keys: str
    location: str
    initiator: str


@dataclass(frozen=True, slots=True)
class Other:
    """Any other notification: kept with the ids it names."""

    kind: str
    entry_id: str = ""
    call_id: str = ""
    command_id: str = ""
    seq: int | None = None


Value = (
    CallEvent
    | Summary
    | CommandResult
    | StatsReady
    | RecordingEvent
    | RecordStored
    | SmsDelivery
    | Dtmf
    | Other
)


def read(kind: str, text: str) -> Value:
    """The value of one notification; raises ``ReadError`` when it cannot be understood."""
    source = values.json_object(text)
    # Documents print summary samples under events/call; their shape tells (Q75).
    if kind in CALL_KINDS:
        is_summary = kind == "events/summary" or "call_direction" in source
        return (
            _summary(source, text)
            if is_summary and "call_state" not in source
            else _call_event(source, text)
        )
    if kind == "result/stat":
        return StatsReady(values.text(source, "key", 255), values.text(source, "request_id"))
    if kind.startswith("result/"):
        return _command_result(kind, source)
    return _OTHERS.get(kind, _other)(kind, source)


def _call_event(source: values.Json, text: str) -> CallEvent:
    state = _STATE_BY_WORD.get(values.word(source, "call_state").lower())
    if state is None:
        raise ReadError("call_state is none of the documented states")
    caller, called = values.child(source, "from"), values.child(source, "to")
    return CallEvent(
        entry_id=values.text(source, "entry_id"),
        call_id=values.text(source, "call_id"),
        timestamp=_time(source, "timestamp"),
        seq=values.integer(source, "seq") or 0,
        state=state,
        location=_location(source),
        caller=_party(caller),
        called=_party(called),
        taken_from=values.text(caller, "taken_from_call_id")
        or values.text(called, "taken_from_call_id"),
        from_line=values.text(caller, "line_number"),
        to_line=values.text(called, "line_number") or values.text(source, "line_number"),
        group_number=values.text(called, "acd_group"),
        disconnect_reason=values.text(source, "disconnect_reason"),
        command_id=values.text(source, "command_id"),
        callback_initiator=values.word(source, "callback_initiator"),
        transfer=values.word(source, "transfer"),
        text=text,
    )


def _summary(source: values.Json, text: str) -> Summary:
    direction = values.integer(source, "call_direction")
    return Summary(
        entry_id=values.text(source, "entry_id"),
        direction=direction if direction in (0, 1, 2) else None,
        caller=_party(values.child(source, "from")),
        called=_party(values.child(source, "to")),
        line_number=values.text(source, "line_number"),
        create_time=_time(source, "create_time"),
        forward_time=_time(source, "forward_time"),
        talk_time=_time(source, "talk_time"),
        end_time=_time(source, "end_time"),
        entry_result=values.integer(source, "entry_result"),
        disconnect_reason=values.text(source, "disconnect_reason"),
        text=text,
    )


def _command_result(kind: str, source: values.Json) -> CommandResult:
    # The key is printed with either case (T-28), the code as int or text (T-02).
    code = next(
        (integer_or_none(value) for name, value in source.items() if name.lower() == "result"),
        None,
    )
    if code is None or not 0 < code < 100_000:
        raise ReadError("result is not a result code")
    return CommandResult(kind, values.text(source, "command_id"), code)


def _recording(_kind: str, source: values.Json) -> RecordingEvent:
    return RecordingEvent(
        entry_id=values.text(source, "entry_id"),
        recording_id=_recording_id(source),
        state=values.word(source, "recording_state"),
        seq=values.integer(source, "seq") or 0,
        timestamp=_time(source, "timestamp"),
        call_id=values.text(source, "call_id"),
        command_id=values.text(source, "command_id"),
        extension=values.text(source, "extension"),
        completion_code=values.integer(source, "completion_code"),
        recipient=values.word(source, "recipient"),
    )


def _stored_record(kind: str, source: values.Json) -> RecordStored:
    return RecordStored(
        kind,
        values.text(source, "entry_id"),
        _recording_id(source),
        _time(source, "timestamp"),
        values.integer(source, "user_id"),
    )


def _sms(_kind: str, source: values.Json) -> SmsDelivery:
    return SmsDelivery(
        values.text(source, "command_id"),
        _time(source, "timestamp"),
        values.integer(source, "reason"),
    )


def _dtmf(_kind: str, source: values.Json) -> Dtmf:
    return Dtmf(
        entry_id=values.text(source, "entry_id"),
        call_id=values.text(source, "call_id"),
        seq=values.integer(source, "seq") or 0,
        timestamp=_time(source, "timestamp"),
        keys=values.text(source, "dtmf"),
        location=_location(source),
        initiator=values.text(source, "initiator"),
    )


def _other(kind: str, source: values.Json) -> Other:
    return Other(
        kind,
        values.text(source, "entry_id"),
        values.text(source, "call_id"),
        values.text(source, "command_id"),
        values.integer(source, "seq"),
    )


_OTHERS: dict[str, Callable[[str, values.Json], Value]] = {
    "events/recording": _recording,
    "events/record/added": _stored_record,
    "events/record/tagged": _stored_record,
    "events/sms": _sms,
    "events/dtmf": _dtmf,
}


def _recording_id(source: values.Json) -> str:
    recording_id = values.text(source, "recording_id")
    if not recording_id:
        raise ReadError("recording_id is missing")
    return recording_id


def _party(source: values.Json) -> Party:
    return Party(values.text(source, "extension"), values.text(source, "number"))


def _location(source: values.Json) -> str:
    return values.word(source, "location").lower()


def _time(source: values.Json, name: str) -> int:
    moment = moment_or_none(source.get(name))
    return to_unix(moment) if moment else 0
