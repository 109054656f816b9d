"""Recordings as rows: ids from events and from statistics meet in one (§3.1.4-3.1.8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from django.db import IntegrityError, connections, router
from django.db.models import Exists, OuterRef, Subquery

from .. import signals
from ..models import Account, Call, CallRecord, Notification, Recording
from ..protocol import notifications
from ..protocol.errors import ReadError
from ..protocol.extended import ExtendedRecord
from ..protocol.recordings import RecordingFacts, recordings_of
from ..protocol.statistics import Record
from ..protocol.times import moment_or_none
from .announcing import send
from .background import job, later
from .bulk import block_of, upsert
from .holding import hold
from .lists import among
from .raw_rows import raw_rows
from .transactions import repeated

#: Kinds of notifications that tell of recordings.
RECORDING_KINDS = ("events/recording", "events/record/added", "events/record/tagged")
_PLAIN = ("entry_id", "state", "extension", "pbx_user_id", "completion_code", "recipient")
_MOMENTS = ("started_at", "completed_at", "added_at", "tagged_at")
_COLUMNS = (*_PLAIN, *_MOMENTS, "call")


def refresh_recordings(account: Account, entry_ids: Iterable[str]) -> list[Recording]:
    """Compute the recordings of these conversations anew; those that became available.

    Under the lock rule of calls: the rows are upserted first, which locks them, and
    only then are all facts read. An empty ``entry_id`` stands for the notifications
    that name none: they are known by the id of the recording. Signals are sent
    after the commit.
    """
    entries = sorted(set(entry_ids))
    ids = sorted(set(_read(account, entries).ids())) if entries else []
    if not ids:
        return []
    rows, available = repeated(lambda: _refresh_locked(account, entries, ids))
    # The call may have come while its recording was written: neither saw the other.
    without_call = {row.entry_id for row in rows if row.call_id is None and row.entry_id}
    if without_call:
        later(join_calls, account=account, entry_ids=without_call)
    for recording in available:
        later(announce_available, recording=recording)
    return available


@job
def announce_available(recording: Recording) -> None:
    """Tell that a recording can be fetched."""
    send(signals.recording_available, Recording, recording=recording)


def note_reported(
    account: Account,
    records: Iterable[Record | ExtendedRecord],
    calls: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Keep the recordings that rows of statistics name, in a fixed number of statements.

    Nearly all are named by statistics alone and are inserted as they are; those of which
    notifications tell as well are computed anew from all facts. ``calls`` are keys of calls
    that were there a moment ago, by conversation: they need not be asked for.
    """
    entries: dict[str, str] = {}
    for record in records:
        for one in record.records if record.entry_id else ():
            # As the rule of all facts has it: of several conversations the first by its id.
            entries[one] = min(record.entry_id, entries.get(one, record.entry_id))
    if not entries:
        return
    events = Notification.objects.filter(
        among("entry_id", ["", *set(entries.values())]), account=account, kind__in=RECORDING_KINDS
    )
    told = {entry_id for (entry_id,) in raw_rows(events.distinct(), "entry_id")}
    known = Recording.objects.filter(among("recording_id", entries), account=account)
    stored = dict(raw_rows(known, "recording_id", "entry_id"))
    # A notification without a conversation may mean any of them.
    is_unsure = "" in told
    general = {
        entry_id
        for one, entry_id in entries.items()
        if is_unsure or entry_id in told or stored.get(one, entry_id) != entry_id
    }
    new = {
        one: entry_id
        for one, entry_id in entries.items()
        if one not in stored and entry_id not in general
    }
    if new:
        try:
            _insert_reported(account, new, calls)
        except IntegrityError:  # one of the calls was deleted meanwhile
            _insert_reported(account, new, {})
    if general:
        refresh_recordings(account, general)


def _insert_reported(
    account: Account, entries: Mapping[str, str], calls: Mapping[str, int]
) -> None:
    """Insert recordings of which nothing else is known; one that came meanwhile stays as it is."""
    unknown = set(entries.values()) - calls.keys()
    if unknown:
        found = Call.objects.filter(among("entry_id", unknown), account=account)
        calls = {**calls, **dict(raw_rows(found, "entry_id", "pk"))}
    rows = [(one, entries[one], calls.get(entries[one])) for one in sorted(entries)]

    def work() -> None:
        block_of(
            connections[router.db_for_write(Recording)],
            Recording,
            ("recording_id", "entry_id", "call_id"),
            rows,
            key=("account", "recording_id"),
            update=(),
            constants={"account_id": account.pk},
            expects_new=True,
        ).write()
        hold(Account, [account.pk])

    repeated(work)


@job
def join_calls(account: Account, entry_ids: Collection[str] | None = None) -> None:
    """Give recordings told of before their call was known their call, all by default."""
    waiting = Recording.objects.filter(account=account, call=None).exclude(entry_id="")
    if entry_ids is not None:
        waiting = waiting.filter(among("entry_id", entry_ids))
    known = Call.objects.filter(account=OuterRef("account"), entry_id=OuterRef("entry_id"))
    found = waiting.order_by().filter(Exists(known))
    if found.exists():  # an update that finds nothing takes the lock of SQLite all the same
        joined = Subquery(known.order_by().values("pk")[:1])
        repeated(lambda: found.update(call=joined))


def join_call(call: Call) -> None:
    """The same for one call that was not known before, in one statement."""
    waiting = Recording.objects.filter(account=call.account_id, entry_id=call.entry_id, call=None)
    waiting.update(call=call)


def are_known(account: Account, recording_ids: Collection[str]) -> bool:
    """Whether every one has its row; a process may die between statistics and recordings."""
    wanted = set(recording_ids)
    known = Recording.objects.filter(among("recording_id", wanted), account=account)
    return known.count() == len(wanted)


@dataclass(slots=True)
class _Facts:
    events: list[notifications.RecordingEvent] = field(default_factory=list)
    stored: list[notifications.RecordStored] = field(default_factory=list)
    reported: set[tuple[str, str]] = field(default_factory=set)

    def ids(self) -> Iterable[str]:
        yield from (event.recording_id for event in self.events)
        yield from (item.recording_id for item in self.stored)
        yield from (recording_id for _entry_id, recording_id in self.reported)


def _refresh_locked(
    account: Account, entry_ids: Sequence[str], recording_ids: Sequence[str]
) -> tuple[Collection[Recording], list[Recording]]:
    """All rows of the ids, and those of them that became available."""
    upsert(
        Recording,
        [Recording(account=account, recording_id=one) for one in recording_ids],
        key=("account", "recording_id"),
        update=("recording_id",),
    )
    hold(Account, [account.pk])
    rows = {
        row.recording_id: row
        for row in Recording.objects.filter(account=account, recording_id__in=recording_ids)
    }
    entries = sorted({"", *entry_ids, *(row.entry_id for row in rows.values())})
    facts = _read(account, entries)
    calls = {
        call.entry_id: call
        for call in Call.objects.filter(account=account, entry_id__in=entries).only(
            "entry_id", "facts_purged_at"
        )
    }
    changed, available = [], []
    for item in recordings_of(facts.events, facts.stored, facts.reported):
        row, call = rows.get(item.recording_id), calls.get(item.entry_id)
        if row is None or (call and call.facts_purged_at and row.call_id):
            continue  # told of beside others, or what is left of its facts says less
        before = row.state
        if _apply(item, row, call):
            changed.append(row)
        if before != row.state == Recording.State.AVAILABLE:
            available.append(row)
    upsert(Recording, changed, key=("account", "recording_id"), update=_COLUMNS)
    return rows.values(), available


def _read(account: Account, entry_ids: Sequence[str]) -> _Facts:
    facts = _Facts()
    rows = Notification.objects.filter(
        account=account, entry_id__in=entry_ids, kind__in=RECORDING_KINDS
    ).values_list("kind", "json")
    for kind, text in rows.iterator():
        try:
            value = notifications.read(kind, text)
        except ReadError:
            continue  # its row says so since it came
        if isinstance(value, notifications.RecordingEvent):
            facts.events.append(value)
        elif isinstance(value, notifications.RecordStored):
            facts.stored.append(value)
    reported = (
        CallRecord.objects.filter(account=account, entry_id__in=entry_ids)
        .exclude(entry_id="")
        .values_list("entry_id", "recording_ids")
    )
    for entry_id, recording_ids in reported.iterator():
        facts.reported |= {(entry_id, recording_id) for recording_id in recording_ids}
    return facts


def _apply(item: RecordingFacts, row: Recording, call: Call | None) -> bool:
    values: dict[str, object] = {name: getattr(item, name) for name in _PLAIN}
    values |= {name: moment_or_none(getattr(item, name)) for name in _MOMENTS}
    values["call_id"] = call.pk if call else row.call_id
    differing = [name for name, value in values.items() if getattr(row, name) != value]
    for name in differing:
        setattr(row, name, values[name])
    return bool(differing)
