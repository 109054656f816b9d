"""The journal of what we asked the PBX to do."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..models import Command
from ..services.calling import outcome_level, outcome_text
from ..services.phone_fields import numbers_in
from ..ui import text
from . import call_text
from .base import JournalAdmin
from .filters import period_of


class CommandAdmin(JournalAdmin):
    """Commands one placed oneself, or all for who may view the calls of all."""

    list_display = ("when", "kind", "status_text", "number_text", "user", "call_link")
    list_filter = (period_of("created_at"), "kind", "status")
    list_select_related = ("user", "call")
    search_fields = ("number", "command_id")
    search_help_text = _("A number in any spelling, or an id of a command.")
    fieldsets = (
        (None, {"fields": ("kind", "status_text", "outcome", "number_text", "target_text")}),
        (_("Who"), {"fields": (("user", "employee", "account"),)}),
        (_("Times"), {"fields": (("created", "sent"), ("answered", "settled"))}),
        (
            _("Details"),
            {
                "fields": (
                    "call_link",
                    "code",
                    "error",
                    "http_status",
                    "command_id",
                    "request_id",
                    "payload_text",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Command]:
        return Command.objects.visible_to(request.user)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        dialled = [form for found in numbers_in(term) for form in (found.e164, found.digits)]
        return queryset.filter(Q(number__in=[term, *dialled]) | Q(command_id=term)), False

    @admin.display(description=_("when"), ordering="created_at")
    def when(self, command: Command) -> str:
        return self.known(text.moment(command.created_at))

    @admin.display(description=_("status"), ordering="status")
    def status_text(self, command: Command) -> SafeString:
        words = command.get_status_display()
        reason = command.meaning if command.status in _FAILURES else ""
        return format_html(
            '<span class="mango-status mango-status--{}">{}{}{}</span>',
            command.status,
            words,
            ": " if reason else "",
            reason,
        )

    @admin.display(description=_("number"), ordering="number")
    def number_text(self, command: Command) -> SafeString:
        number = text.phone(command.number) if command.number else ""
        return format_html('<span class="mango-number">{}</span>', self.known(number))

    @admin.display(description=_("what came of it"))
    def outcome(self, command: Command) -> str:
        # Of a command that did what it should there is nothing to add to its status.
        level = outcome_level(command)
        return self.known("" if level == "success" else outcome_text(command))

    @admin.display(description=_("result code"))
    def code(self, command: Command) -> str:
        code = command.result_code
        return self.known("" if code is None else f"{code}: {command.meaning}")

    @admin.display(description=_("call"))
    def call_link(self, command: Command) -> SafeString | str:
        if command.call is None:
            return self.known("")
        url = reverse(
            f"{self.admin_site.name}:django_mango_call_change", args=[quote(command.call.pk)]
        )
        return format_html('<a href="{}">{}</a>', url, call_text.what(command.call))

    @admin.display(description=_("called for"))
    def target_text(self, command: Command) -> SafeString | str:
        """The host's object by kind and id: its name is for who may view it, on its own page."""
        kind = command.target_type
        if kind is None:
            return self.known("")
        words = f"{kind.name} {command.target_id}"
        try:
            url = reverse(
                f"{self.admin_site.name}:{kind.app_label}_{kind.model}_change",
                args=[quote(command.target_id)],
            )
        except NoReverseMatch:
            return words
        return format_html('<a href="{}">{}</a>', url, words)

    @admin.display(description=_("payload"))
    def payload_text(self, command: Command) -> SafeString:
        return text.pretty_json(command.payload)

    @admin.display(description=_("created at"))
    def created(self, command: Command) -> str:
        return self.known(text.moment(command.created_at, seconds=True))

    @admin.display(description=_("sent at"))
    def sent(self, command: Command) -> str:
        return self.known(text.moment(command.sent_at, seconds=True))

    @admin.display(description=_("answered at"))
    def answered(self, command: Command) -> str:
        return self.known(text.moment(command.answered_at, seconds=True))

    @admin.display(description=_("outcome known at"))
    def settled(self, command: Command) -> str:
        return self.known(text.moment(command.settled_at, seconds=True))


_FAILURES = frozenset({Command.Status.REFUSED, Command.Status.FAILED})
