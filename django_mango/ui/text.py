"""Numbers, durations and moments as people read them."""

from __future__ import annotations

import json
from datetime import datetime

from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..conf import get
from ..protocol import numbers

#: More characters of one JSON text than this help nobody on a page.
_JSON_SHOWN = 100_000

#: Why a line or an item of statistics is no row, by the readers' stable words.
_BAD_ROWS = {
    "columns": _("wrong number of columns"),
    "cut": _("the line is cut off"),
    "entry_id": _("a conversation without its id"),
    "encoding": _("the text is not UTF-8"),
    "leg": _("a leg that is none"),
    "list": _("a day without its conversations"),
    "object": _("not a conversation"),
    "text": _("a value that cannot be stored"),
    "time": _("a time that is none"),
    "too_long": _("a value is too long"),
}


def phone(text: str) -> str:
    """A number as the service or a model keeps it, for people: ``+7 916 123-45-67``.

    Extensions, SIP addresses and unknown texts stay as they are; a caller who
    withheld his number is called so.
    """
    number = numbers.from_service(text, get("DEFAULT_REGION", str))
    if number.kind is numbers.Kind.E164:
        return numbers.for_people(number.e164)
    if number.kind is numbers.Kind.ANONYMOUS:
        return gettext("number withheld")
    return text


def duration(seconds: int | None) -> str:
    """Seconds as ``m:ss``, from an hour on as ``h:mm:ss``; empty when unknown."""
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span(seconds: float) -> str:
    """How long something took, roughly: ``40 s``, ``12 min``, ``3 h 5 min``, ``2 days``.

    Its blanks do not break.
    """
    whole = max(int(seconds), 0)
    return _span(whole).replace(" ", "\N{NO-BREAK SPACE}")


def _span(seconds: int) -> str:
    if seconds < 60:
        return gettext("%(count)d s") % {"count": seconds}
    hours, minutes = divmod(seconds // 60, 60)
    if not hours:
        return gettext("%(count)d min") % {"count": minutes}
    if hours < 24:
        form = gettext("%(hours)d h %(minutes)d min") if minutes else gettext("%(hours)d h")
        return form % {"hours": hours, "minutes": minutes}
    return ngettext("%(count)d day", "%(count)d days", hours // 24) % {"count": hours // 24}


def moment(value: datetime | None, *, seconds: bool = False) -> str:
    """A moment in the reader's zone and format; ``seconds`` where their order matters."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    if seconds:
        return f"{formats.date_format(local, 'SHORT_DATE_FORMAT')} {local:%H:%M:%S}"
    return formats.date_format(local, "SHORT_DATETIME_FORMAT")


def pretty_json(value: str | object) -> SafeString:
    """JSON, indented and escaped. A text that is no JSON is shown as it came."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    try:
        shown = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        shown = text
    cut = len(shown) - _JSON_SHOWN
    note = gettext("… and %(count)d characters more") % {"count": cut} if cut > 0 else ""
    return format_html('<pre class="mango-json">{}{}</pre>', shown[:_JSON_SHOWN], note)


def bad_row(reason: object) -> str:
    """Why a line of statistics could not be read; a word nobody knows stays as it is."""
    return str(_BAD_ROWS.get(str(reason), reason))
