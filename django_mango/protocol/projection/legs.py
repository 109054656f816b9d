"""Legs of a conversation, from events and from statistics rows alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from ..codes import reason_code
from ..notifications import CallEvent, Party
from ..statistics import Record
from ..value_class import value_class
from .directory import Directory

_LOCATION_ORDER = {"ivr": 0, "queue": 1}
_NEVER = 2**62


@value_class
class Leg:
    """One leg. Moments are Unix seconds, 0 when unknown.

    ``caller`` and ``called`` are the parties now, ``first_caller`` and
    ``first_called`` those the leg began with: a transfer replaces a party (Q66),
    at the moment ``caller_since`` or ``called_since``.
    """

    call_id: str
    location: str
    caller: Party
    called: Party
    first_caller: Party
    first_called: Party
    state: str
    appeared_at: int = 0
    first_at: int = 0
    last_at: int = 0
    is_connected: bool = False
    connected_at: int = 0
    ended_at: int = 0
    reason: str = ""
    from_line: str = ""
    to_line: str = ""
    group_number: str = ""
    caller_since: int = 0
    called_since: int = 0
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

    def is_talk(self, first_ids: Collection[str]) -> bool:
        """Whether somebody talked here; ``first_ids`` are the first legs of a callback."""
        return self.is_with_person and self.is_connected and self.call_id not in first_ids

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
    is_new_caller = _is_another(leg.caller, event.caller, directory, bool(event.taken_from))
    is_new_called = _is_another(leg.called, event.called, directory)
    caller = event.caller if is_new_caller else _completed(leg.caller, event.caller)
    called = event.called if is_new_called else _completed(leg.called, event.called)
    commands = (*leg.command_ids, event.command_id) if event.command_id else leg.command_ids
    return replace(
        leg,
        location=event.location or leg.location,
        caller=caller,
        called=called,
        first_caller=caller if caller.is_or_extends(leg.first_caller) else leg.first_caller,
        first_called=called if called.is_or_extends(leg.first_called) else leg.first_called,
        caller_since=event.timestamp if is_new_caller else leg.caller_since,
        called_since=event.timestamp if is_new_called else leg.called_since,
        # A leg that ended stays ended: a late or unnumbered event does not reopen it.
        state="Disconnected" if leg.is_disconnected else event.state,
        appeared_at=leg.appeared_at or (event.timestamp if event.state == "Appeared" else 0),
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


def _is_another(known: Party, new: Party, directory: Directory, is_moved: bool = False) -> bool:
    """Whether a party is replaced, whole: merging would give the client our extension (Q66).

    A party moved here from another leg may be known by a field the old one lacks,
    so that nothing contradicts: then anything in common must tell them equal.
    """
    if not known:
        return False
    if not new:  # a client who hides his number took the employee's place
        return is_moved and bool(known.extension)
    same_extension = new.extension == known.extension
    same_number = directory.plain(new.number) == directory.plain(known.number)
    if (new.extension and known.extension and not same_extension) or (
        new.number and known.number and not same_number
    ):
        return True
    shares = bool((new.extension and same_extension) or (new.number and same_number))
    return is_moved and not shares


def _completed(known: Party, new: Party) -> Party:
    return Party(new.extension or known.extension, new.number or known.number)


def legs_of_records(records: Iterable[Record]) -> list[Leg]:
    """Legs in their order; rows that differ in their end only are one leg (Q31)."""
    latest: dict[tuple[object, ...], Record] = {}
    for record in records:
        leg = (
            record.start,
            record.from_extension,
            record.from_number,
            record.to_extension,
            record.to_number,
            record.location,
        )
        known = latest.get(leg)
        if known is None or _last_word(known) < _last_word(record):
            latest[leg] = record
    return sorted((_leg_of(record) for record in latest.values()), key=lambda leg: leg.order)


def _last_word(record: Record) -> tuple[int, int, str, str]:
    """Of several reports of one leg the one with the latest finish counts."""
    return (record.finish, record.answer, record.key, record.digest)


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
