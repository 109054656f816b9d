"""The panel "calls of this client" for his page, in the admin and on pages of the host."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ..models import Call, scope
from ..services.client_calls import calls_of
from ..services.phone_settings import owner_model
from . import calls as words
from . import text
from .sites import Place

#: So many calls are counted; a client with more has "1000+".
_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class Panel:
    """What a page shows of a client's calls: a title with the figures, and a table."""

    title: str
    html: SafeString
    has_open_missed: bool


def calls_panel(
    request: HttpRequest,
    obj: Model,
    *,
    also: Iterable[str] = (),
    site: str = "",
    shown: int = 5,
) -> Panel | None:
    """The latest calls of ``obj`` that this user may see, and links to all of them.

    ``None`` for who may see no calls and for objects without configured phone fields. ``site``
    is the name of the admin site links lead to, ``also`` names relations whose objects' calls
    are joined.
    """
    if not scope.may_see_calls(request.user) or owner_model(type(obj)) is None:
        return None
    calls = calls_of(obj, request.user, also=also)
    latest = list(calls.select_related("employee")[:shown])
    count = calls.order_by()[: _COUNTED + 1].count() if len(latest) == shown else len(latest)
    missed = calls.unresolved().order_by()[: _COUNTED + 1].count() if latest else 0
    place = Place(request, site)
    title = _title(count, missed)
    context = {
        "title": title,
        "rows": [_row(call, place) for call in latest],
        "all_url": _all_url(obj, place) if count > len(latest) and not also else "",
    }
    html = render_to_string("django_mango/client_calls.html", context, request)
    return Panel(title, html, bool(missed))


def _title(count: int, missed: int) -> str:
    figures = f"{_COUNTED}+" if count > _COUNTED else str(count)
    if missed:
        return _("Calls (%(count)s, missed %(missed)d)") % {"count": figures, "missed": missed}
    return _("Calls (%(count)s)") % {"count": figures}


def _row(call: Call, place: Place) -> dict[str, Any]:
    return {
        "when": text.moment(call.started_at),
        "what": words.what(call),
        "url": place.call(call),
        "number": text.phone(call.client_number),
        "who": words.employee(call),
        "talk": text.duration(call.talk_seconds),
    }


def _all_url(obj: Model, place: Place) -> str:
    url = place.page("django_mango_call_changelist")
    owner = owner_model(type(obj))
    if not url or owner is None:
        return ""
    key = getattr(obj, owner._meta.pk.attname)
    return f"{url}?{urlencode({'client': f'{owner._meta.label_lower}:{key}'})}"
