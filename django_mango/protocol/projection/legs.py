"""Legs of a conversation, from events and from statistics rows alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..codes import reason_code
from ..notifications import CallEvent, Party
from ..statistics import Record
from .directory import Directory

_LOCATION_ORDER = {"ivr": 0, "queue": 1}
#: Initiators whose first leg may ring the client first: they prove nothing by themselves.
_WEAK_INITIATORS = frozenset(
    {"CC", "ObDial", "CallbackWidget", "MissGroupCallCallback", "MissInIvrCallCallback"}
)
CALLBACK_KINDS = frozenset({"callback", "callback_group"})
_NEVER = 2**62


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg. Moments are Unix seconds, 0 when unknown.

    ``caller`` and ``called`` are the parties now, ``first_caller`` and
    ``first_called`` those the leg began with: a transfer replaces a party (Q66).
    """

    call_id: str
    location: str
    caller: Party
    called: Party
    first_caller: Party
    first_called: Party
    state: str
    first_at: int = 0
    last_at: int = 0
    is_connected: bool = False
    connected_at: int = 0
    ended_at: int = 0
    reason: str = ""
    from_line: str = ""
    to_line: str = ""
    group_number: str = ""
    taken_from: str = ""
    transfer: str = ""
    initiator: str = ""
    command_ids: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[bool, int, int, str]:
        """The order of legs; the first one is the root of the conversation."""
        return (
            bool(self.taken_from),
            self.first_at or _NEVER,
            _LOCATION_ORDER.get(self.location, 2),
            self.call_id,
        )

    @property
    def is_with_person(self) -> bool:
        """Whether the leg rings or talks at an employee, not in a menu or a queue."""
        return self.location not in ("ivr", "queue")

    @property
    def is_disconnected(self) -> bool:
        return self.state == "Disconnected"

    @property
    def is_hand_over(self) -> bool:
        """Whether the end of this leg announces another one."""
        code = reason_code(self.reason)
        if code in (1182, 1183):
            return self.is_disconnected
        return self.is_disconnected and not self.is_with_person and code in (1000, 1100)


def legs_of_events(events: Iterable[CallEvent], directory: Directory) -> list[Leg]:
    """Legs in their order, each folded from its events in the order of ``seq``."""
    by_leg: dict[str, dict[tuple[int, int, int, str], CallEvent]] = {}
    for event in events:
        by_leg.setdefault(event.call_id, {})[event.rank] = event
    legs = []
    for call_id, ranked in by_leg.items():
        leg = Leg(call_id, "", Party(), Party(), Party(), Party(), "")
        for rank in sorted(ranked):
            leg = _after(leg, ranked[rank], directory)
        legs.append(leg)
    return sorted(legs, key=lambda leg: leg.order)


def _after(leg: Leg, event: CallEvent, directory: Directory) -> Leg:
    is_end = event.state == "Disconnected"
    is_talk = event.state == "Connected"
    caller = _merged(leg.caller, event.caller, directory, is_moved=bool(event.taken_from))
    called = _merged(leg.called, event.called, directory)
    commands = (*leg.command_ids, event.command_id) if event.command_id else leg.command_ids
    return replace(
        leg,
        location=event.location or leg.location,
        caller=caller,
        called=called,
        first_caller=caller if caller.is_or_extends(leg.first_caller) else leg.first_caller,
        first_called=called if called.is_or_extends(leg.first_called) else leg.first_called,
        # A leg that ended stays ended: a late or unnumbered event does not reopen it.
        state="Disconnected" if leg.is_disconnected else event.state,
        first_at=min(filter(None, (leg.first_at, event.timestamp)), default=0),
        last_at=max(leg.last_at, event.timestamp),
        is_connected=leg.is_connected or is_talk,
        connected_at=leg.connected_at or (event.timestamp if is_talk else 0),
        ended_at=max(leg.ended_at, event.timestamp) if is_end else leg.ended_at,
        reason=(event.disconnect_reason or leg.reason) if is_end else leg.reason,
        from_line=leg.from_line or event.from_line,
        to_line=leg.to_line or event.to_line,
        group_number=leg.group_number or event.group_number,
        taken_from=event.taken_from or leg.taken_from,
        transfer=event.transfer or leg.transfer,
        initiator=leg.initiator or event.callback_initiator,
        command_ids=tuple(dict.fromkeys(commands)),
    )


def _merged(known: Party, new: Party, directory: Directory, is_moved: bool = False) -> Party:
    """Replace a party whole when it is another one, else complete it (Q66).

    Merging field by field would give the client the employee's extension. A
    party moved here from another leg may be known by a field the old one lacks,
    so that nothing contradicts: then anything in common must tell them equal.
    """
    if not new:
        return known
    same_extension = new.extension == known.extension
    same_number = directory.plain(new.number) == directory.plain(known.number)
    contradicts = (bool(new.extension and known.extension) and not same_extension) or (
        bool(new.number and known.number) and not same_number
    )
    shares = bool((new.extension and same_extension) or (new.number and same_number))
    if contradicts or (is_moved and known and not shares):
        return new
    return Party(new.extension or known.extension, new.number or known.number)


def legs_of_records(records: Iterable[Record]) -> list[Leg]:
    """Legs in their order; rows that differ in their end only are one leg (Q31).

    Of several reports of one leg the one with the latest finish counts.
    """
    latest: dict[tuple[object, ...], Record] = {}
    for record in sorted(records, key=lambda row: (row.finish, row.answer, row.key, row.digest)):
        leg = (
            record.start,
            record.from_extension,
            record.from_number,
            record.to_extension,
            record.to_number,
            record.location,
        )
        latest[leg] = record
    return sorted((_leg_of(record) for record in latest.values()), key=lambda leg: leg.order)


def _leg_of(record: Record) -> Leg:
    caller = Party(record.from_extension, record.from_number)
    called = Party(record.to_extension, record.to_number)
    return Leg(
        call_id=record.key,
        location=record.location,
        caller=caller,
        called=called,
        first_caller=caller,
        first_called=called,
        state="Disconnected",
        first_at=record.start,
        last_at=max(record.start, record.answer, record.finish),
        is_connected=record.answer > 0,
        connected_at=record.answer,
        ended_at=record.finish,
        reason=record.disconnect_reason,
        to_line=record.line_number,
    )


def first_leg_of_callback(
    legs: Sequence[Leg], commands: Mapping[str, str], is_own: bool, directory: Directory
) -> Leg | None:
    """The leg of a callback that rings our own employee, if these legs begin with one.

    It looks like an incoming call from the client and its answer proves nothing
    (Q67, T-38). ``is_own`` says that a callback command of ours made the entry.
    """
    if not legs:
        return None
    root = legs[0]
    at = root.first_at
    if not root.is_with_person:
        return None
    if directory.is_ours(root.first_caller, at) and not directory.is_ours(root.first_called, at):
        return None  # the first leg was lost, this is the second
    if reason_code(root.reason) == 1000 or any(
        is_reversed(root, leg, directory) for leg in legs[1:]
    ):
        return root
    if root.taken_from:
        return None
    unknown_command = any(command not in commands for command in root.command_ids)
    if is_own or (
        root.initiator not in _WEAK_INITIATORS and (unknown_command or bool(root.initiator))
    ):
        return root
    return None


def is_reversed(first: Leg, second: Leg, directory: Directory) -> bool:
    """Whether two legs have the same parties the other way round."""
    at = first.first_at
    return directory.same(first.first_caller, second.first_called, at) and directory.same(
        first.first_called, second.first_caller, at
    )
