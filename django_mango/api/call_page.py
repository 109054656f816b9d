"""The page that asks before a call, for pages of the host where no script runs."""

from __future__ import annotations

import json
import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from ..services.calling import CallPlan, plan_call
from ..services.errors import UserError
from ..ui import text
from ..ui.clicks import Click

_TEMPLATE = "django_mango/call.html"


def page(request: HttpRequest, click: Click | None) -> HttpResponse:
    """What would happen: whose telephone rings and who is called, or why nothing can be."""
    plan, refusal = _plan(request, click)
    return _render(request, click, plan=plan, refusal=refusal, status=400 if refusal else 200)


def result_page(request: HttpRequest, click: Click | None, said: HttpResponse) -> HttpResponse:
    """What came of the click; the question again where a colleague was faster."""
    told: dict[str, Any] = json.loads(said.content)
    if told.get("question"):
        plan, _refusal = _plan(request, click)
        return _render(request, click, plan=plan, question=told["text"], status=said.status_code)
    return _render(request, click, told=told, status=said.status_code)


def _plan(request: HttpRequest, click: Click | None) -> tuple[CallPlan | None, str]:
    if click is None:
        return None, _("This page is out of date. Reload it and try again.")
    try:
        return plan_call(request.user, click.number), ""
    except UserError as refusal:
        return None, str(refusal)


def _render(
    request: HttpRequest,
    click: Click | None,
    *,
    plan: CallPlan | None = None,
    refusal: str = "",
    question: str = "",
    told: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    given = request.POST if request.method == "POST" else request.GET
    context = {
        "number": text.phone(click.number) if click else "",
        "plan": plan,
        "refusal": refusal,
        "question": question or (plan.question if plan else ""),
        "told": told,
        "click": given.get("click", ""),
        "raw_number": given.get("number", ""),
        "token": given.get("token") or secrets.token_urlsafe(16),
        "next": _back(request, given.get("next", "")),
    }
    return render(request, _TEMPLATE, context, status=status)


def _back(request: HttpRequest, wanted: str) -> str:
    """Where the person came from, if it is this site."""
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else ""
