"""A button beside the client of a call: one click calls back, through the PBX of the call."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from ..models import Call
from ..protocol import numbers
from ..ui.controls import controls_of
from .phone_fields import place_url

_KEPT = "call_back_button"


def remember(calls: Iterable[Call], request: HttpRequest, site: AdminSite) -> None:
    """Put a button on each call whose client can be called, for who may call; no query.

    Whether this number may be dialled now is found out at the click.
    """
    if not request.user.has_perm("django_mango.place_call"):
        return
    controls, back = controls_of(request), urlencode({"next": request.get_full_path()})
    for call in calls:
        number = numbers.from_service(call.client_number)
        if number.kind is numbers.Kind.E164:
            href = f"{place_url(site.name, call)}?{back}"
            setattr(call, _KEPT, controls.unasked(number, target=call, href=href))


def with_button(call: Call, number: str) -> SafeString:
    """The number of the client, as it is shown, with its button."""
    button = getattr(call, _KEPT, "")
    return format_html("{} {}", number, button) if button else format_html("{}", number)
