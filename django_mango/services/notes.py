"""Notes people write on calls. Two who write at once lose nothing: the second is told."""

from __future__ import annotations

import hashlib

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..conf import CrmUser
from ..models import Call, CallWork
from .errors import PermissionRefused, UserError

LONGEST_NOTE = 10_000
PERMISSION = "django_mango.write_note"


class NoteChanged(UserError):
    """Somebody wrote meanwhile; ``work`` is the note as it is now."""

    def __init__(self, work: CallWork) -> None:
        self.work = work
        super().__init__(_("The note was changed meanwhile."), "note_changed")


def version_of(note: str) -> str:
    """A short name of a text: a writer says with it what his own text is based on."""
    return hashlib.sha256(note.encode()).hexdigest()[:16] if note else ""


def write_note(user: CrmUser, call: Call, note: str, *, based_on: str | None = None) -> CallWork:
    """Write the note of a call the user may see, in place of the one there is.

    ``based_on`` is the version the writer has read; ``None`` replaces whatever is there.
    Raises ``PermissionRefused``, ``NoteChanged``, or ``UserError`` for a note too long.
    """
    if not user.has_perm(PERMISSION) or not Call.objects.visible_row_by_row(user).filter(
        pk=call.pk
    ):
        raise PermissionRefused(_("You may not write notes on this call."), "permission")
    text = _clean(note)
    work, _is_new = CallWork.objects.get_or_create(call=call)
    if work.note == text:
        return work
    if based_on is not None and version_of(work.note) != based_on:
        raise NoteChanged(work)
    # Of two who write at the same moment the first did.
    unchanged: QuerySet[CallWork] = CallWork.objects.filter(pk=work.pk)
    if based_on is not None:
        unchanged = unchanged.filter(note=work.note)
    written = unchanged.update(note=text, noted_by=user.pk, noted_at=timezone.now())
    work.refresh_from_db()
    if not written and work.note != text:
        raise NoteChanged(work)
    return work


def _clean(note: str) -> str:
    text = note.replace("\r\n", "\n").replace("\x00", "").strip()
    if len(text) > LONGEST_NOTE:
        raise UserError(_("The note is too long."), "too_long")
    return text
