"""One call in words, for the pages of the admin and of hosts alike."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from ..models import Call

_ICONS = {
    Call.Direction.INCOMING: "\N{SOUTH WEST ARROW}",
    Call.Direction.OUTGOING: "\N{NORTH EAST ARROW}",
    Call.Direction.INTERNAL: "\N{LEFT RIGHT ARROW}",
}
_VARIATION = "\N{VARIATION SELECTOR-15}"  # a sign, not a coloured picture


def what(call: Call) -> SafeString:
    """Direction and outcome, or what happens now; the icon repeats the words."""
    happened = call.get_outcome_display() or call.get_state_display()
    return format_html(
        '<span class="mango-what mango-what--{}"><span class="mango-number">'
        '<span class="mango-icon" aria-hidden="true">{}'
        "</span>{},</span> {}</span>",
        call.outcome if call.state == Call.State.FINISHED and call.outcome else "live",
        _ICONS.get(Call.Direction(call.direction), "?") + _VARIATION,
        capfirst(call.get_direction_display()),
        happened,
    )


def employee(call: Call) -> str:
    """Who of us talked or was called: name and extension."""
    name = str(call.employee) if call.employee else ""
    return " ".join(filter(None, (name, call.extension)))
