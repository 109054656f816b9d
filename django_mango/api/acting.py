"""What a person does with a call from the strip: end it, write its note, have seen it."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from ..models import Call
from ..services import calling
from ..services.errors import NothingToHangUp, PermissionRefused, UserError
from ..services.notes import PERMISSION, NoteChanged, version_of, write_note
from ..services.preferences import choose_notifications, see_missed
from .answers import answer, endpoint, not_found, refusal

_LONGEST_TOKEN = 64


@endpoint("POST", permissions=("django_mango.hang_up", "django_mango.hang_up_any"))
def hang_up(request: HttpRequest, pk: int) -> HttpResponse:
    """End a call. Answers ``level`` and ``text``; a call that is over already is no error."""
    call = _visible(request, pk)
    if call is None:
        return not_found()
    token = request.POST.get("token", "")[:_LONGEST_TOKEN] or None
    try:
        command = calling.hang_up(request.user, call, token=token)
    except NothingToHangUp as nothing:
        if nothing.code == "already_ended":
            return answer(level="success", text=str(nothing), code=nothing.code)
        return refusal(409, nothing.code, str(nothing))
    except UserError as error:
        return _refused(error)
    return answer(level=calling.outcome_level(command), text=calling.outcome_text(command))


@endpoint("POST", permissions=(PERMISSION,))
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Write ``note`` of a call; ``version`` is what the writer has read.

    409 ``note_changed`` has the note as it is now in ``note``, with its ``version``.
    """
    call = _visible(request, pk)
    if call is None:
        return not_found()
    try:
        work = write_note(
            request.user,
            call,
            request.POST.get("note", ""),
            based_on=request.POST.get("version"),
        )
    except NoteChanged as changed:
        now = changed.work.note
        return refusal(409, changed.code, str(changed), note=now, version=version_of(now))
    except UserError as error:
        return _refused(error)
    return answer(level="success", text=_("Saved"), note=work.note, version=version_of(work.note))


@endpoint("POST")
def seen(request: HttpRequest) -> HttpResponse:
    """The user has seen his missed calls that began before ``until`` (Unix seconds)."""
    try:
        until = datetime.fromtimestamp(float(request.POST.get("until", "")), UTC)
    except (ValueError, OverflowError, OSError):
        return refusal(400, "moment", _("This is no moment."))
    see_missed(request.user, min(until, timezone.now()))
    return answer(level="success", text="")


@endpoint("POST")
def notifications(request: HttpRequest) -> HttpResponse:
    """Choose what appears by itself: ``mode`` is on, silent, off, or empty for the site's."""
    try:
        chosen = choose_notifications(request.user, request.POST.get("mode", ""))
    except UserError as error:
        return _refused(error)
    return answer(level="success", text=_("Saved"), mode=chosen.notifications)


def _visible(request: HttpRequest, pk: int) -> Call | None:
    return Call.objects.visible_row_by_row(request.user).filter(pk=pk).first()


def _refused(error: UserError) -> HttpResponse:
    status = 403 if isinstance(error, PermissionRefused) else 400
    return refusal(status, error.code, str(error))
