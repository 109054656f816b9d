"""The call control as a link: text for people, a decorative icon, no script needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.forms import Widget
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

#: The style sheet of everything in this room, below ``STATIC_URL``.
STYLES = "django_mango/mango.css"


def call_link(
    url: str, number: str, hint: str, *, muted: bool = False, small: bool = False
) -> SafeString:
    """A link "Call" to the page that confirms the call; ``hint`` says what will happen.

    ``muted`` says that the call is not possible now; the page tells why. A
    ``small`` one, for lists, shows its icon and keeps its words for screen readers.
    """
    return format_html(
        '<a class="mango-call{}{}" href="{}" title="{}" aria-label="{}">'
        '<span class="mango-icon" aria-hidden="true">\N{BLACK TELEPHONE}\N{VARIATION SELECTOR-15}'
        '</span><span class="mango-call__text">{}</span></a>',
        " mango-call--muted" if muted else "",
        " mango-call--small" if small else "",
        url,
        hint,
        gettext("Call %(number)s") % {"number": number},
        gettext("Call"),
    )


def put_beside(widget: Widget, extra: SafeString) -> None:
    """Make this one widget render ``extra`` after itself.

    The instance is changed, not its class: themes choose templates by the class.
    Fields of a bound form have widgets of their own, so nobody else is touched.
    """
    render: Callable[..., SafeString] = widget.render

    def render_both(*args: Any, **kwargs: Any) -> SafeString:
        field = render(*args, **kwargs)
        return format_html('<span class="mango-beside">{}{}</span>', field, extra)

    setattr(widget, "render", render_both)  # noqa: B010 - a method may not be assigned to, says mypy
