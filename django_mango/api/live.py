"""What goes on now, for the strip and the cards of incoming calls. Asked again and again.

The answer tells when to ask next (``X-Mango-Poll``, seconds; 0: not any more) and what
time it is here (``X-Mango-Now``, Unix seconds), both with 304 as well. ``idle`` of the
request is how long nothing has happened on its page; a page that rests asks seldom.
"""

from __future__ import annotations

import hashlib
import math
from datetime import timedelta

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.translation import gettext as _

from .. import conf
from ..models import Preference
from ..services.live import Live, live_of, may_be_shown
from ..ui.sites import Place
from ..ui.strip import live_json
from .answers import endpoint, not_found, refusal

#: (seconds nothing happened, how many times longer than usual to wait)
_RESTS = ((20.0, 1), (120.0, 2), (float("inf"), 3))
#: Whom nothing can ring only needs to learn that this has changed.
_WITHOUT_TELEPHONE = 30


@endpoint("GET", "HEAD")
def live(request: HttpRequest) -> HttpResponse:
    """The calls of the user's own telephones; 304 while nothing has changed."""
    if not conf.get("STRIP", bool):
        return not_found()
    if not may_be_shown(request.user):
        return refusal(403, "permission", _("You may not see or place calls."))
    now = timezone.now()
    found = live_of(request.user, now)
    place = Place(request, request.GET.get("site", ""))
    body = DjangoJSONEncoder(ensure_ascii=False).encode(live_json(found, request.user, place))
    etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    response = get_conditional_response(request, etag=etag) or HttpResponse(
        body, content_type="application/json"
    )
    response.headers["ETag"] = etag
    response.headers["X-Mango-Now"] = f"{now.timestamp():.3f}"
    response.headers["X-Mango-Poll"] = f"{_next(found, _idle(request)):g}"
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ("Cookie", "Accept-Language"))
    return response


def _next(found: Live, idle: float) -> float:
    """Seconds until the page should ask again."""
    usual = conf.seconds("STRIP_POLL_SECONDS") or timedelta(milliseconds=500)
    if found.telephones.notifications == Preference.Notifications.OFF:
        return 0
    times = 1
    if not found.is_busy:
        times = next(times for seconds, times in _RESTS if idle < seconds)
        times = times if found.telephones.employees else _WITHOUT_TELEPHONE
    return usual.total_seconds() * times


def _idle(request: HttpRequest) -> float:
    try:
        idle = float(request.GET.get("idle", "0"))
    except ValueError:
        return 0.0
    return max(idle, 0.0) if math.isfinite(idle) else 0.0
