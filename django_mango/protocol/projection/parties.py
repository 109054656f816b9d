"""Who of us rang or talked in a call."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from ..notifications import Party
from ..value_class import value_class
from .directory import Directory
from .facts import ProjectedParty
from .legs import Leg
from .sources import Source


@value_class
class _Stay:
    """One party's part in a leg: a transfer replaces a party in the middle (Q66)."""

    party: Party
    role: str
    rang_at: int
    answered_at: int
    ended_at: int


def parties_of(
    legs: Sequence[Leg],
    ends: Mapping[str, int],
    first_ids: Collection[str],
    direction: str,
    source: Source,
    directory: Directory,
) -> tuple[ProjectedParty, ...]:
    """One entry for each extension, or SIP address where the extension is unknown.

    ``ends`` are the ends of the legs by ``call_id``, 0 for one that goes on. Where
    no leg is known, ``source`` (a summary then) names our side.
    """
    found: dict[tuple[str, str], ProjectedParty] = {}
    for leg in legs:
        if not leg.is_with_person:
            continue
        is_first = leg.call_id in first_ids
        for stay in _stays(leg, is_first, ends[leg.call_id]):
            if directory.is_ours(stay.party, leg.first_at):
                _add(found, _entry(stay, leg.first_at, directory))
    if not found and source.ours:
        role = "callee" if direction == "incoming" else "caller"
        stay = _Stay(source.ours, role, 0, source.answered_at, source.ended_at)
        party = _entry(stay, source.started_at, directory)
        # The summary of a call nobody took may name a group instead of a person (§3.1.6).
        if source.answered_at or party.owner is not None:
            _add(found, party)
    return tuple(sorted(found.values(), key=lambda party: (party.extension, party.number)))


def _stays(leg: Leg, is_first: bool, ended_at: int) -> Iterator[_Stay]:
    if is_first:  # it rings the employee; taking the phone is not talking to the client
        yield _Stay(leg.first_called, "caller", leg.first_at, 0, ended_at)
        return
    for role, first, now, since in (
        ("caller", leg.first_caller, leg.caller, leg.caller_since),
        ("callee", leg.first_called, leg.called, leg.called_since),
    ):
        if now.is_or_extends(first):
            yield _Stay(now, role, leg.first_at, leg.connected_at, ended_at)
            continue
        talked_at = leg.connected_at if leg.connected_at < since else 0
        yield _Stay(first, role, leg.first_at, talked_at, since or ended_at)
        joined_talk = max(leg.connected_at, since) if leg.is_connected else 0
        yield _Stay(now, role, since, joined_talk, ended_at)


def _entry(stay: _Stay, at: int, directory: Directory) -> ProjectedParty:
    extension = directory.extension_of(stay.party, at)
    return ProjectedParty(
        extension,
        "" if extension else directory.plain(stay.party.number),
        stay.role,
        rang_at=stay.rang_at,
        answered_at=stay.answered_at,
        ended_at=stay.ended_at,
        owner=directory.owner_of(Party(extension, stay.party.number), at),
    )


def _add(found: dict[tuple[str, str], ProjectedParty], new: ProjectedParty) -> None:
    identity = (new.extension, new.number)
    known = found.get(identity)
    if known is None:
        found[identity] = new
        return
    found[identity] = ProjectedParty(
        known.extension,
        known.number,
        known.role,
        rang_at=_earlier(known.rang_at, new.rang_at),
        answered_at=_earlier(known.answered_at, new.answered_at),
        # Who is still in one of the legs is still in the call.
        ended_at=max(known.ended_at, new.ended_at) if known.ended_at and new.ended_at else 0,
        owner=known.owner if known.owner is not None else new.owner,
    )


def _earlier(first: int, second: int) -> int:
    return min(filter(None, (first, second)), default=0)
