"""The webhook inbox: stored first, deduplicated, processed once, error kept."""

from __future__ import annotations

import hashlib
import logging

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from ..models import Account, Notification, StatsImport
from ..protocol import notifications
from ..protocol.errors import ReadError
from . import journal
from .projecting import project_entries
from .recordings import refresh_recordings

log = logging.getLogger("django_mango.inbox")

_SHOWN = 500


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


def replay(notification: Notification) -> None:
    """Process a stored notification again, as if it came now."""
    try:
        value = notifications.read(notification.kind, notification.json)
    except ReadError as error:
        _finish(notification, str(error))
        return
    _process(notification, value)


def _new_row(
    account: Account, kind: str, path: str, text: bytes
) -> tuple[Notification, notifications.Value | None]:
    decoded = text.decode("utf-8", "replace").replace("\0", "\ufffd")
    row = Notification(
        account=account,
        kind=kind,
        path=path[:_SHOWN],
        json=decoded,
        digest=hashlib.sha256(kind.encode() + b"\n" + text).hexdigest(),
        received_at=timezone.now(),
    )
    try:
        if decoded.encode() != text:
            raise ReadError("the text is not UTF-8")
        value = notifications.read(kind, decoded)
    except ReadError as error:
        row.error = str(error)[:_SHOWN]
        row.processed_at = row.received_at
        return row, None
    for name in ("entry_id", "call_id", "command_id"):
        setattr(row, name, getattr(value, name, ""))
    row.seq = getattr(value, "seq", None)
    return row, value


def _store(row: Notification) -> Notification:
    """Insert the row, or count a copy of the one that is there."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        same = Notification.objects.filter(account=row.account, digest=row.digest)
        if not same.update(copies=F("copies") + 1):
            raise  # not a copy: the account vanished, for example
        return same.get()
    return row


def _process(row: Notification, value: notifications.Value | None) -> None:
    try:
        _act(row.account, value)
    except Exception as error:
        # The row stays unprocessed: the next event of the entry, an import or a replay takes it.
        log.exception("notification %s could not be processed", row.pk)
        Notification.objects.filter(pk=row.pk).update(error=type(error).__name__)
        return
    if row.processed_at is None or row.error:
        _finish(row, "")


def _act(account: Account, value: notifications.Value | None) -> None:
    if isinstance(value, (notifications.CallEvent, notifications.Summary)):
        project_entries(account, [value.entry_id])
    elif isinstance(value, (notifications.RecordingEvent, notifications.RecordStored)):
        refresh_recordings(account, [value.entry_id])
    elif isinstance(value, notifications.CommandResult):
        journal.note_result(account, value)
    elif isinstance(value, notifications.StatsReady):
        StatsImport.objects.filter(account=account, request_key=value.key, ready_at=None).exclude(
            request_key=""
        ).update(ready_at=timezone.now())


def _finish(row: Notification, error: str) -> None:
    row.processed_at = timezone.now()
    row.error = error[:_SHOWN]
    Notification.objects.filter(pk=row.pk).update(processed_at=row.processed_at, error=row.error)
