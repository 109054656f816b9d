"""What a projection changed in a call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..models import Call
from ..models.call import OUTCOMES_OF_TALKS
from .concern import Concern

#: Columns that decide what settles a missed call.
_OF_RESOLUTION = {"client_number", "is_missed", "answered_at", "started_at", "outcome"}


@dataclass(frozen=True, slots=True)
class Change:
    """A call as it is now, the columns that differ, and all of them as they were.

    ``confirmed`` are the keys of our commands that the call proved to be carried out.
    """

    call: Call
    fields: tuple[str, ...]
    before: Mapping[str, object]
    confirmed: list[int] = field(default_factory=list)

    def followed_by(self, later: Change) -> Change:
        """This and a later change of the same call as one."""
        return Change(
            later.call,
            tuple(dict.fromkeys((*self.fields, *later.fields))),
            self.before,
            [*self.confirmed, *later.confirmed],
        )

    @property
    def is_new(self) -> bool:
        """The conversation was not known before."""
        return self.before["started_at"] is None

    @property
    def became_answered(self) -> bool:
        return self.before["answered_at"] is None and self.call.answered_at is not None

    @property
    def only_adds_a_talk(self) -> bool:
        """A person began to talk to a client who was known, and nothing was taken back."""
        now, was = self.call, self.before
        return (
            self.became_answered
            and now.is_talk
            and bool(now.client_number)
            and was["client_number"] == now.client_number
            and not (was["is_missed"] or now.is_missed)
        )

    @property
    def became_final(self) -> bool:
        return not self.before["is_final"] and self.call.is_final

    @property
    def became_missed(self) -> bool:
        return not self.before["is_missed"] and self.call.is_missed

    @property
    def concern(self) -> Concern:
        """Whose missed calls this change may settle or open again."""
        concern = Concern()
        states = [
            {name: getattr(self.call, name) for name in _OF_RESOLUTION},
            {name: self.before[name] for name in _OF_RESOLUTION},
        ]
        if _matters(states[0]) == _matters(states[1]):
            return concern
        # A call whose number changed concerns both clients.
        numbers = {str(state["client_number"]) for state in states} - {""}
        if any(_is_talk(state) for state in states):
            concern.talked |= numbers
        if len(numbers) > 1 or any(state["is_missed"] for state in states):
            concern.missed |= numbers
        for state in states:
            concern.widen(state["started_at"], state["answered_at"])
        return concern


def concern_of(changes: Iterable[Change]) -> Concern:
    """Whose missed calls these changes may settle or open again."""
    concern = Concern()
    for change in merged(changes):
        concern.take(change.concern)
    return concern


def merged(changes: Iterable[Change]) -> Iterable[Change]:
    """One change for each call: what an import unfolds in several batches happened at once."""
    found: dict[int, Change] = {}
    for change in changes:
        before = found.get(change.call.pk)
        found[change.call.pk] = before.followed_by(change) if before else change
    return found.values()


def _is_talk(columns: Mapping[str, Any]) -> bool:
    """An outcome counts only where it makes a talk none."""
    return bool(columns["answered_at"]) and columns["outcome"] in OUTCOMES_OF_TALKS


def _matters(columns: Mapping[str, Any]) -> tuple[object, ...]:
    """What a resolution sees of a call."""
    is_talk = _is_talk(columns)
    return (
        columns["client_number"],
        columns["is_missed"],
        columns["started_at"] if columns["is_missed"] or is_talk else None,
        columns["answered_at"] if is_talk else None,
    )
