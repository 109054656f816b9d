"""The call log: what happened, to whom one may show it, and calling from it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import Call, scope
from ..ui import text
from . import call_back, call_text, clients, missed, missed_text
from .call_pages import CallPages
from .call_rows import CallRows, read_parties
from .call_tables import tables_of
from .client_pages import ClientPages
from .client_panel import ClientFilter
from .dial_pad import DialPad
from .filters import EmployeeFilter, period_of
from .freshness import FreshList
from .missed import MissedFilter, MissedPages
from .my_telephony import MyTelephony
from .now_talking import NowTalking
from .phone_fields import place_url
from .search import search_calls
from .tables import Text


class CallAdmin(CallPages, MissedPages, ClientPages, DialPad, MyTelephony, NowTalking, FreshList):
    """Calls one may see, newest first."""

    mango_phone_fields = ("client_number",)
    list_display = ("when", "what_became", "client", "who", "wait", "talk", "line")
    list_filter = (
        period_of("started_at"),
        MissedFilter,
        "direction",
        "outcome",
        EmployeeFilter,
        "state",
        ClientFilter,
    )
    list_select_related = ("employee", "work")
    search_fields = ("client_number",)
    search_help_text = _(
        "A number in any spelling, the name of a client, an id of a conversation; or an extension"
        " or three digits of a number and more, within the last three months."
    )
    actions = ("call_back", "hang_up")
    fieldsets = (
        (None, {"fields": ("what", "client_detail", "who", "line")}),
        (_("Times"), {"fields": (("started", "answered", "ended"), ("wait", "talk"))}),
        (
            _("Details"),
            {
                "fields": (
                    "reason",
                    ("reached", "group_number"),
                    ("known_from", "is_final"),
                    ("account", "entry_id"),
                    "open_legs",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Call]:
        return Call.objects.visible_to(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return scope.may_see_calls(request.user)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        base = super().get_changelist(request, **kwargs)
        return type("CallChangeList", (CallRows, base), {})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        named = partial(clients.calls_of_named, request, self.admin_site)
        return search_calls(queryset, search_term, named), False

    def list_tools(self, request: HttpRequest) -> list[tuple[str, Text]]:
        site = self.admin_site.name
        tools = [(reverse(f"{site}:django_mango_call_now"), _("Now talking"))]
        if self.has_place_call_permission(request):
            tools.append((reverse(f"{site}:django_mango_dial_pad"), _("Dial pad")))
        tools.append((reverse(f"{site}:django_mango_my_telephony"), _("My telephony")))
        return [*super().list_tools(request), *tools]

    # Columns and facts

    @admin.display(description=_("when"), ordering="started_at")
    def when(self, call: Call) -> str:
        return self.known(text.moment(call.started_at))

    @admin.display(description=_("call"), ordering="outcome")
    def what(self, call: Call) -> SafeString:
        return call_text.what(call)

    @admin.display(description=_("call"), ordering="outcome")
    def what_became(self, call: Call) -> SafeString:
        settling = missed.settling_of(call)
        if settling:
            return call_text.what(call) + missed_text.below(settling, self._talk_url(settling))
        return call_text.what(call) + call_text.below_stale(call)

    @admin.display(description=_("client"), ordering="client_number")
    def client(self, call: Call) -> SafeString:
        number = call_back.with_button(call, call_text.client(call))
        return clients.in_list(call, number, self.admin_site)

    @admin.display(description=_("client"))
    def client_detail(self, call: Call) -> SafeString:
        shown, raw = call_text.client(call), call.client_number_raw
        number = f"{shown} ({raw})" if raw and raw != call.client_number.lstrip("+") else shown
        shown_clients = clients.in_detail(call, self.admin_site)
        return format_html("{}{}", shown_clients, call_back.with_button(call, number))

    @admin.display(description=_("confirmed by"))
    def known_from(self, call: Call) -> str:
        return self.known(call_text.known_from(call))

    @admin.display(description=_("employee"), ordering="employee__name")
    def who(self, call: Call) -> str:
        return self.known(call_text.employee(call))

    @admin.display(description=_("line"), ordering="line_number")
    def line(self, call: Call) -> SafeString:
        name: str | None = getattr(call, "line_text", None)
        if name is None:
            name = call_text.line(call, call_text.line_names([call]))
        name = self.known(name)
        return format_html('<span class="mango-line" title="{}">{}</span>', name, name)

    @admin.display(description=_("wait"), ordering="wait_seconds")
    def wait(self, call: Call) -> str:
        return self.known(text.duration(call.wait_seconds))

    @admin.display(description=_("talk"), ordering="talk_seconds")
    def talk(self, call: Call) -> str:
        return self.known(text.duration(call.talk_seconds))

    @admin.display(description=_("started"))
    def started(self, call: Call) -> str:
        return self.known(text.moment(call.started_at, seconds=True))

    @admin.display(description=_("answered"))
    def answered(self, call: Call) -> str:
        return self.known(text.moment(call.answered_at, seconds=True))

    @admin.display(description=_("ended"))
    def ended(self, call: Call) -> str:
        return self.known(text.moment(call.ended_at, seconds=True))

    @admin.display(description=_("end reason"))
    def reason(self, call: Call) -> str:
        return self.known(call_text.end_reason(call.disconnect_reason))

    @admin.display(description=_("closed as stale"))
    def stale(self, call: Call) -> str:
        when = text.moment(call.stale_closed_at, seconds=True)
        return self.known(gettext("%(when)s, without news of its end") % {"when": when})

    @admin.display(description=_("open legs"))
    def open_legs(self, call: Call) -> str:
        return self.known(text.pretty_json(call.legs) if call.legs else "")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets: list[Any] = list(super().get_fieldsets(request, obj))
        if obj is not None and obj.is_missed:
            fieldsets.insert(1, self._missed_fieldset(obj))
        if obj is not None and call_text.is_closed_as_stale(obj):
            head, options = fieldsets[0]
            fieldsets[0] = (head, {**options, "fields": (*options["fields"], "stale")})
        return fieldsets

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Call | None:
        call = super().get_object(request, object_id, from_field)
        if call is not None:
            read_parties([call])
            missed.remember([call], request.user)
            clients.remember([call], request, self.admin_site)
            call_back.remember([call], request, self.admin_site)
        return call

    # Calling from the list and from the page

    def has_place_call_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("django_mango.place_call")

    def has_hang_up_permission(self, request: HttpRequest) -> bool:
        may_end = ("django_mango.hang_up", "django_mango.hang_up_any")
        return any(request.user.has_perm(permission) for permission in may_end)

    @admin.action(description=_("Call back"), permissions=["place_call"])
    def call_back(self, request: HttpRequest, queryset: QuerySet[Call]) -> HttpResponse | None:
        return self._confirm_one(request, queryset, self._call_back_url)

    @admin.action(description=_("Hang up"), permissions=["hang_up"])
    def hang_up(self, request: HttpRequest, queryset: QuerySet[Call]) -> HttpResponse | None:
        return self._confirm_one(request, queryset, self._hang_up_url)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        call = self.get_object(request, unquote(object_id))
        extra = {**(extra_context or {})}
        if call is not None:
            extra["mango_tables"] = tables_of(call, request.user, self.admin_site.name)
            extra["mango_tools"] = self._tools(request, call)
        return super().change_view(request, object_id, form_url, extra)

    def _tools(self, request: HttpRequest, call: Call) -> list[SafeString]:
        back = urlencode({"next": request.get_full_path()})
        tools = []
        if call.client_number and self.has_place_call_permission(request):
            tools.append((f"{self._call_back_url(call)}?{back}", gettext("Call back")))
        settling = missed.settling_of(call)
        if settling and settling.is_open and self.has_close_missed_permission(request):
            tools.append((f"{self._close_url(call)}?{back}", gettext("Close by hand")))
        if self.may_link(request, call):
            tools.append((f"{self._client_url(call)}?{back}", gettext("Whose call is it?")))
        if call.is_live and self.has_hang_up_permission(request):
            tools.append((f"{self._hang_up_url(call)}?{back}", gettext("Hang up")))
        return [format_html('<a href="{}">{}</a>', url, label) for url, label in tools]

    def _confirm_one(
        self, request: HttpRequest, queryset: QuerySet[Call], url: Callable[[Call], str]
    ) -> HttpResponse | None:
        """Lead to the confirmation: an action never sends, the admin holds a transaction here."""
        chosen = list(queryset.prefetch_related(None)[:2])
        if len(chosen) != 1:
            self.message_user(
                request, gettext("Choose exactly one call for this."), messages.WARNING
            )
            return None
        back = urlencode({"next": request.get_full_path()})
        return HttpResponseRedirect(f"{url(chosen[0])}?{back}")

    def _call_back_url(self, call: Call) -> str:
        return place_url(self.admin_site.name, call)

    def _client_url(self, call: Call) -> str:
        return reverse(f"{self.admin_site.name}:django_mango_call_client", args=[quote(call.pk)])

    def _hang_up_url(self, call: Call) -> str:
        return reverse(f"{self.admin_site.name}:django_mango_call_hang_up", args=[quote(call.pk)])
