"""Who of us rang or talked in a call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..notifications import Party
from .directory import Directory
from .facts import ProjectedParty
from .legs import Leg
from .sources import Source


def parties_of(
    legs: Sequence[Leg],
    first_legs: Iterable[Leg | None],
    direction: str,
    source: Source,
    directory: Directory,
) -> tuple[ProjectedParty, ...]:
    """One entry for each extension, or SIP address where the extension is unknown.

    Where no leg is known, ``source`` (a summary then) names our side.
    """
    first_ids = {leg.call_id for leg in first_legs if leg}
    found: dict[tuple[str, str], ProjectedParty] = {}
    for leg in legs:
        if not leg.is_with_person:
            continue
        is_first = leg.call_id in first_ids
        for side, role in _sides(leg, is_first):
            if directory.is_ours(side, leg.first_at):
                _add(found, _entry(side, role, leg, is_first, directory))
    if not found and source.ours:
        party = _identity(
            source.ours,
            "callee" if direction == "incoming" else "caller",
            source.started_at,
            directory,
        )
        # The summary of a call nobody took may name a group instead of a person (§3.1.6).
        if source.answered_at or party.owner is not None:
            _add(
                found,
                replace(party, answered_at=source.answered_at, ended_at=source.ended_at),
            )
    return tuple(sorted(found.values(), key=lambda party: (party.extension, party.number)))


def _sides(leg: Leg, is_first: bool) -> list[tuple[Party, str]]:
    if is_first:  # a callback rings the employee first; the other side is the client
        return [(leg.first_called, "caller")]
    sides = [(leg.first_caller, "caller"), (leg.first_called, "callee")]
    return [(side, role) for side, role in sides if side]


def _entry(
    side: Party, role: str, leg: Leg, is_first: bool, directory: Directory
) -> ProjectedParty:
    party = _identity(side, role, leg.first_at, directory)
    return ProjectedParty(
        party.extension,
        party.number,
        role,
        rang_at=leg.first_at,
        # Taking the phone in a callback's first leg is not talking to the client.
        answered_at=0 if is_first or not leg.is_connected else leg.connected_at,
        ended_at=leg.ended_at,
        owner=party.owner,
    )


def _identity(side: Party, role: str, at: int, directory: Directory) -> ProjectedParty:
    extension = directory.extension_of(side, at)
    return ProjectedParty(
        extension,
        "" if extension else directory.plain(side.number),
        role,
        owner=directory.owner_of(Party(extension, side.number), at),
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
        ended_at=max(known.ended_at, new.ended_at),
        owner=known.owner if known.owner is not None else new.owner,
    )


def _earlier(first: int, second: int) -> int:
    return min(filter(None, (first, second)), default=0)
