"""One call in words, for the list and the detail page alike."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext

from ..models import Call, CallParty, Line
from ..protocol import codes
from ..services.caching import remembered
from ..ui import text
from ..ui.calls import employee as employee
from ..ui.calls import what as what


def is_closed_as_stale(call: Call) -> bool:
    """Whether we closed it for lack of news: no later report has told its end (Q57)."""
    return bool(call.stale_closed_at) and call.is_final and call.sources in ("", "events")


def below_stale(call: Call) -> SafeString:
    """The line below such a call in a list, empty for all others."""
    if not is_closed_as_stale(call):
        return SafeString("")
    return format_html('<span class="mango-under mango-note">{}</span>', gettext("closed as stale"))


def known_from(call: Call) -> str:
    """Which kinds of facts know the call, in words, the most trusted first."""
    words = {
        "summary": pgettext("source of a call", "summary"),
        "extended": pgettext("source of a call", "extended statistics"),
        "basic": pgettext("source of a call", "statistics"),
        "events": pgettext("source of a call", "events"),
    }
    return ", ".join(words.get(name, name) for name in call.sources.split(",") if name)


def client(call: Call) -> str:
    """The client's number for people; of an internal call the colleagues who took part."""
    if call.client_number:
        return text.phone(call.client_number)
    if call.client_number_raw:
        return text.phone(call.client_number_raw)
    if call.direction == Call.Direction.INTERNAL:
        return " – ".join(party(one) for one in call.parties.all())
    return gettext("number withheld")


def party(one: CallParty) -> str:
    """One of us in a call: name and extension as far as known."""
    name = str(one.employee) if one.employee else ""
    return " ".join(filter(None, (name, one.extension or one.number)))


def line(call: Call, names: dict[tuple[int, str], str]) -> str:
    """The line's human name from ``names``, else its number for people."""
    if not call.line_number:
        return ""
    return names.get((call.account_id, call.line_number)) or text.phone(call.line_number)


def line_names(calls: list[Call]) -> dict[tuple[int, str], str]:
    """Names of lines by account and number: one query for a page, remembered for a short while."""
    if not any(call.line_number for call in calls):
        return {}
    return remembered("line names", _read_line_names)


def _read_line_names() -> dict[tuple[int, str], str]:
    found = Line.objects.exclude(name="").order_by()
    return {
        (account, number): name
        for account, number, name in found.values_list("account_id", "number", "name")
    }


def end_reason(call_reason: str) -> str:
    """An end reason with its official meaning: ``1110: the caller hung up`` (§Codes)."""
    code = codes.reason_code(call_reason)
    if code is None:
        return call_reason
    return f"{call_reason}: {codes.meaning(code, get_language() or 'en')}"
