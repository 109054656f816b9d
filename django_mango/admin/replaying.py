"""Processing stored notifications again: chosen in the journal, confirmed on a page of its own."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..models import Notification
from ..services import replay
from ..ui import text
from . import notification_text
from .confirming import ConfirmPages
from .tables import Table, table

logger = logging.getLogger(__name__)

#: One request processes no more; ``manage.py mango_replay`` knows no limit.
AT_ONCE = 200
_LONGEST_KEY = 18


class ReplayPages(ConfirmPages):
    """The action, the button and the page "Process again"."""

    def get_urls(self) -> list[URLPattern]:
        again = path(
            "process-again/",
            self._committing(self.replay_view),
            name="django_mango_notification_replay",
        )
        return [again, *super().get_urls()]

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("django_mango.replay_notification")

    @admin.action(description=_("Process again"), permissions=["replay"])
    def process_again(
        self, request: HttpRequest, queryset: QuerySet[Notification]
    ) -> HttpResponse | None:
        """Lead to the confirmation: each row commits by itself, a list may hold a transaction."""
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: AT_ONCE + 1])
        if len(keys) > AT_ONCE:
            words = gettext(
                "Choose at most %(count)d notifications; for more use the command mango_replay."
            )
            self.message_user(request, words % {"count": AT_ONCE}, messages.WARNING)
            return None
        return HttpResponseRedirect(self._replay_url(request, keys))

    def replay_view(self, request: HttpRequest) -> HttpResponse:
        """Confirm and process the notifications ``ids`` names."""
        if not (self.has_replay_permission(request) and self.has_view_permission(request)):
            raise PermissionDenied
        rows = self.get_queryset(request).filter(pk__in=_keys(request.GET.get("ids", "")))
        if request.method == "POST":
            self._process(request, rows)
            return self._back(request, self, None)
        shown = _chosen(rows)
        count = len(shown.rows)
        context = {
            "title": gettext("Process again?"),
            "table": shown,
            "count": count,
            "refusal": "" if count else gettext("There is nothing left to process."),
        }
        return self._page(request, "replay", self, None, context)

    def _process(self, request: HttpRequest, rows: QuerySet[Notification]) -> None:
        """Each row on its own, in the order they came: a bad one stops none of the others."""
        user: Any = request.user
        done: list[Notification] = []
        failed = 0
        for one in rows.select_related("account").order_by("pk"):
            if _replayed(one):
                done.append(one)
            else:
                failed += 1
        if done:
            LogEntry.objects.log_actions(
                user_id=user.pk,
                queryset=done,
                action_flag=CHANGE,
                change_message=gettext("Processed again."),
            )
            words = ngettext(
                "%(count)d notification was processed.",
                "%(count)d notifications were processed.",
                len(done),
            )
            messages.success(request, words % {"count": len(done)})
        if failed:
            words = ngettext(
                "%(count)d notification still fails; its page says why.",
                "%(count)d notifications still fail; their pages say why.",
                failed,
            )
            messages.warning(request, words % {"count": failed})
        if not (done or failed):
            messages.warning(request, gettext("There is nothing left to process."))

    def _replay_tool(self, request: HttpRequest, one: Notification) -> SafeString:
        return format_html(
            '<a href="{}">{}</a>', self._replay_url(request, [one.pk]), gettext("Process again")
        )

    def _replay_url(self, request: HttpRequest, keys: Sequence[int]) -> str:
        url = reverse(f"{self.admin_site.name}:django_mango_notification_replay")
        query = {"ids": ",".join(map(str, keys)), "next": request.get_full_path()}
        return f"{url}?{urlencode(query)}"


def _keys(ids: str) -> list[int]:
    """The numbers in ``1,2,3``; whatever is none is left out, as is what is too many."""
    parts = ids.split(",")[:AT_ONCE]
    return [int(one) for one in parts if _is_key(one)]


def _is_key(one: str) -> bool:
    return one.isascii() and one.isdigit() and len(one) <= _LONGEST_KEY


def _replayed(one: Notification) -> bool:
    try:
        return replay(one)
    except DatabaseError:  # deleted meanwhile, for example
        logger.exception("notification %s could not be processed again", one.pk)
        return False


def _chosen(rows: QuerySet[Any]) -> Table:
    return table(
        _("Notifications"),
        [_("Received"), _("What"), _("Verdict")],
        (
            (
                text.moment(one.received_at, seconds=True),
                notification_text.what_and_kind(one),
                notification_text.verdict(one),
            )
            for one in notification_text.for_list(rows).order_by("pk")
        ),
    )
