"""A conversation of the extended statistics as legs, ends and a source (§3.4.2.3).

Its legs become legs as any others, so that talks, participants and places are found by the
same rules. What is particular: direction and success are codes of the service, our people
are named by their id, and a callback may or may not show the leg that rang us first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .. import numbers
from ..extended_records import CONVERSATION, MEMBER, ExtendedRecord
from ..notifications import Party
from . import verdict
from .directory import Directory
from .legs import Leg
from .sources import NOBODY, Source, last_leg

_DIRECTIONS = {1: "incoming", 2: "outgoing", 3: "internal"}
_INCOMING, _OUTGOING, _INTERNAL = 1, 2, 3
#: Ordered calls: ours by API or from the CRM, by the widget, of a group (§3.4.2.3).
_CALLBACKS = frozenset({4, 5, 6})
_BY_WIDGET = 5
#: Seconds; lengths are whole seconds, so that start and length may miss the end by some.
_ROUNDING = 2


@dataclass(frozen=True, slots=True)
class Conversation:
    """What the extended statistics make of one conversation.

    ``direction`` is empty for a code nobody knows. ``first_ids`` name the legs that rang our
    own people before the client. ``is_over`` is false while a talk in it has no end: the
    report was made in the middle of it. ``client_rang`` is false for a callback none of whose
    legs rang the client.
    """

    ends: verdict.Parties
    direction: str
    legs: tuple[Leg, ...]
    first_ids: frozenset[str]
    source: Source
    is_over: bool
    client_rang: bool
    is_by_widget: bool

    def knows_all(self, legs: Sequence[Leg]) -> bool:
        """Whether the whole was over when the legs of the events were last heard of.

        Otherwise the report was made in the middle of the call and ends nothing.
        """
        slack = _ROUNDING if all(leg.is_disconnected for leg in legs) else 0
        return self.is_over and all(leg.last_at <= self.source.ended_at + slack for leg in legs)


def conversation_of(records: Sequence[ExtendedRecord], directory: Directory) -> Conversation | None:
    """The conversation these rows report; ``None`` without the row of the conversation itself.

    A leg reported first without its id and then with it stands twice: the latter counts.
    """
    heads = [one for one in records if one.level == CONVERSATION]
    if not heads:
        return None
    head = max(heads, key=lambda one: (one.finish, one.digest))
    known = {}
    for one in sorted(records, key=lambda one: (bool(one.external_call_id), one.digest)):
        if one.level != CONVERSATION:
            known[one.path] = one
    parts = [known[path] for path in sorted(known, key=_place)]
    begun = head.start or min((one.start for one in parts if one.start), default=0)
    caller = _party(head.from_number, _caller_id(head, parts), begun, directory)
    called = _party(head.to_number, None, begun, directory)
    with_members = {one.path.rpartition(".")[0] for one in parts if one.level == MEMBER}
    legs = [
        _leg(one, head, caller, called, with_members, directory)
        for one in parts
        if _rang_somebody(one)
    ]
    first_ids = _first_ids(head, parts, legs)
    legs.sort(key=lambda leg: leg.order)
    is_callback = head.context_type in (_OUTGOING, _INTERNAL) and head.init_type in _CALLBACKS
    return Conversation(
        ends=verdict.Parties(caller, called, begun, head.context_type == _INCOMING),
        direction=_DIRECTIONS.get(head.context_type or 0, ""),
        legs=tuple(legs),
        first_ids=first_ids,
        source=_source(head, legs, first_ids, caller),
        is_over=not any(leg.is_connected and not leg.ended_at for leg in legs),
        client_rang=not is_callback or any(leg.call_id not in first_ids for leg in legs),
        is_by_widget=head.context_type == _OUTGOING and head.init_type == _BY_WIDGET,
    )


def _caller_id(head: ExtendedRecord, parts: Sequence[ExtendedRecord]) -> int | None:
    """Who of us called; of a call to a number its leg names him too (§3.4.2.3)."""
    if head.abonent_id is not None or head.context_type != _OUTGOING:
        return head.abonent_id
    ids = (one.abonent_id for one in parts if one.abonent_type == "number")
    return next((one for one in ids if one is not None), None)


def _source(
    head: ExtendedRecord, legs: Sequence[Leg], first_ids: frozenset[str], caller: Party
) -> Source:
    talks = [leg for leg in legs if leg.is_talk(first_ids)]
    ended_at = head.finish or max((leg.ended_at for leg in legs), default=0)
    return Source(
        "extended",
        head.start,
        _answered_at(head, talks, ended_at),
        ended_at,
        max((head.start, ended_at, *(leg.last_at for leg in legs))),
        last_leg(talks, legs, first_ids).reason if legs else "",
        head.to_number if head.context_type == _INCOMING else "",
        _ours(head, legs, first_ids, caller),
    )


def _answered_at(head: ExtendedRecord, talks: Sequence[Leg], ended_at: int) -> int:
    """The earliest answer of a talk; where legs name none, the length of the talk counts back."""
    if head.context_status == 0 and not head.talk:
        return 0
    answered_at = min((leg.connected_at for leg in talks), default=0)
    if answered_at or head.context_status != 1 or not head.talk or not ended_at:
        return answered_at
    return max(head.start, ended_at - head.talk)


def _ours(
    head: ExtendedRecord, legs: Sequence[Leg], first_ids: frozenset[str], caller: Party
) -> Party:
    """Our side: who called, else who talked first, else who rang first."""
    if head.context_type in (_OUTGOING, _INTERNAL):
        return caller
    phones = [leg for leg in legs if leg.is_with_person and leg.called]
    phones.sort(key=lambda leg: not leg.is_talk(first_ids))
    return phones[0].called if phones else NOBODY


def _leg(
    part: ExtendedRecord,
    head: ExtendedRecord,
    caller: Party,
    called: Party,
    with_members: set[str],
    directory: Directory,
) -> Leg:
    """A leg; whose members are known stands for the queue, they for the telephones."""
    is_queue = part.abonent_type == "group" and (part.path in with_members or not part.answer)
    to_client = part.abonent_type == "number" and head.context_type == _OUTGOING
    is_group = part.abonent_type == "group"
    party = called
    if not (to_client or is_group):
        party = _party(part.to_number, part.abonent_id, part.start, directory)
    client = called if head.context_type == _OUTGOING and not to_client else caller
    return Leg(
        call_id=f"{part.level} {part.path}",
        location="queue" if is_queue else "" if is_group else "abonent",
        caller=client,
        called=party,
        first_caller=client,
        first_called=party,
        state="Disconnected",
        first_at=part.start,
        last_at=max(part.start, part.answer, part.finish),
        is_connected=part.answer > 0,
        connected_at=part.answer,
        ended_at=part.finish,
        reason=part.disconnect_reason,
    )


def _first_ids(
    head: ExtendedRecord, parts: Sequence[ExtendedRecord], legs: Sequence[Leg]
) -> frozenset[str]:
    """Legs that rang our own people before the client: their answer proves nothing (Q67).

    In an outgoing call that is every leg to one of us not begun after the client's, in an
    internal one the leg that rings the caller himself.
    """
    types = {f"{one.level} {one.path}": one for one in parts}
    if head.context_type == _INTERNAL and head.abonent_id is not None:
        own = {name for name, one in types.items() if one.abonent_id == head.abonent_id}
        return frozenset(leg.call_id for leg in legs if leg.call_id in own)
    if head.context_type != _OUTGOING:
        return frozenset()
    client_at = min(
        (one.start for one in parts if one.abonent_type == "number" and one.start), default=None
    )
    return frozenset(
        leg.call_id
        for leg in legs
        if types[leg.call_id].abonent_type != "number"
        and (client_at is None or leg.first_at <= client_at)
    )


def _rang_somebody(part: ExtendedRecord) -> bool:
    """Conferences leave elements of service without answer, end or length (Q46, T-54)."""
    return part.abonent_type != "conference" or part.answer > 0


def _party(number: str, user_id: int | None, at: int, directory: Directory) -> Party:
    """A party by its number, which may be a short one, and by the id of the employee."""
    extension = directory.extension_of_user(user_id, at) if user_id is not None else ""
    if numbers.from_service(number, directory.region).kind is numbers.Kind.EXTENSION:
        return Party(extension or number)
    return Party(extension, number)


def _place(path: str) -> list[int]:
    return [int(step) for step in path.split(".") if step.isdigit()]
