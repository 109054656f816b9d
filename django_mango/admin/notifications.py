"""The webhook inbox: what the PBX told us and what we made of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..models import Account, Notification
from ..ui import text
from . import notification_text
from .base import JournalAdmin
from .filters import VerdictFilter, period_of
from .replaying import ReplayPages


class KindFilter(admin.SimpleListFilter):
    """Kinds by name: reading the distinct ones would scan the table."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("events/call", _("call event")),
            ("events/summary", _("summary of a call")),
            ("events/recording", _("recording")),
            ("events/dtmf", _("keys pressed")),
            ("events/sms", _("delivery of an SMS")),
            ("events/", _("other events")),
            ("result/", _("results of commands")),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Notification]
    ) -> QuerySet[Notification]:
        chosen = self.value() or ""
        if chosen == "events/":
            known = [key for key, _name in self.lookup_choices if key != chosen]
            return queryset.filter(kind__startswith=chosen).exclude(kind__in=known)
        if chosen == "result/":
            return queryset.filter(kind__startswith=chosen)
        return queryset.filter(kind=chosen) if chosen else queryset


class NotificationAdmin(ReplayPages, JournalAdmin):
    """Notifications, newest first. Their text is shown, never trusted."""

    list_display = ("received", "what_and_kind", "verdict", "entry", "leg_or_command", "copies")
    list_filter = (period_of("received_at"), KindFilter, VerdictFilter)
    search_fields = ("entry_id", "call_id", "command_id")
    actions = ("process_again",)
    search_help_text = _("An id of a conversation, of a leg or of a command.")
    fieldsets = (
        (None, {"fields": ("what", "verdict", "received_exact", "processed_exact", "error")}),
        (_("Ids"), {"fields": ("entry", "call_id", "command_id", "seq")}),
        (_("As it came"), {"fields": ("account", "kind", "path", "copies", "json_text")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        return Notification.objects.all()

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        changelist.result_list = notification_text.for_list(changelist.result_list)
        return changelist

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        # The index of conversations begins with the account.
        accounts = list(Account.objects.values_list("pk", flat=True))
        of_call = queryset.filter(account__in=accounts, entry_id=term)
        if of_call.exists():
            return of_call, False
        return queryset.filter(Q(call_id=term) | Q(command_id=term)), False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        one = self.get_object(request, unquote(object_id))
        extra = {**(extra_context or {})}
        if one is not None and self.has_replay_permission(request):
            extra["mango_tools"] = [self._replay_tool(request, one)]
        return super().change_view(request, object_id, form_url, extra)

    @admin.display(description=_("received"), ordering="received_at")
    def received(self, one: Notification) -> str:
        return text.moment(one.received_at, seconds=True)

    @admin.display(description=_("what"))
    def what(self, one: Notification) -> str:
        return notification_text.what(one)

    @admin.display(description=_("what"), ordering="kind")
    def what_and_kind(self, one: Notification) -> SafeString:
        return notification_text.what_and_kind(one)

    @admin.display(description=_("verdict"))
    def verdict(self, one: Notification) -> SafeString:
        return notification_text.verdict(one)

    @admin.display(description=_("conversation id"), ordering="entry_id")
    def entry(self, one: Notification) -> SafeString | str:
        if not one.entry_id:
            return self.known("")
        url = reverse(f"{self.admin_site.name}:django_mango_call_changelist")
        return format_html(
            '<a class="mango-id" href="{}?{}" title="{}">{}</a>',
            url,
            urlencode({"q": one.entry_id}),
            one.entry_id,
            one.entry_id,
        )

    @admin.display(description=_("leg or command"))
    def leg_or_command(self, one: Notification) -> SafeString:
        named = one.call_id or one.command_id
        return format_html('<span class="mango-id" title="{}">{}</span>', named, named)

    @admin.display(description=_("received at"))
    def received_exact(self, one: Notification) -> str:
        return text.moment(one.received_at, seconds=True)

    @admin.display(description=_("processed at"))
    def processed_exact(self, one: Notification) -> str:
        return self.known(text.moment(one.processed_at, seconds=True))

    @admin.display(description=_("text"))
    def json_text(self, one: Notification) -> SafeString:
        return text.pretty_json(one.json)
