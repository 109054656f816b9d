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
from ..services.staleness import Glance, glance, import_staleness, staleness_text
from ..ui import text
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
        if self.model is not StatsImport:
            return _at_a_glance(refresh, page if may_look else "")
        accounts = list(Account.objects.filter(alias__in=conf.accounts()).order_by("alias"))
        runs = [running_import(one) for one in accounts]
        words = [_words(*one) for one in zip(accounts, runs, strict=True)]
        return Freshness(
            lines=_lines(accounts, words),
            refresh_url=refresh if may_load else "",
            page_url="",  # above the list of imports a link of its own leads there
            is_running=bool(accounts) and all(runs),
        )


def _at_a_glance(refresh_url: str, page_url: str) -> Freshness:
    """Above other lists: one query, so that they stay as cheap as they are."""
    found = glance(conf.accounts().keys())
    return Freshness(
        lines=_lines([one.account for one in found], [_glance_words(one) for one in found]),
        refresh_url=refresh_url,
        page_url=page_url,
        is_running=bool(found) and all(one.is_importing for one in found),
    )


def _lines(accounts: list[Account], words: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """A line for each account, named where there are several, and whether it is an alarm."""
    if len(accounts) < 2:
        return words
    return [(f"{one}: {line}", alarm) for one, (line, alarm) in zip(accounts, words, strict=True)]


def _glance_words(one: Glance) -> tuple[str, bool]:
    if one.is_importing:
        return gettext("Statistics are being loaded."), False
    if one.loaded_until is None:
        return gettext("Statistics have never been loaded yet."), False
    words = gettext("Statistics are loaded until %(moment)s")
    return words % {"moment": text.moment(one.loaded_until)}, one.is_stale


def _words(account: Account, run: RunningImport | None) -> tuple[str, bool]:
    if run is not None:
        return gettext("Statistics are being loaded."), False
    if alarm := staleness_text(import_staleness(account)):
        return alarm, True
    newest = coverage.newest_loaded(account)
    if newest is None:
        return gettext("Statistics have never been loaded yet."), False
    return loaded_words(newest, coverage.complete_until(account)), False
