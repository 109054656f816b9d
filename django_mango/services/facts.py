"""The stored facts of conversations, as the projection wants them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ..models import Account, Call, CallRecord, Command, Notification
from ..protocol import notifications
from ..protocol.errors import ReadError
from ..protocol.extended import ExtendedRecord
from ..protocol.notifications import CALL_KINDS
from ..protocol.projection import Directory, Facts
from ..protocol.statistics import Record
from ..protocol.times import to_unix
from . import statements
from .bulk import extended_of, record_of
from .caching import note_strangers, without_strangers
from .statements import Text


@dataclass(slots=True)
class StoredFacts:
    """The facts of one conversation; ``waiting`` are notifications not yet processed."""

    events: list[notifications.CallEvent] = field(default_factory=list)
    summaries: list[notifications.Summary] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    extended: list[ExtendedRecord] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)

    @property
    def command_ids(self) -> set[str]:
        """Ids of commands, ours or others', that the events name."""
        return {event.command_id for event in self.events if event.command_id}

    def as_facts(self, call: Call, commands: Mapping[str, Command], directory: Directory) -> Facts:
        return Facts(
            entry_id=call.entry_id,
            events=tuple(self.events),
            summaries=tuple(self.summaries),
            records=tuple(self.records),
            commands={command_id: command.kind for command_id, command in commands.items()},
            stale_closed_at=to_unix(call.stale_closed_at) if call.stale_closed_at else 0,
            directory=directory,
            extended=tuple(self.extended),
        )


#: Each event of a call reads those before it again; values are frozen, so one serves all.
_read = lru_cache(maxsize=1024)(notifications.read)


def read_facts(
    account: Account,
    calls: Collection[Call],
    texts: Sequence[Text] | None = None,
    *,
    with_new_records: bool = False,
) -> dict[str, StoredFacts]:
    """Every stored fact of these calls, whose rows are locked, by ``entry_id``.

    Records are committed together with their calls, so that a call which does not
    name them among its sources has none, but for those of this very transaction. ``texts``
    are the notifications of a single call, where they were read with it.
    """
    facts = {call.entry_id: StoredFacts() for call in calls}
    _read_notifications(facts, _texts(account, list(facts), texts))
    with_records = [
        call.entry_id
        for call in calls
        if with_new_records or call.started_at is None or _names_records(call)
    ]
    if with_records:
        rows = CallRecord.objects.filter(account=account, entry_id__in=with_records)
        for row in rows:
            stored = facts[row.entry_id]
            if row.kind == CallRecord.Kind.EXTENDED:
                stored.extended.append(extended_of(row))
            else:
                stored.records.append(record_of(row))
    return facts


def _names_records(call: Call) -> bool:
    return "basic" in call.sources or "extended" in call.sources


def read_commands(
    account: Account, calls: Iterable[Call], facts: Iterable[StoredFacts]
) -> dict[str, Command]:
    """Our own commands among those the events name; calls come with theirs."""
    known = {call.command.command_id: call.command for call in calls if call.command}
    named = {command_id for stored in facts for command_id in stored.command_ids}
    scope = ("command", account.pk)
    missing = without_strangers(scope, named - known.keys())
    if missing:
        found = Command.objects.filter(account=account, command_id__in=missing)
        known |= {command.command_id: command for command in found}
        note_strangers(scope, missing - known.keys())
    return known


def _texts(
    account: Account, entry_ids: Sequence[str], texts: Sequence[Text] | None
) -> Iterable[tuple[str, int, str, str, object]]:
    if len(entry_ids) == 1:
        rows = statements.read_texts(account.pk, entry_ids[0]) if texts is None else texts
        return [(entry_ids[0], *row) for row in rows]
    return (
        Notification.objects.filter(account=account, entry_id__in=entry_ids, kind__in=CALL_KINDS)
        .order_by()
        .values_list("entry_id", "pk", "kind", "json", "processed_at")
    )


def _read_notifications(
    facts: Mapping[str, StoredFacts], texts: Iterable[tuple[str, int, str, str, object]]
) -> None:
    for entry_id, pk, kind, text, processed_at in texts:
        stored = facts[entry_id]
        if processed_at is None:
            stored.waiting.append(pk)
        try:
            value = _read(kind, text)
        except ReadError:
            continue  # its row says so since it came
        if isinstance(value, notifications.CallEvent):
            stored.events.append(value)
        elif isinstance(value, notifications.Summary):
            stored.summaries.append(value)
