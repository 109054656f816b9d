"""The page "Now talking": all calls that go on, of whom the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import Call, CallParty, scope
from ..ui import text
from . import call_text, clients
from .confirming import ConfirmPages
from .tables import SHOWN, Table, Text, table

#: Seconds after which the page looks again.
_PAUSE = 5


class NowTalking(ConfirmPages):
    """A page that keeps itself up to date, mounted under the admin of calls."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.now_view)
        return [path("now/", view, name="django_mango_call_now"), *super().get_urls()]

    def now_view(self, request: HttpRequest) -> HttpResponse:
        """The calls that go on now, those that have gone on longest first."""
        if not scope.may_see_calls(request.user):
            raise PermissionDenied
        parties = Prefetch("parties", CallParty.objects.select_related("employee"))
        live = Call.objects.visible_to(request.user).live().select_related("employee")
        calls = list(live.prefetch_related(parties).order_by("started_at", "pk")[: SHOWN + 1])
        clients.remember(calls, request, self.admin_site)
        context = {
            "title": gettext("Now talking"),
            "table": self._now(request, calls),
            "pause": _PAUSE,
        }
        return self._page(request, "now_talking", self, None, context)

    def _now(self, request: HttpRequest, calls: Sequence[Call]) -> Table:
        names = call_text.line_names(list(calls))
        rows = (self._now_row(request, call, names) for call in calls)
        columns: list[Text] = [_("Call"), _("For"), _("Client"), _("Employee"), _("Line"), ""]
        return table(_("Now talking"), columns, rows, empty=_("Nobody is in a call now."))

    def _now_row(self, request: HttpRequest, call: Call, names: Any) -> list[Any]:
        page = reverse(f"{self.admin_site.name}:django_mango_call_change", args=[call.pk])
        since = call.answered_at or call.started_at
        lasts = int((timezone.now() - since).total_seconds()) if since else None
        return [
            format_html('<a href="{}">{}</a>', page, call_text.what(call)),
            text.duration(max(lasts, 0)) if lasts is not None else "",
            clients.in_list(call, call_text.client(call), self.admin_site),
            ", ".join(call_text.party(one) for one in _present(call)),
            call_text.line(call, names),
            self._end_link(request, call),
        ]

    def _end_link(self, request: HttpRequest, call: Call) -> str:
        """For who may end the calls of others; the page behind it asks."""
        if not request.user.has_perm("django_mango.hang_up_any"):
            return ""
        site = self.admin_site.name
        url = reverse(f"{site}:django_mango_call_hang_up", args=[call.pk])
        back = reverse(f"{site}:django_mango_call_now")
        return format_html('<a href="{}?next={}">{}</a>', url, back, gettext("Hang up"))


def _present(call: Call) -> list[CallParty]:
    """Who of us is in the call now; those who talk, where somebody does."""
    there = [one for one in call.parties.all() if one.ended_at is None]
    return [one for one in there if one.answered_at] or there
