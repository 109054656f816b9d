"""What a projection changed in a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..models import Call
from ..models.call import OUTCOMES_OF_TALKS

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
    def clients(self) -> set[str]:
        """Numbers whose missed calls this change may settle or open again."""
        now = {name: getattr(self.call, name) for name in _OF_RESOLUTION}
        was = {name: self.before[name] for name in _OF_RESOLUTION}
        if _matters(now) == _matters(was):
            return set()
        concerned = [one for one in (now, was) if one["is_missed"] or one["answered_at"]]
        return {str(one["client_number"]) for one in concerned} - {""}


def _matters(columns: Mapping[str, object]) -> tuple[object, ...]:
    """What a resolution sees of a call: an outcome counts only where it makes a talk none."""
    is_talk = bool(columns["answered_at"]) and columns["outcome"] in OUTCOMES_OF_TALKS
    return (
        columns["client_number"],
        columns["is_missed"],
        columns["started_at"] if columns["is_missed"] or is_talk else None,
        columns["answered_at"] if is_talk else None,
    )
