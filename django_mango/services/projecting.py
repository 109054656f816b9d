"""From stored facts to stored calls, under the lock rule.

Facts first (they are committed before we come), lock second (the skeletons of
the calls are upserted, which creates and locks the rows on PostgreSQL and
MariaDB and takes the write lock on SQLite), read third: whoever holds the lock
reads every fact committed until then, so the last of several writers sees all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from django.utils import timezone

from ..models import Account, Call, Command, Notification
from ..protocol import projection
from ..protocol.projection import Directory, ProjectedCall
from . import following, statements
from .bulk import upsert
from .changes import Change
from .columns import COLUMNS, apply
from .directory import with_directory
from .facts import StoredFacts, read_commands, read_facts
from .holding import hold
from .participants import write_parties

#: An event with its id proves that such a command was carried out.
_UNPROVEN = (Command.Status.SENT, Command.Status.UNKNOWN)


def project_entries(account: Account, entry_ids: Iterable[str]) -> list[Change]:
    """Compute the calls of these conversations anew, in one transaction of their own.

    Marks the notifications read as processed and does what follows from the
    changes. Returns the calls created or changed. Raises what the database raises.
    """
    wanted = sorted({entry_id for entry_id in entry_ids if entry_id})
    if not wanted:
        return []
    changes = with_directory(account, partial(project_locked, account, wanted))
    following.follow(account, changes)
    return changes


def project_locked(
    account: Account,
    entry_ids: Sequence[str],
    directory: Directory,
    *,
    with_new_records: bool = False,
) -> list[Change]:
    """The same inside a transaction that wrote nothing but facts; ``entry_ids`` are sorted.

    ``with_new_records`` says that this transaction wrote statistics records, of which
    the calls do not know yet. What follows from the changes is the caller's, after
    the commit.
    """
    calls, texts = _locked_calls(account, entry_ids)
    facts = read_facts(account, calls.values(), texts, with_new_records=with_new_records)
    commands = read_commands(account, calls.values(), facts.values())
    changes: list[Change] = []
    parties: list[tuple[Call, ProjectedCall, Mapping[str, str]]] = []
    empty: list[int] = []
    for entry_id in entry_ids:
        call = calls[entry_id]
        if call.facts_purged_at is not None:
            continue  # what is left of its facts would make less of it
        result = projection.project(facts[entry_id].as_facts(call, commands, directory))
        if result is None:
            empty += [call.pk] if call.started_at is None else []
            continue
        before = call.participants
        change = apply(result, call, commands)
        if change is not None:
            changes.append(change)
            parties.append((call, result, before))
    script = statements.Script()
    _write(changes, script)
    write_parties(account, parties, script)
    if empty:  # facts without any time make no call: the row made for locking goes again
        Call.objects.filter(pk__in=empty).delete()
    _join_commands(changes)
    _mark_processed(facts.values(), script)
    script.run()
    return changes


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
    hold(Account, [account.pk])


def _locked_calls(
    account: Account, entry_ids: Sequence[str]
) -> tuple[dict[str, Call], list[statements.Text] | None]:
    """The calls, locked first and read then; new ones as skeletons.

    Of a single known call its notifications come along.
    """
    # One known call is the case of most notifications.
    if len(entry_ids) == 1:
        entry_id = entry_ids[0]
        known = statements.lock_and_read(account.pk, entry_id)
        if known is not None:
            return {entry_id: known[0]}, known[1]
        lock_calls(account, entry_ids)
        return {entry_id: statements.read_call(account.pk, entry_id)}, None
    lock_calls(account, entry_ids)
    calls = Call.objects.filter(account=account, entry_id__in=entry_ids).order_by()
    return {call.entry_id: call for call in calls.select_related("command")}, None


def _write(changes: Sequence[Change], script: statements.Script) -> None:
    """Write the changed calls: one by its changed columns, many in one statement."""
    if len(changes) == 1:
        change = changes[0]
        values = {name: getattr(change.call, name) for name in change.fields}
        script.update(Call, {"id": change.call.pk}, values)
        return
    upsert(Call, [item.call for item in changes], key=("account", "entry_id"), update=COLUMNS)


def _join_commands(changes: Sequence[Change]) -> None:
    """Tell our commands which call came of them; an event proves that one was carried out."""
    joined = [(change.call, change.call.command) for change in changes if change.call.command]
    without_call = [Command(pk=one.pk, call=call) for call, one in joined if one.call_id is None]
    if without_call:
        Command.objects.filter(call=None).bulk_update(without_call, ["call"])
    for change in changes:
        command = change.call.command
        if command is None or command.status not in _UNPROVEN:
            continue
        # Its own answer may have come meanwhile: then this is no news.
        if Command.objects.filter(pk=command.pk, status__in=_UNPROVEN).update(
            status=Command.Status.CONFIRMED, settled_at=timezone.now(), problem="", error=""
        ):
            change.confirmed.append(command.pk)


def _mark_processed(facts: Iterable[StoredFacts], script: statements.Script) -> None:
    waiting = [pk for stored in facts for pk in stored.waiting]
    if len(waiting) == 1:
        done = {"processed_at": timezone.now(), "error": ""}
        script.update(Notification, {"id": waiting[0]}, done)
    elif waiting:
        Notification.objects.filter(pk__in=waiting).update(processed_at=timezone.now(), error="")
