"""One recording from everything told of it: the third pure function (§3.1.4, §3.1.8).

The result depends neither on the order nor on the repetition of the facts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from .notifications import RecordingEvent, RecordStored

#: Shorter than the minimum: it was never stored and never will be (Q78).
TOO_SHORT = 4002
_ORDER = {"Started": 0, "Continued": 1, "Completed": 2}


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """What we know of one recording. Moments in Unix seconds UTC, 0 when unknown."""

    recording_id: str
    state: str
    entry_id: str = ""
    extension: str = ""
    pbx_user_id: int | None = None
    started_at: int = 0
    completed_at: int = 0
    completion_code: int | None = None
    recipient: str = ""
    added_at: int = 0
    tagged_at: int = 0


def recordings_of(
    events: Iterable[RecordingEvent],
    stored: Iterable[RecordStored],
    reported: Collection[tuple[str, str]],
) -> list[RecordingFacts]:
    """All recordings the facts name, by id.

    ``reported`` are pairs of ``entry_id`` and recording id from statistics. A
    recording is ``available`` once the service said that the file is stored (Q77), or
    that its topics are; ``missing`` when it was too short; else ``expected``: an
    id in statistics or an end of recording proves no file.
    """
    by_id: dict[str, list[RecordingEvent]] = {}
    for event in events:
        by_id.setdefault(event.recording_id, []).append(event)
    kept: dict[str, list[RecordStored]] = {}
    for item in stored:
        kept.setdefault(item.recording_id, []).append(item)
    entries = {recording_id: entry_id for entry_id, recording_id in sorted(reported, reverse=True)}
    return [
        _recording(
            recording_id,
            sorted(by_id.get(recording_id, ()), key=_rank),
            kept.get(recording_id, []),
            entries.get(recording_id, ""),
        )
        for recording_id in sorted({*by_id, *kept, *entries})
    ]


def _recording(
    recording_id: str, events: list[RecordingEvent], stored: list[RecordStored], entry_id: str
) -> RecordingFacts:
    code = next((e.completion_code for e in reversed(events) if e.completion_code), None)
    added = [item for item in stored if item.kind == "events/record/added"]
    tagged = [item for item in stored if item.kind != "events/record/added"]
    user_ids = sorted(item.user_id for item in stored if item.user_id and item.user_id > 0)
    state = "missing" if code == TOO_SHORT else "available" if stored else "expected"
    entries = [e.entry_id for e in events] + [item.entry_id for item in _by_time(stored)]
    return RecordingFacts(
        recording_id=recording_id,
        state=state,
        entry_id=next(filter(None, entries), entry_id),
        extension=next((e.extension for e in events if e.extension), ""),
        pbx_user_id=user_ids[0] if user_ids else None,
        started_at=_first(e.timestamp for e in events if e.state == "Started")
        or _first(e.timestamp for e in events),
        completed_at=_first(e.timestamp for e in events if e.state == "Completed"),
        completion_code=code,
        recipient=next((e.recipient for e in reversed(events) if e.recipient), ""),
        added_at=_first(item.timestamp for item in added),
        tagged_at=_first(item.timestamp for item in tagged),
    )


def _by_time(stored: Iterable[RecordStored]) -> list[RecordStored]:
    """Stored notices in a fixed order."""
    return sorted(stored, key=lambda item: (item.timestamp, item.kind, item.entry_id))


def _rank(event: RecordingEvent) -> tuple[object, ...]:
    return (
        event.seq,
        event.timestamp,
        _ORDER.get(event.state, 3),
        event.entry_id,
        event.extension,
        event.completion_code or 0,
        event.recipient,
    )


def _first(moments: Iterable[int]) -> int:
    return min(filter(None, moments), default=0)
