"""What goes into a projection and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..extended_records import ExtendedRecord
from ..notifications import CallEvent, Party, Summary
from ..statistics import Record
from ..value_class import value_class
from .directory import Directory


@value_class
class Facts:
    """Everything known of one ``entry_id``, in any order and number.

    ``commands`` maps the ids of our own commands to their kinds (``callback``,
    ``hangup`` ...); ids in events that are not in it are somebody else's.
    ``stale_closed_at`` (Unix seconds, 0 without) closes a call whose end was
    lost; a newer fact takes it back. ``records`` are rows of the basic statistics,
    ``extended`` those of the extended ones, which tell the same once more.
    """

    entry_id: str
    events: tuple[CallEvent, ...] = ()
    summaries: tuple[Summary, ...] = ()
    records: tuple[Record, ...] = ()
    commands: Mapping[str, str] = field(default_factory=dict)
    stale_closed_at: int = 0
    directory: Directory = field(default_factory=Directory)
    extended: tuple[ExtendedRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenLeg:
    """A leg that goes on. ``extensions`` are those of our parties in it.

    ``is_first`` is a callback's leg that rings our own employee: the client is not called yet.
    """

    call_id: str
    state: str
    location: str
    extensions: tuple[str, ...]
    with_client: bool
    is_first: bool = False

    @property
    def extension(self) -> str:
        """The first of our extensions in the leg, empty without one."""
        return self.extensions[0] if self.extensions else ""

    def as_json(self) -> dict[str, object]:
        """The leg as it is stored."""
        return {
            "call_id": self.call_id,
            "state": self.state,
            "location": self.location,
            "extension": self.extension,
            "extensions": list(self.extensions),
            "with_client": self.with_client,
            "is_first": self.is_first,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> OpenLeg:
        """The leg back from what ``as_json`` gave."""
        return cls(
            stored["call_id"],
            stored["state"],
            stored["location"],
            tuple(stored["extensions"]),
            stored["with_client"],
            stored.get("is_first", False),  # missing in what an earlier version stored
        )


@value_class
class ProjectedParty:
    """Somebody of ours in the call; moments in Unix seconds, 0 for "never".

    ``number`` is filled only where the extension is unknown.
    """

    extension: str
    number: str
    role: str
    rang_at: int = 0
    answered_at: int = 0
    ended_at: int = 0
    owner: int | None = None


@value_class
class ProjectedCall:
    """One call. Moments in Unix seconds UTC, 0 for "not yet" or "never".

    ``wait_seconds`` and ``talk_seconds`` are ``None`` while the call is live.
    """

    direction: str
    state: str
    outcome: str
    client_number: str
    client_number_raw: str
    line_number: str
    extension: str
    owner: int | None
    started_at: int
    answered_at: int
    ended_at: int
    wait_seconds: int | None
    talk_seconds: int | None
    disconnect_reason: str
    live_call_id: str
    reached: str
    legs: tuple[OpenLeg, ...]
    group_number: str
    command_id: str
    is_final: bool
    is_missed: bool
    sources: tuple[str, ...]
    parties: tuple[ProjectedParty, ...]


__all__ = ["Facts", "OpenLeg", "Party", "ProjectedCall", "ProjectedParty"]
