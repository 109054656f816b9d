"""Form fields with a call control beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.forms import Media, TextInput, Widget
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ..services.phone_fields import numbers_in
from .controls import number_control
from .media import call_media


class CallInput(TextInput):
    """A text input for forms of the host, with a control for each number it holds.

    The number is the one the form was opened with, not what is being typed. Whether it may
    be called is found out at the click: a widget does not know who looks at it.
    """

    input_type = "tel"

    @property
    def media(self) -> Media:
        return call_media()

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        field = super().render(name, value, attrs, renderer)
        found = numbers_in(value)
        controls = format_html_join(
            "", "{}", ((number_control(one, named=len(found) > 1),) for one in found)
        )
        return beside(field, controls) if found else field


def put_beside(widget: Widget, extra: SafeString) -> None:
    """Make this one widget render ``extra`` after itself.

    The instance is changed, not its class: themes choose templates by the class.
    Fields of a bound form have widgets of their own, so nobody else is touched.
    """
    render: Callable[..., SafeString] = widget.render

    def render_both(*args: Any, **kwargs: Any) -> SafeString:
        return beside(render(*args, **kwargs), extra)

    setattr(widget, "render", render_both)  # noqa: B010 - a method may not be assigned to, says mypy


def beside(what: SafeString, extra: SafeString) -> SafeString:
    """A field or a value, and after it its controls."""
    return format_html('<span class="mango-beside">{}{}</span>', what, extra)
