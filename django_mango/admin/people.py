"""Loading the people of a PBX, and saying which user of the CRM each of them is."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from .. import conf
from ..models import Account
from ..protocol.errors import ServiceError
from ..services import UserError, account_for
from ..services.background import later
from ..services.mapping import confirm, mapping_of
from ..services.owning import own_calls
from ..services.staff import sync_staff
from ..ui.staff_text import loaded
from .confirming import ConfirmPages
from .people_text import sections_of
from .tables import Text

log = logging.getLogger(__name__)

RIGHT = "django_mango.manage_settings"
_LONGEST_KEY = 18


class PeoplePages(ConfirmPages):
    """The pages "Load employees" and "Who is who" of the list of employees."""

    def get_urls(self) -> list[URLPattern]:
        name = "django_mango_employee"
        return [
            path("load/", self._committing(self.load_view), name=f"{name}_load"),
            path("who-is-who/", self._asking(self.mapping_view), name=f"{name}_mapping"),
            *super().get_urls(),
        ]

    def list_tools(self, request: HttpRequest) -> list[tuple[str, Text]]:
        if not request.user.has_perm(RIGHT):
            return []
        base = f"{self.admin_site.name}:django_mango_employee"
        return [
            (reverse(f"{base}_load"), _("Load employees")),
            (reverse(f"{base}_mapping"), _("Who is who")),
        ]

    def load_view(self, request: HttpRequest) -> HttpResponse:
        """Ask, then load employees, groups and lines of every account."""
        _require(request)
        aliases = sorted(conf.accounts())
        if request.method == "POST":
            for alias in aliases:
                _load(request, alias)
            return HttpResponseRedirect(
                reverse(f"{self.admin_site.name}:django_mango_employee_mapping")
            )
        refusal = "" if aliases else gettext("No PBX account is configured.")
        context = {
            "title": gettext("Load employees?"),
            "accounts": aliases if len(aliases) > 1 else [],
            "refusal": refusal,
        }
        return self._page(request, "load_staff", self, None, context)

    def mapping_view(self, request: HttpRequest) -> HttpResponse:
        """Show who is who, with suggestions to confirm."""
        _require(request)
        accounts = _accounts()
        if request.method == "POST":
            _confirm(request, accounts)
            return HttpResponseRedirect(request.get_full_path())
        sections = [
            section
            for account in accounts
            for section in sections_of(
                mapping_of(account), self.admin_site, str(account) if len(accounts) > 1 else ""
            )
        ]
        context = {
            "title": gettext("Who is who"),
            "sections": sections,
            "may_save": any(row.options for one in sections for row in one.rows),
            "load_url": reverse(f"{self.admin_site.name}:django_mango_employee_load"),
            "empty": not any(row.employee for one in sections for row in one.rows),
        }
        return self._page(request, "who_is_who", self, None, context)


def _require(request: HttpRequest) -> None:
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied


def _accounts() -> list[Account]:
    """The configured accounts, whose rows appear on first use."""
    return [account_for(alias) for alias in sorted(conf.accounts())]


def _load(request: HttpRequest, alias: str) -> None:
    """Load one account; what is wrong with it is said and harms no other one."""
    try:
        report = sync_staff(alias)
    except (UserError, ServiceError) as error:
        messages.error(
            request,
            gettext("%(account)s: the employees could not be loaded: %(error)s")
            % {"account": alias, "error": error},
        )
        return
    messages.success(request, loaded(report))
    if report.shared:
        messages.warning(
            request,
            gettext("Several employees have these, so they are nobody's: %(values)s.")
            % {"values": ", ".join(report.shared[:10])},
        )
    if report.taken:
        later(own_calls, account=report.account, addresses=sorted(report.taken))


def _confirm(request: HttpRequest, accounts: list[Account]) -> None:
    chosen = {
        int(name.removeprefix("employee-")): str(value)
        for name, value in request.POST.items()
        if name.startswith("employee-") and _is_key(name.removeprefix("employee-")) and value
    }
    user: Any = request.user
    changed = [one for account in accounts for one in confirm(account, chosen)]
    for employee in changed:
        LogEntry.objects.log_actions(
            user_id=user.pk,
            queryset=[employee],
            action_flag=CHANGE,
            change_message=gettext("Joined with the user %(name)s.") % {"name": employee.user},
            single_object=True,
        )
    if not changed:
        messages.warning(request, gettext("Nothing was chosen, nothing was changed."))
        return
    words = ngettext(
        "%(count)d employee was joined with a user.",
        "%(count)d employees were joined with users.",
        len(changed),
    )
    messages.success(request, words % {"count": len(changed)})


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_KEY
