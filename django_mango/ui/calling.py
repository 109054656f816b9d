"""Calling from pages of the host: what template tags and views of its own use."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from ..protocol import numbers
from ..protocol.numbers import Number
from ..services.phone_fields import numbers_in, numbers_of, texts_of
from .clicks import Click
from .controls import Controls, controls_of
from .media import call_endpoint


def call_controls(
    request: HttpRequest, what: Any, *, target: Model | None = None, small: bool = False
) -> SafeString:
    """Call controls for ``what``: an object of ``PHONE_FIELDS``, or a value with numbers.

    An object gives each of its numbers with its control; a value gives controls only, for
    the page shows it already. ``target`` is the object the call is journalled for. Show it
    only to who may see it: the control vouches for that. Empty for who is not logged in.
    """
    controls = controls_of(request)
    if not controls.wanted:
        return SafeString("")
    if isinstance(what, Model):
        target = target or what
        rows = []
        for phone in numbers_of(what):
            shown = numbers.for_people(phone.number.e164)
            rows.append((shown, _control(request, controls, phone.number, target, small=small)))
        line = '<span class="mango-beside"><span class="mango-number">{}</span>{}</span>'
        return format_html_join(" ", line, rows)
    texts = tuple(texts_of(what))
    found = numbers_in(texts)
    if not found:
        return controls.of_several((), ", ".join(texts), small=small)
    named = len(found) > 1
    return format_html_join(
        "",
        "{}",
        (
            (_control(request, controls, number, target, small=small, named=named),)
            for number in found
        ),
    )


def _control(
    request: HttpRequest,
    controls: Controls,
    number: Number,
    target: Model | None,
    *,
    small: bool = False,
    named: bool = False,
) -> SafeString:
    href = _page(request, number, target)
    return controls.of(number, target=target, href=href, small=small, named=named)


def _page(request: HttpRequest, number: Number, target: Model | None) -> str:
    """The page that asks, of nobody's admin; empty where it is not mounted."""
    endpoint = call_endpoint()
    if not endpoint:
        return ""
    sealed = Click.on(number.e164, target).seal(request.user)
    return f"{endpoint}?{urlencode({'click': sealed, 'next': request.get_full_path()})}"
