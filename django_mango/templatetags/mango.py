"""Template tags for pages of the host: ``{% load mango %}``."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Model
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from ..services.phone_fields import numbers_in, numbers_of
from ..ui.calling import call_controls
from ..ui.client_calls import calls_panel
from ..ui.controls import number_control
from ..ui.media import call_media, strip_media

register = template.Library()


@register.simple_tag(takes_context=True)
def mango_call(
    context: template.Context, what: Any, target: Model | None = None, *, small: bool = False
) -> SafeString:
    """``{% mango_call contact %}`` or ``{% mango_call contact.phone target=contact small=True %}``.

    Without ``request`` in the context nobody knows who looks: the buttons are there, and
    what is possible is said at the click.
    """
    request = context.get("request")
    if request is not None:
        return call_controls(request, what, target=target, small=small)
    if isinstance(what, Model):
        found = [phone.number for phone in numbers_of(what)]
    else:
        found = [*numbers_in(what)]
    several = len(found) > 1
    buttons = ((number_control(number, small=small, named=several),) for number in found)
    return format_html_join("", "{}", buttons)


@register.simple_tag(takes_context=True)
def mango_strip(context: template.Context, site: str = "") -> SafeString:
    """``{% mango_strip %}``: the strip of running calls, once per page, for logged-in people.

    ``site`` is the name of the admin site its links lead to, where objects have no page of
    their own.
    """
    user = getattr(context.get("request"), "user", None) or context.get("user")
    if user is None or not user.is_authenticated:
        return SafeString("")
    return strip_media(site).render()


@register.simple_tag(takes_context=True)
def mango_calls(
    context: template.Context, obj: Any, also: str = "", shown: int = 5, site: str = ""
) -> SafeString:
    """``{% mango_calls contact %}`` or ``{% mango_calls company also="contacts" shown=10 %}``.

    The latest calls of a client that the user of the request may see. ``also`` names relations,
    separated by blanks, whose objects' calls are joined. Nothing without a request, and for
    who may see no calls.
    """
    request = context.get("request")
    if request is None or not isinstance(obj, Model):
        return SafeString("")
    panel = calls_panel(request, obj, also=also.split(), shown=shown, site=site)
    return panel.html if panel else SafeString("")


@register.simple_tag
def mango_media() -> SafeString:
    """The style sheet and the script of call controls, once per page, in its head."""
    return call_media().render()
