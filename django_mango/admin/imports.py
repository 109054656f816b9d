"""The journal of statistics imports."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import StatsImport
from ..services import coverage, import_progress
from ..ui import text
from .completeness import CompletenessPages
from .filters import period_of
from .freshness import FreshList
from .tables import Table, table


class StatsImportAdmin(CompletenessPages, FreshList):
    """Requested windows, newest request first."""

    list_display = (
        "requested",
        "period",
        "kind",
        "state_text",
        "rows",
        "new",
        "changed",
        "unchanged",
        "bad_text",
        "account",
    )
    list_filter = (period_of("started_at"), "state", "kind", "account")
    list_select_related = ("account",)
    fieldsets = (
        (None, {"fields": ("period", "kind", "state_text", "place", "account")}),
        (_("Rows"), {"fields": (("rows", "new", "changed", "unchanged", "bad_text"),)}),
        (
            _("Times"),
            {"fields": (("requested_exact", "ready", "finished"), ("complete", "attempts"))},
        ),
        (_("Details"), {"fields": ("error", "request_key", "file_name")}),
    )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        window = self.get_object(request, unquote(object_id))
        extra = {**(extra_context or {})}
        if window is not None and window.bad_rows:
            extra["mango_tables"] = [_bad_rows(window)]
        return super().change_view(request, object_id, form_url, extra)

    @admin.display(description=_("requested"), ordering="started_at")
    def requested(self, window: StatsImport) -> str:
        return text.moment(window.started_at)

    @admin.display(description=_("period"), ordering="since")
    def period(self, window: StatsImport) -> SafeString:
        form = '<span class="mango-number">{} –</span> <span class="mango-number">{}</span>'
        return format_html(form, text.moment(window.since), text.moment(window.until))

    @admin.display(description=_("state"), ordering="state")
    def state_text(self, window: StatsImport) -> SafeString:
        state, words = window.state, window.get_state_display()
        if state in coverage.RUNNING and not coverage.is_importing(window.account):
            # Its process is dead; the next import will say so in the row itself.
            state, words = window.State.FAILED, str(StatsImport.Problem.INTERRUPTED.label)
        form = '<span class="mango-status mango-status--{}">{}</span>{}'
        return format_html(form, state, words, self._below(window, state))

    def _below(self, window: StatsImport, state: str) -> SafeString | str:
        """Why it failed, or how far it is."""
        if window.why:
            return format_html('<span class="mango-under">{}</span>', window.why)
        share = import_progress.share_of(window) if state in coverage.RUNNING else None
        if share is None:
            return ""
        form = '<progress class="mango-progress mango-under" max="100" value="{0}">{0} %</progress>'
        return format_html(form, round(100 * share))

    @admin.display(description=_("run"))
    def place(self, window: StatsImport) -> str:
        """Which window of its run it is."""
        if window.run_started_at is None:
            return self.get_empty_value_display()
        return gettext("Window %(position)d of %(windows)d, run of %(moment)s") % {
            "position": window.run_position,
            "windows": window.run_windows,
            "moment": text.moment(window.run_started_at, seconds=True),
        }

    @admin.display(description=_("bad"), ordering="bad")
    def bad_text(self, window: StatsImport) -> SafeString | int:
        if not window.bad:
            return window.bad
        return format_html('<span class="mango-status mango-status--failed">{}</span>', window.bad)

    @admin.display(description=_("started"))
    def requested_exact(self, window: StatsImport) -> str:
        return text.moment(window.started_at, seconds=True)

    @admin.display(description=_("reported ready at"))
    def ready(self, window: StatsImport) -> str:
        return self.known(text.moment(window.ready_at, seconds=True))

    @admin.display(description=_("finished"))
    def finished(self, window: StatsImport) -> str:
        return self.known(text.moment(window.finished_at, seconds=True))

    @admin.display(description=_("complete up to"))
    def complete(self, window: StatsImport) -> str:
        return self.known(text.moment(window.complete_until, seconds=True))


def _bad_rows(window: StatsImport) -> Table:
    rows = [row for row in window.bad_rows if isinstance(row, dict)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    titles = {"line": _("Line number"), "reason": _("What is wrong"), "text": _("Row")}
    return table(
        _("First bad rows"),
        [titles.get(name, name) for name in names],
        ([_cell(name, row.get(name, "")) for name in names] for row in rows),
    )


def _cell(name: str, value: object) -> object:
    return text.bad_row(value) if name == "reason" else value
