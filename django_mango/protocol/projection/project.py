"""All of it together: one call from the facts of one conversation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from .. import codes, numbers
from ..extended_records import ExtendedRecord
from ..notifications import Party, Summary
from ..statistics import Record
from ..value_class import value_class
from . import callbacks, endings, ends, verdict
from . import sources as source_of
from .directory import Directory
from .extended import Conversation, conversation_of
from .facts import Facts, OpenLeg, ProjectedCall
from .hangup import choose_leg
from .legs import Leg, legs_of_events, legs_of_records
from .parties import parties_of
from .plain import project_plain
from .sources import Source

#: Raise it when the same facts give another call than before.
VERSION = 1


def project(facts: Facts) -> ProjectedCall | None:
    """The call the facts make; ``None`` when there is none or no source gives a time."""
    if not facts.entry_id:
        return None
    if facts.records and not (
        facts.events or facts.summaries or facts.extended or facts.stale_closed_at
    ):
        call = project_plain(facts.records, facts.directory)
        if call is not None:
            return call
    return project_whole(facts)


def project_rows(
    entry_id: str, rows: Sequence[Record | ExtendedRecord], directory: Directory
) -> ProjectedCall | None:
    """The call of a conversation of which nothing but these rows of statistics is known."""
    records = [row for row in rows if isinstance(row, Record)]
    if entry_id and records and len(records) == len(rows):
        call = project_plain(records, directory)
        if call is not None:
            return call
    extended = tuple(row for row in rows if isinstance(row, ExtendedRecord))
    return project_whole(
        Facts(entry_id, records=tuple(records), directory=directory, extended=extended)
    )


def project_whole(facts: Facts) -> ProjectedCall | None:
    """The same by the whole decision table, without the short way of plain conversations."""
    picture = _picture(facts)
    if picture is None or not facts.entry_id:
        return None
    source, client = picture.source, picture.client
    is_over = picture.state == "finished"
    ended_at = _end(source) if is_over else 0
    answered_at = source.answered_at
    number = numbers.from_service(client.number, facts.directory.region)
    at = source.started_at
    extension = facts.directory.extension_of(source.ours, at)
    default_leg = choose_leg(picture.open_legs, may_end_others=True)
    return ProjectedCall(
        direction=picture.direction,
        state=picture.state,
        outcome=_outcome(picture) if is_over else "",
        client_number=number.e164,
        client_number_raw=client.number,
        line_number=source.line_number,
        extension=extension,
        owner=facts.directory.owner_of(Party(extension, source.ours.number), at),
        started_at=source.started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        wait_seconds=max(0, (answered_at or ended_at) - source.started_at) if is_over else None,
        talk_seconds=(max(0, ended_at - answered_at) if answered_at else 0) if is_over else None,
        disconnect_reason=source.reason if is_over else "",
        live_call_id=default_leg.call_id if default_leg else "",
        reached=_reached(picture),
        legs=picture.open_legs,
        group_number=next((leg.group_number for leg in picture.legs if leg.group_number), ""),
        command_id=picture.command_id,
        is_final=picture.is_final,
        is_missed=_is_missed(picture),
        sources=picture.source_names,
        parties=parties_of(
            picture.all_legs,
            {leg.call_id: _end_of_leg(leg, picture, ended_at) for leg in picture.all_legs},
            picture.first_ids,
            picture.direction,
            replace(source, ended_at=ended_at),
            facts.directory,
        ),
    )


@value_class
class _Picture:
    """What was concluded on the way; filled in by ``_picture``."""

    direction: str
    state: str
    client: Party
    source: Source
    source_names: tuple[str, ...]
    legs: tuple[Leg, ...]
    rows: tuple[Leg, ...]
    first_ids: frozenset[str]
    still_open: tuple[Leg, ...]
    open_legs: tuple[OpenLeg, ...]
    command_id: str
    is_final: bool
    conversation: Conversation | None = None

    @property
    def all_legs(self) -> tuple[Leg, ...]:
        """Every leg known. Where events or rows know some, the legs of the extended
        statistics are the same once more: only those of people known by their extension
        are told apart from them."""
        if self.conversation is None:
            return (*self.legs, *self.rows)
        more = self.conversation.legs
        if self.legs or self.rows:
            more = tuple(leg for leg in more if leg.called.extension)
        return (*self.legs, *self.rows, *more)

    @property
    def client_rang(self) -> bool:
        """False for a callback of which only the employees' legs are known.

        A first leg that ended "done" was followed by the client's, seen or not (T-43).
        """
        known = (*self.legs, *self.rows)
        if self.conversation is not None and not (known and self.conversation.client_rang):
            return self.conversation.client_rang
        return not self.first_ids or any(
            leg.call_id not in self.first_ids or codes.reason_code(leg.reason) == codes.DONE
            for leg in known
        )


def _picture(facts: Facts) -> _Picture | None:
    directory = facts.directory
    legs = legs_of_events(facts.events, directory)
    rows = legs_of_records(facts.records)
    told = conversation_of(facts.extended, directory) if facts.extended else None
    summary = max(facts.summaries, key=lambda item: item.rank, default=None)
    command_id = _own_callback(legs, facts)
    first = callbacks.first_legs(legs, facts.commands, bool(command_id), summary, directory)
    first_rows = callbacks.first_rows(rows, first, summary, directory)
    first_ids = frozenset(leg.call_id for leg in (*first, *first_rows))
    two_ends = ends.of_call(summary, legs, rows, told.ends if told else None)
    if two_ends is None:
        return None
    direction = verdict.direction(
        two_ends, summary, bool(command_id), bool(first_ids), directory,
        told.direction if told else "",
    )  # fmt: skip
    client = ends.client(two_ends, direction, legs, rows, directory, told.ends if told else None)
    is_told = told is not None and told.knows_all(legs)
    has_second = callbacks.has_second(first, legs, directory)
    still_open = [
        leg
        for leg in legs
        if not is_told
        and not endings.is_over(leg, legs, rows, directory)
        and not (has_second and leg in first)
    ]
    latest = max(_latest(summary, legs, rows), told.source.latest if told else 0)
    is_closed = bool(facts.stale_closed_at) and facts.stale_closed_at >= latest
    is_ended = summary is not None or is_closed
    is_covered = bool(rows) and endings.covers(rows, legs, first_ids, directory)
    ordered = _sources(
        summary, legs, rows, facts, first_ids, direction, told,
        is_told=is_told,
        events_first=bool(still_open) or not (is_told or is_covered),
    )  # fmt: skip
    source = source_of.combined(ordered)
    if not source.started_at:
        source = replace(source, started_at=source.answered_at or source.ended_at or latest)
    if not source.started_at:
        return None
    open_legs = (
        ()
        if is_ended
        else tuple(_open(leg, client, leg.call_id in first_ids, directory) for leg in still_open)
    )
    return _Picture(
        direction=direction,
        state=_state(open_legs, first_ids, direction),
        client=client,
        source=source,
        source_names=tuple(item.name for item in sorted(ordered, key=_trust)),
        legs=tuple(legs),
        rows=tuple(rows),
        first_ids=first_ids | told.first_ids if told else first_ids,
        still_open=tuple(still_open),
        open_legs=open_legs,
        command_id=command_id,
        is_final=is_ended
        or (is_told and not still_open)
        or (is_covered and not still_open and not endings.ends_in_hand_over(legs, rows, first_ids)),
        conversation=told,
    )


def _own_callback(legs: Sequence[Leg], facts: Facts) -> str:
    """The id of our own callback command that made this conversation, empty without."""
    for leg in legs:
        for command_id in leg.command_ids:
            if facts.commands.get(command_id) in callbacks.CALLBACK_KINDS:
                return command_id
    return ""


def _sources(
    summary: Summary | None,
    legs: Sequence[Leg],
    rows: Sequence[Leg],
    facts: Facts,
    first_ids: Collection[str],
    direction: str,
    told: Conversation | None,
    *,
    is_told: bool,
    events_first: bool,
) -> list[Source]:
    """Sources present, the one that decides first.

    While legs are open, or talk legs are missing in the statistics, these tell
    of a part of the conversation only (an import in the middle of a talk): then
    the events decide. Of both kinds of statistics the extended ones come first, unless
    they miss what the others know.
    """
    found = []
    if summary is not None:
        found.append(source_of.of_summary(summary, direction, facts.directory))
    partial = []
    if rows:
        created = min(filter(None, (record.create for record in facts.records)), default=0)
        partial.append(source_of.of_records(rows, created, first_ids, direction, facts.directory))
    if legs:
        events = source_of.of_events(legs, first_ids, direction, facts.directory)
        partial.insert(0 if events_first else len(partial), events)
    if told is not None:
        extended = told.source
        if partial and not extended.ours.extension:
            # The others may know our side better than by an id nobody has told us of.
            extended = replace(extended, ours=Party())
        partial.insert(0 if is_told and not events_first else len(partial), extended)
    return found + partial


def _trust(source: Source) -> int:
    return ("summary", "extended", "basic", "events").index(source.name)


def _open(leg: Leg, client: Party, is_first: bool, directory: Directory) -> OpenLeg:
    at = leg.first_at
    ours = [side for side in (leg.caller, leg.called) if side and directory.is_ours(side, at)]
    extensions = filter(None, (directory.extension_of(side, at) for side in ours))
    if client:
        with_client = any(directory.same(client, side, at) for side in (leg.caller, leg.called))
    else:
        with_client = len(ours) < 2
    return OpenLeg(
        leg.call_id,
        leg.state,
        leg.location,
        tuple(dict.fromkeys(extensions)),
        with_client,
        is_first,
    )


def _state(open_legs: Sequence[OpenLeg], first_ids: Collection[str], direction: str) -> str:
    if not open_legs:
        return "finished"
    # Between two legs nobody has the client; an internal call has none.
    holding = [leg for leg in open_legs if leg.with_client or direction == "internal"]
    if any(leg.state == "OnHold" for leg in holding):
        return "on_hold"
    talking = any(
        leg.state == "Connected"
        and leg.location not in ("ivr", "queue")
        and leg.call_id not in first_ids
        for leg in holding
    )
    return "talking" if talking else "ringing"


def _latest(summary: Summary | None, legs: Iterable[Leg], rows: Iterable[Leg]) -> int:
    moments = [leg.last_at for leg in (*legs, *rows)]
    if summary:
        moments += [summary.create_time, summary.talk_time, summary.end_time]
    return max(moments, default=0)


def _end(source: Source) -> int:
    """The end; where it is before the answer or the start, the latest moment of its facts."""
    begun = max(source.answered_at, source.started_at)
    return source.ended_at if source.ended_at >= begun else max(source.latest, begun)


def _end_of_leg(leg: Leg, picture: _Picture, ended_at: int) -> int:
    """When a leg ended: with the call where nothing else says so, 0 while it goes on."""
    if leg in picture.still_open:
        return ended_at
    return leg.ended_at or leg.last_at


def _outcome(picture: _Picture) -> str:
    source = picture.source
    return verdict.outcome(
        picture.direction, bool(source.answered_at), source.reason, picture.client_rang
    )


def _is_missed(picture: _Picture) -> bool:
    """Whether somebody has to call back (block M).

    A widget callback that no employee took counts too: the client asked for it.
    """
    if not picture.is_final or picture.source.answered_at:
        return False
    if picture.direction == "incoming":
        return _outcome(picture) == "missed"
    asked_by_client = any(leg.initiator == "CallbackWidget" for leg in picture.legs) or (
        picture.conversation is not None and picture.conversation.is_by_widget
    )
    return asked_by_client and not any(
        leg.is_connected and leg.is_with_person for leg in picture.all_legs
    )


def _reached(picture: _Picture) -> str:
    """How far the caller came: a person's phone, a queue or the voice menu."""
    locations = {leg.location for leg in picture.all_legs}
    if picture.source.answered_at or locations - {"ivr", "queue"}:
        return "person"
    for location in ("queue", "ivr"):
        if location in locations:
            return location
    return "person" if picture.source.ours else "ivr"
