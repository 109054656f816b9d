"""How fresh a list is: up to when statistics are loaded, and a button that loads the newest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.admin.exceptions import NotRegistered
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext

from .. import conf
from ..models import Account, StatsImport
from ..services import coverage
from ..services.import_progress import RunningImport, running_import
from ..services.staleness import import_staleness, staleness_text
from .base import JournalAdmin
from .completeness_text import loaded_words


@dataclass(frozen=True, slots=True)
class Freshness:
    """What stands above a list, one line for each account."""

    lines: list[tuple[str, bool]]
    refresh_url: str
    page_url: str
    is_running: bool


class FreshList(JournalAdmin):
    """A list of what imports bring, or of the imports themselves."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {**(extra_context or {})}
        if request.method == "GET":
            context["mango_fresh"] = self._freshness(request)
        return super().changelist_view(request, context)

    def _freshness(self, request: HttpRequest) -> Freshness | None:
        """For those who may load or look at imports, where a site has their pages."""
        may_load = request.user.has_perm("django_mango.run_import")
        name = f"{self.admin_site.name}:django_mango_statsimport"
        try:
            imports = self.admin_site.get_model_admin(StatsImport)
            refresh, page = reverse(f"{name}_refresh"), reverse(f"{name}_completeness")
        except (NotRegistered, NoReverseMatch):  # the host has an admin of his own for them
            return None
        may_look = imports.has_view_permission(request)
        # Other lists stay as cheap as they are for those who could only read it.
        if not (may_load or (may_look and self.model is StatsImport)):
            return None
        accounts = list(Account.objects.filter(alias__in=conf.accounts()).order_by("alias"))
        runs = [running_import(one) for one in accounts]
        return Freshness(
            lines=[_line(*one, len(accounts) > 1) for one in zip(accounts, runs, strict=True)],
            refresh_url=refresh if may_load else "",
            # Above the list of imports a link of its own leads there.
            page_url=page if may_look and self.model is not StatsImport else "",
            is_running=bool(accounts) and all(runs),
        )


def _line(account: Account, run: RunningImport | None, is_one_of_many: bool) -> tuple[str, bool]:
    """The line of an account, and whether it is an alarm."""
    words, is_alarm = _words(account, run)
    return (f"{account}: {words}" if is_one_of_many else words), is_alarm


def _words(account: Account, run: RunningImport | None) -> tuple[str, bool]:
    if run is not None:
        return gettext("Statistics are being loaded."), False
    if alarm := staleness_text(import_staleness(account)):
        return alarm, True
    newest = coverage.newest_loaded(account)
    if newest is None:
        return gettext("Statistics have never been loaded yet."), False
    return loaded_words(newest, coverage.complete_until(account)), False
