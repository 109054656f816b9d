"""What a projection changed in a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..models import Call

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
        if not _OF_RESOLUTION & set(self.fields):
            return set()
        now, was = self.call, self.before
        numbers = set()
        if now.is_missed or now.answered_at:
            numbers.add(now.client_number)
        if was["is_missed"] or was["answered_at"]:
            numbers.add(str(was["client_number"]))
        return numbers - {""}
