"""Placing a call from any page: JSON for the script, a page that asks where none runs."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from ..models import Call, Command, Employee
from ..services import calling
from ..services.errors import ColleagueBusy, PermissionRefused, TooManyCalls, UserError
from ..ui.clicks import Click
from .answers import answer, endpoint, refusal, wants_html
from .call_page import page, result_page

logger = logging.getLogger(__name__)

_LONGEST = 64
_LONGEST_KEY = 18


@endpoint("GET", "HEAD", "POST")
def call(request: HttpRequest) -> HttpResponse:
    """GET: the page that asks, for people without script. POST: the call.

    POST takes ``click`` (what a control was sealed with) or ``number`` (any spelling);
    ``employee`` (its id) lets the telephone of somebody else ring, for who may;
    ``token`` makes a repeated request one call, ``asked`` says that the person knows of the
    colleague. Answers ``level``, ``text``, and ``command`` and ``again`` of a placed call.
    """
    if request.method != "POST":
        return page(request, _click(request, request.GET))
    click = _click(request, request.POST)
    said = _place(request, click) if click else refusal(400, "stale", _stale())
    return result_page(request, click, said) if wants_html(request) else said


def _click(request: HttpRequest, given: Any) -> Click | None:
    """What is to be called; ``None`` for a seal that is not this user's, or too old."""
    sealed = given.get("click")
    return Click.unseal(sealed, request.user) if sealed else Click(given.get("number", ""))


def _place(request: HttpRequest, click: Click) -> HttpResponse:
    target = _target(click)
    account = target.account if isinstance(target, Call) else None
    wanted = request.POST.get("employee", "")
    is_key = wanted.isdecimal() and len(wanted) <= _LONGEST_KEY
    employee = Employee.objects.filter(pk=wanted).first() if is_key else None
    if wanted and employee is None:
        return refusal(400, "unknown_employee", _("There is no such employee."))
    asked_at = timezone.now()
    token = request.POST.get("token", "")[:_LONGEST] or secrets.token_urlsafe(16)
    try:
        command = calling.place_call(
            request.user,
            click.number,
            target=target,
            account=account,
            employee=employee,
            # A page may send one token twice; its numbers are calls of their own.
            token=f"{token}-{click.number}",
            mind_colleagues="asked" not in request.POST,
        )
    except UserError as error:
        return _refused(error)
    is_new = command.created_at >= asked_at
    if is_new and click.in_admin and target is not None:
        _note(request.user, target, command)
    return answer(
        level=calling.outcome_level(command),
        text=calling.outcome_text(command),
        command=command.command_id,
        again=not is_new,
    )


def _refused(error: UserError) -> HttpResponse:
    if isinstance(error, ColleagueBusy):
        labels = {"yes": _("Call anyway"), "no": _("Do not call")}
        return refusal(409, error.code, str(error), question=True, **labels)
    status = 400
    if isinstance(error, PermissionRefused):
        status = 403
    elif isinstance(error, TooManyCalls):
        status = 429
    return refusal(status, error.code, str(error))


def _target(click: Click) -> Model | None:
    """The host's object of a click; it may have been deleted since."""
    if not click.label:
        return None
    try:
        model = apps.get_model(click.label)
        found: Model | None = model._default_manager.filter(pk=click.pk).first()
    except (LookupError, TypeError, ValueError, ValidationError):
        return None
    return found


def _note(user: Any, target: Model, command: Command) -> None:
    """Into the history the admin keeps of the object, as if its own page had placed the call."""
    from django.contrib.admin.models import CHANGE, LogEntry

    text = calling.history_text(command)
    try:
        LogEntry.objects.log_actions(user.pk, [target], CHANGE, text, single_object=True)
    except Exception:
        # The call is placed: whatever the host's history says, the person is told so.
        logger.exception("the call %s is missing in the history", command.command_id)


def _stale() -> str:
    return _("This page is out of date. Reload it and try again.")
