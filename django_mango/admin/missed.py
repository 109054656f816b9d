"""Missed calls in the call log: how each is settled, and closing one by hand."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import Call, CallWork
from ..models.call import CallQuerySet
from ..services import close_by_hand
from ..services.errors import UserError
from ..ui import text
from . import call_text, missed_text
from .confirming import ConfirmPages, shown_object
from .missed_text import Settling


class MissedFilter(admin.SimpleListFilter):
    """Calls nobody took and somebody has to return."""

    title = _("missed")
    parameter_name = "missed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("open")), ("settled", _("settled")), ("all", _("all missed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        calls = cast(CallQuerySet, queryset)  # the call log's own
        match self.value():
            case "open":
                return calls.unresolved()
            case "settled":
                by_hand = Q(work__closed_at__isnull=False)
                settled = Q(missed_resolved_at__isnull=False) | by_hand
                return calls.missed().filter(settled)
            case "all":
                return calls.missed()
        return queryset


class CloseForm(forms.Form):
    """Why a missed call needs no call back."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=CallWork._meta.get_field("closed_reason").max_length,
        widget=AdminTextareaWidget(attrs={"rows": 3, "autofocus": True}),
    )


class MissedPages(ConfirmPages):
    """The facts of a missed call and the page that closes it by hand."""

    def get_urls(self) -> list[URLPattern]:
        close = path(
            "<path:object_id>/close-missed/",
            self._asking(self.close_missed_view),
            name="django_mango_call_close_missed",
        )
        return [close, *super().get_urls()]

    def has_close_missed_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("django_mango.close_missed")

    def close_missed_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, and close a missed call without a talk."""
        if not self.has_close_missed_permission(request):
            raise PermissionDenied
        call: Call = shown_object(self, request, object_id)
        refusal = _refusal(call, request.user)
        form = CloseForm(request.POST if request.method == "POST" else None)
        if not refusal and form.is_valid():
            self._close(request, call, form.cleaned_data["reason"])
            return self._back(request, self, call)
        context = {
            "title": gettext("Close the missed call?"),
            "call_text": call_text.client(call),
            "call_what": call_text.what(call),
            "call_when": text.moment(call.started_at),
            "form": form,
            "refusal": refusal,
        }
        return self._page(request, "close_missed", self, call, context)

    def _close(self, request: HttpRequest, call: Call, reason: str) -> None:
        try:
            work = close_by_hand(request.user, call, reason)
        except UserError as refusal:
            messages.error(request, str(refusal))
            return
        if work.closed_by_id != request.user.pk:
            messages.warning(request, gettext("Somebody else has closed it at this moment."))
            return
        messages.success(request, gettext("The missed call is closed."))
        words = gettext("Missed call closed by hand: %(reason)s") % {"reason": reason}
        self.log_change(request, call, words)

    # Facts

    @admin.display(description=_("what came of it"))
    def settled(self, call: Call) -> SafeString | str:
        settling = _settling_of(call)
        words = settling.by_talk()
        if not words:
            return settling.unsettled()
        url = self._talk_url(settling)
        return format_html('<a href="{}">{}</a>', url, words) if url else words

    @admin.display(description=_("closed by hand"))
    def closed_by_hand(self, call: Call) -> str:
        work = _settling_of(call).work
        if work is None:
            return self.get_empty_value_display()
        who = str(work.closed_by or "")
        head = ", ".join(filter(None, (text.moment(work.closed_at), who)))
        return ": ".join(filter(None, (head, work.closed_reason)))

    def _missed_fieldset(self, call: Call) -> Any:
        settling = _settling_of(call)
        fields = ["settled"] if settling.is_open or settling.by_talk() else []
        fields += ["closed_by_hand"] if settling.work else []
        return (_("Missed"), {"fields": fields})

    def _talk_url(self, settling: Settling) -> str:
        """The page of the talk that settled it, empty for who may not see that call."""
        if not settling.talk or not settling.is_shown:
            return ""
        name = f"{self.admin_site.name}:django_mango_call_change"
        return reverse(name, args=[quote(settling.talk.pk)])

    def _close_url(self, call: Call) -> str:
        name = f"{self.admin_site.name}:django_mango_call_close_missed"
        return reverse(name, args=[quote(call.pk)])


def remember(calls: list[Call], user: Any) -> None:
    """Put what settled them on the missed ones of these calls, by a fixed number of queries."""
    found = missed_text.settlings(calls, user)
    for call in calls:
        setattr(call, "settling", found.get(call.pk))  # noqa: B010 - no field of the model


def settling_of(call: Call) -> Settling | None:
    """What ``remember`` put there."""
    return getattr(call, "settling", None)


def _settling_of(call: Call) -> Settling:
    return settling_of(call) or Settling(call)


def _refusal(call: Call, user: Any) -> str:
    if not call.is_missed:
        return gettext("This is not a missed call.")
    settling = missed_text.settlings([call], user)[call.pk]
    if settling.is_open:
        return ""
    words = settling.by_hand() or settling.by_talk()
    return gettext("This missed call is settled already (%(how)s).") % {"how": words}
