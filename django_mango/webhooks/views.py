"""The one address notifications of the PBX arrive at. HTTP only: no rule lives here.

Mango looks at nothing but the status (§2.1.1, Q56), so every answer has an empty body:

====  ==================================================================
200   stored, or nothing to store: a health probe, the "check connection" button (Q59)
400   the sender went away in the middle
403   not signed by the account of the path, whatever the reason; nothing was touched
404   no notification path
405   neither POST nor a health probe
411   a chunked body this server cannot read
413   larger than ``WEBHOOK_MAX_BYTES``
503   the database is down or the settings are wrong: the sender may try again
====  ==================================================================
"""

from __future__ import annotations

import logging

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseFailure
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from .. import conf
from ..protocol.encoding import SignedForm
from ..protocol.errors import ReadError
from ..protocol.notifications import canonical_kind
from ..services import inbox
from .authentication import alias_of, signer
from .body import LengthUnknown, TooLarge, is_bare_ping, read_body, signed_form

logger = logging.getLogger(__name__)

_PING = "ping"


@csrf_exempt
@login_not_required
@transaction.non_atomic_requests
@sensitive_post_parameters()
def receive(request: HttpRequest, path: str = "") -> HttpResponse:
    """Take one notification; ``path`` is what stands below the mount."""
    kind = canonical_kind(path)
    if kind is None and _is_address(path):
        kind = _PING
    if kind is None:
        return _answer(404)
    if request.method in {"GET", "HEAD"}:
        return _answer(200)
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    try:
        return _post(request, kind, path)
    except (DatabaseFailure, ImproperlyConfigured):
        logger.exception("A notification (%s) could not be stored", kind)
        return _answer(503)


@sensitive_variables()
def _post(request: HttpRequest, kind: str, path: str) -> HttpResponse:
    try:
        body = read_body(request, conf.get("WEBHOOK_MAX_BYTES", int))
    except TooLarge:
        return _answer(413)
    except LengthUnknown:
        return _answer(411)
    except OSError:
        return _answer(400)
    if kind == _PING and is_bare_ping(request, body):
        return _answer(200)
    try:
        form = signed_form(request, body)
    except ReadError:
        return _answer(403)
    return _signed(form, kind, path)


@sensitive_variables()
def _signed(form: SignedForm, kind: str, path: str) -> HttpResponse:
    sender = signer(alias_of(path), form)
    if sender is None:
        return _answer(403)
    inbox.receive_for(sender.alias, kind, path, form.json_bytes)
    return _answer(200)


def _is_address(path: str) -> bool:
    """Whether this is the address as entered in the personal account: nothing but an alias."""
    return "/" not in path.strip("/")


def _answer(status: int) -> HttpResponse:
    return HttpResponse(status=status, content_type="text/plain")
