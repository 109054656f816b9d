"""The journal of recordings: which there are, and what became of the others."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..models import Account, Call, CallParty, Recording
from ..ui import text
from . import call_text, clients, recording_text
from .base import JournalAdmin
from .filters import period_of
from .search import search_calls


class CallFilter(admin.SimpleListFilter):
    """Recordings whose call is known, which the index of calls can sort; the others on demand."""

    title = _("call")
    parameter_name = "call"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("unknown", _("not known yet"))]

    def choices(self, changelist: Any) -> Iterator[Any]:
        everything, *others = super().choices(changelist)
        yield {**everything, "display": _("known")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Recording]) -> QuerySet[Recording]:
        if self.value() == "unknown":
            return queryset.filter(call=None)
        if request.GET.get(SEARCH_VAR, "").strip():
            return queryset  # an id finds its recording, call or no call
        return queryset.filter(call__started_at__isnull=False)


class KnownClientsMixin:
    """A list that knows the clients of its calls by a fixed number of queries."""

    result_list: Any
    model_admin: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)  # type: ignore[misc] # a mixin of ChangeList
        self.result_list = recordings = list(self.result_list)
        calls = [one.call for one in recordings if one.call]
        clients.remember(calls, request, self.model_admin.admin_site)


class RecordingAdmin(JournalAdmin):
    """Recordings of the calls one may see, those of the latest calls first."""

    list_display = ("when", "state_text", "client", "call_link", "recorded")
    # Recordings known from statistics alone have no time but that of their call.
    list_filter = (period_of("call__started_at"), "state", CallFilter)
    list_select_related = ("call", "call__employee")
    ordering = ("-call__started_at", "-pk")
    search_fields = ("recording_id", "entry_id")
    search_help_text = _(
        "A client's number in any spelling or his name, an id of a recording or of a call."
    )
    fieldsets = (
        (None, {"fields": ("state_text", "client", "call_link", "recorded")}),
        (_("Times"), {"fields": (("started", "completed"), ("added", "tagged"))}),
        (
            _("Details"),
            {"fields": ("recipient_text", "pbx_user_id", "account", "entry_id", "recording_id")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recording]:
        parties = Prefetch("call__parties", CallParty.objects.select_related("employee"))
        return Recording.objects.visible_to(request.user).prefetch_related(parties)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        base = super().get_changelist(request, **kwargs)
        return type("RecordingChangeList", (KnownClientsMixin, base), {})

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Recording | None:
        recording = super().get_object(request, object_id, from_field)
        if recording is not None and recording.call:
            clients.remember([recording.call], request, self.admin_site)
        return recording

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        # The indexes of both ids begin with the account.
        accounts = list(Account.objects.values_list("pk", flat=True))
        named = queryset.filter(account__in=accounts).filter(
            Q(recording_id=term) | Q(entry_id=term)
        )
        if named.exists():
            return named, False
        visible = Call.objects.visible_to(request.user)
        of_clients = partial(clients.calls_of_named, request, self.admin_site)
        calls = search_calls(visible, term, of_clients)
        return queryset.filter(call__in=calls), False

    @admin.display(description=_("when"), ordering="call__started_at")
    def when(self, recording: Recording) -> str:
        of_call = recording.call.started_at if recording.call else None
        return self.known(text.moment(recording.started_at or of_call))

    @admin.display(description=_("state"), ordering="state")
    def state_text(self, recording: Recording) -> SafeString:
        return format_html(
            '<span class="mango-status mango-status--{}">{}</span>',
            recording.state,
            recording_text.state(recording),
        )

    @admin.display(description=_("client"))
    def client(self, recording: Recording) -> SafeString | str:
        if not recording.call:
            return self.known("")
        return clients.in_list(recording.call, call_text.client(recording.call), self.admin_site)

    @admin.display(description=_("call"))
    def call_link(self, recording: Recording) -> SafeString | str:
        if not recording.call:
            return self.known("")
        url = reverse(
            f"{self.admin_site.name}:django_mango_call_change", args=[quote(recording.call.pk)]
        )
        return format_html('<a href="{}">{}</a>', url, call_text.what(recording.call))

    @admin.display(description=_("whose talk"))
    def recorded(self, recording: Recording) -> str:
        return self.known(recording_text.recorded(recording))

    @admin.display(description=_("topics recognised"))
    def tagged(self, recording: Recording) -> str:
        return self.known(text.moment(recording.tagged_at))

    @admin.display(description=_("started"))
    def started(self, recording: Recording) -> str:
        return self.known(text.moment(recording.started_at, seconds=True))

    @admin.display(description=_("completed"))
    def completed(self, recording: Recording) -> str:
        return self.known(text.moment(recording.completed_at, seconds=True))

    @admin.display(description=_("stored by the service"))
    def added(self, recording: Recording) -> str:
        return self.known(text.moment(recording.added_at, seconds=True))

    @admin.display(description=_("kept at"))
    def recipient_text(self, recording: Recording) -> str:
        return self.known(recording.recipient)
