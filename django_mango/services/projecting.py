"""From stored facts to stored calls, under the lock rule.

Facts first (they are committed before we come), lock second (the skeletons of
the calls are upserted, which creates and locks the rows on PostgreSQL and
MariaDB and takes the write lock on SQLite), read third: whoever holds the lock
reads every fact committed until then, so the last of several writers sees all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from ..models import Account, Call, CallRecord, Command, Notification
from ..protocol import notifications, projection
from ..protocol.errors import ReadError
from ..protocol.projection import Directory, Facts, ProjectedCall
from ..protocol.times import moment_or_none, to_unix
from .bulk import record_of, upsert
from .directory import directory_of
from .participants import write_parties
from .transactions import repeated

#: An event with its id proves that such a command was carried out.
_UNPROVEN = (Command.Status.SENT, Command.Status.UNKNOWN)
_KINDS = ("events/call", "events/summary")
#: Columns the projection owns; nothing else writes them.
_PROJECTED = (
    "direction",
    "state",
    "outcome",
    "client_number",
    "client_number_raw",
    "line_number",
    "employee_id",
    "extension",
    "started_at",
    "answered_at",
    "ended_at",
    "wait_seconds",
    "talk_seconds",
    "disconnect_reason",
    "live_call_id",
    "reached",
    "legs",
    "group_number",
    "command_id",
    "is_final",
    "sources",
    "projection_version",
)
_COLUMNS = tuple(name.removesuffix("_id") if name in ("employee_id", "command_id") else name
                 for name in _PROJECTED)  # fmt: skip


def project_entries(account: Account, entry_ids: Iterable[str]) -> int:
    """Compute the calls of these conversations anew, in one transaction of their own.

    Returns how many calls were created or changed. Marks the notifications read
    as processed. Raises what the database raises.
    """
    wanted = sorted({entry_id for entry_id in entry_ids if entry_id})
    if not wanted:
        return 0
    directory = directory_of(account)
    return repeated(lambda: project_locked(account, wanted, directory))


def project_locked(account: Account, entry_ids: Sequence[str], directory: Directory) -> int:
    """The same inside a transaction that wrote nothing but facts; ``entry_ids`` are sorted."""
    lock_calls(account, entry_ids)
    calls = {
        call.entry_id: call for call in Call.objects.filter(account=account, entry_id__in=entry_ids)
    }
    facts = _read_facts(account, entry_ids)
    commands = _commands_of(account, facts.values())
    changed: list[Call] = []
    projected: dict[str, ProjectedCall] = {}
    for entry_id in entry_ids:
        call, known = calls[entry_id], facts.get(entry_id, _Stored())
        result = projection.project(known.as_facts(call, commands, directory))
        if result is None:
            continue
        projected[entry_id] = result
        if _apply(result, call, commands):
            changed.append(call)
    upsert(Call, changed, key=("account", "entry_id"), update=_COLUMNS)
    write_parties(account, [(calls[entry_id], result) for entry_id, result in projected.items()])
    _drop_skeletons(calls[entry_id] for entry_id in entry_ids if entry_id not in projected)
    _join_commands(changed, {command.pk: command for command in commands.values()})
    _mark_processed(facts.values())
    return len(changed)


def lock_calls(account: Account, entry_ids: Sequence[str]) -> None:
    """Create the rows of these calls where missing, and lock them all, in order.

    The first statement of the transaction is a write: on SQLite a transaction
    that reads first cannot become a writer while another one writes.
    """
    upsert(
        Call,
        [Call(account=account, entry_id=entry_id) for entry_id in entry_ids],
        key=("account", "entry_id"),
        update=("entry_id",),
    )


@dataclass(slots=True)
class _Stored:
    """The stored facts of one conversation."""

    events: list[notifications.CallEvent] = field(default_factory=list)
    summaries: list[notifications.Summary] = field(default_factory=list)
    records: list[CallRecord] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)

    def as_facts(self, call: Call, commands: dict[str, Command], directory: Directory) -> Facts:
        return Facts(
            entry_id=call.entry_id,
            events=tuple(self.events),
            summaries=tuple(self.summaries),
            records=tuple(record_of(row) for row in self.records),
            commands={command_id: command.kind for command_id, command in commands.items()},
            stale_closed_at=to_unix(call.stale_closed_at) if call.stale_closed_at else 0,
            directory=directory,
        )


def _read_facts(account: Account, entry_ids: Sequence[str]) -> dict[str, _Stored]:
    facts: dict[str, _Stored] = {}
    rows = Notification.objects.filter(
        account=account, entry_id__in=entry_ids, kind__in=_KINDS
    ).values_list("pk", "entry_id", "kind", "json", "processed_at")
    for pk, entry_id, kind, text, processed_at in rows.iterator():
        stored = facts.setdefault(entry_id, _Stored())
        if processed_at is None:
            stored.waiting.append(pk)
        try:
            value = notifications.read(kind, text)
        except ReadError:
            continue  # its row says so since it came
        if isinstance(value, notifications.CallEvent):
            stored.events.append(value)
        elif isinstance(value, notifications.Summary):
            stored.summaries.append(value)
    for row in CallRecord.objects.filter(account=account, entry_id__in=entry_ids).iterator():
        facts.setdefault(row.entry_id, _Stored()).records.append(row)
    return facts


def _commands_of(account: Account, facts: Iterable[_Stored]) -> dict[str, Command]:
    """Our own commands among those that events name."""
    named = {event.command_id for stored in facts for event in stored.events if event.command_id}
    if not named:
        return {}
    found = Command.objects.filter(account=account, command_id__in=named).only(
        "command_id", "kind", "status", "call_id"
    )
    return {command.command_id: command for command in found}


def _apply(result: ProjectedCall, call: Call, commands: dict[str, Command]) -> bool:
    """Write the projection into the row; whether anything differs."""
    command = commands.get(result.command_id)
    values: dict[str, object] = {
        name: getattr(result, name) for name in _PROJECTED if hasattr(result, name)
    }
    values |= {
        "employee_id": result.owner,
        "started_at": moment_or_none(result.started_at),
        "answered_at": moment_or_none(result.answered_at),
        "ended_at": moment_or_none(result.ended_at),
        "legs": [
            {
                "call_id": leg.call_id,
                "state": leg.state,
                "location": leg.location,
                "extension": leg.extension,
                "extensions": list(leg.extensions),
                "with_client": leg.with_client,
            }
            for leg in result.legs
        ],
        "command_id": command.pk if command else None,
        "sources": ",".join(result.sources),
        "projection_version": projection.VERSION,
    }
    differing = [name for name, value in values.items() if getattr(call, name) != value]
    for name in differing:
        setattr(call, name, values[name])
    return bool(differing)


def _drop_skeletons(calls: Iterable[Call]) -> None:
    """Facts without any time make no call: the row made for locking goes again."""
    empty = [call.pk for call in calls if call.started_at is None]
    if empty:
        Call.objects.filter(pk__in=empty).delete()


def _join_commands(calls: Iterable[Call], commands: Mapping[int, Command]) -> None:
    """Tell our commands which call came of them; an event proves that one was carried out."""
    for call in calls:
        command = commands.get(call.command_id) if call.command_id is not None else None
        if command is None:
            continue
        mine = Command.objects.filter(pk=command.pk)
        if command.call_id is None:
            mine.filter(call=None).update(call=call)
        if command.status in _UNPROVEN:
            mine.filter(status__in=_UNPROVEN).update(
                status=Command.Status.CONFIRMED, settled_at=timezone.now(), problem="", error=""
            )


def _mark_processed(facts: Iterable[_Stored]) -> None:
    waiting = [pk for stored in facts for pk in stored.waiting]
    if waiting:
        Notification.objects.filter(pk__in=waiting).update(processed_at=timezone.now(), error="")
