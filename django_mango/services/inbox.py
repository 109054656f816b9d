"""The webhook inbox: stored first, deduplicated, processed once, error kept."""

from __future__ import annotations

import hashlib
import logging
from contextlib import nullcontext

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, transaction
from django.db.models import F
from django.utils import timezone

from ..models import Account, Notification, StatsImport
from ..protocol import notifications
from ..protocol.errors import ReadError
from . import journal
from .accounts import account_for
from .caching import forget, remembered
from .projecting import project_entries
from .recordings import refresh_recordings
from .statements import insert_row

log = logging.getLogger("django_mango.inbox")

_SHOWN = 500
_NOT_UTF8 = "the text is not UTF-8, or holds a NUL"
_IDS = ("entry_id", "call_id", "command_id", "seq")


def receive(account: Account, kind: str, path: str, text: bytes) -> Notification:
    """Store one signed notification in a commit of its own, then process it.

    Bad content is stored with its error and raises nothing; raises ``DatabaseError``
    only when the row itself could not be stored, so that the sender tries again.
    """
    row, value = _new_row(account, kind, path, text)
    stored = _store(row)
    if stored.processed_at is None:
        _process(stored, value)
    return stored


def receive_for(alias: str, kind: str, path: str, text: bytes) -> Notification:
    """``receive`` for the account of this alias, which a process remembers for a short while.

    Raises what ``account_for`` and ``receive`` raise.
    """
    account = remembered(("account", alias), lambda: account_for(alias))
    try:
        return receive(account, kind, path, text)
    except IntegrityError:
        # The row remembered is gone: ask for it again.
        forget()
        return receive(account_for(alias), kind, path, text)


def replay(notification: Notification) -> bool:
    """Process a stored notification again, as if it came now; whether it was understood.

    A reader that has learnt since may find ids it did not find before.
    """
    try:
        if _digest(notification.kind, notification.json.encode()) != notification.digest:
            raise ReadError(_NOT_UTF8)
        value = notifications.read(notification.kind, notification.json)
    except ReadError as error:
        _finish(notification, str(error))
        return False
    _take_ids(notification, value)
    notification.save(update_fields=_IDS)
    return _process(notification, value)


def _new_row(
    account: Account, kind: str, path: str, text: bytes
) -> tuple[Notification, notifications.Value | None]:
    decoded = _storable(text.decode("utf-8", "replace"))
    row = Notification(
        account=account,
        kind=kind,
        path=_storable(path)[:_SHOWN],
        json=decoded,
        digest=_digest(kind, text),
        received_at=timezone.now(),
    )
    try:
        if decoded.encode() != text:
            raise ReadError(_NOT_UTF8)
        value = notifications.read(kind, decoded)
    except ReadError as error:
        row.error = str(error)[:_SHOWN]
        row.processed_at = row.received_at
        return row, None
    _take_ids(row, value)
    return row, value


def _digest(kind: str, text: bytes) -> str:
    return hashlib.sha256(kind.encode() + b"\n" + text).hexdigest()


def _storable(text: str) -> str:
    """Text every database takes: no NUL, and no half of a surrogate pair from a path."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _take_ids(row: Notification, value: notifications.Value) -> None:
    for name in ("entry_id", "call_id", "command_id"):
        setattr(row, name, getattr(value, name, ""))
    row.seq = getattr(value, "seq", None)


def _store(row: Notification) -> Notification:
    """Insert the row, or count a copy of the one that is there."""
    # A single statement is a transaction of its own; inside another one a failed
    # insert needs a savepoint to fall back to.
    inside = connections[DEFAULT_DB_ALIAS].in_atomic_block
    try:
        with transaction.atomic() if inside else nullcontext():
            insert_row(row)
    except IntegrityError:
        same = Notification.objects.filter(account=row.account, digest=row.digest)
        if not same.update(copies=F("copies") + 1):
            raise  # not a copy: the account vanished, for example
        return same.get()
    return row


def _process(row: Notification, value: notifications.Value | None) -> bool:
    try:
        is_marked = _act(row.account, value)
    except Exception as error:
        # The row stays unprocessed: the next event of the entry, an import or a replay takes it.
        log.exception("notification %s could not be processed", row.pk)
        Notification.objects.filter(pk=row.pk).update(error=type(error).__name__)
        return False
    if not is_marked or row.error:
        _finish(row, "")
    return True


def _act(account: Account, value: notifications.Value | None) -> bool:
    """Do what the notification is for; whether that marked it as processed already."""
    if isinstance(value, (notifications.CallEvent, notifications.Summary)):
        project_entries(account, [value.entry_id])
        return bool(value.entry_id)
    if isinstance(value, (notifications.RecordingEvent, notifications.RecordStored)):
        refresh_recordings(account, [value.entry_id])
    elif isinstance(value, notifications.CommandResult):
        journal.note_result(account, value)
    elif isinstance(value, notifications.StatsReady):
        StatsImport.objects.filter(account=account, request_key=value.key, ready_at=None).exclude(
            request_key=""
        ).update(ready_at=timezone.now())
    return False


def _finish(row: Notification, error: str) -> None:
    row.processed_at = timezone.now()
    row.error = error[:_SHOWN]
    Notification.objects.filter(pk=row.pk).update(processed_at=row.processed_at, error=row.error)
