"""Calls of a client on his own page in the host's admin, and the list of all of them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IS_POPUP_VAR
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import Call
from ..services.contacts import calls_with
from ..ui.client_calls import calls_panel
from .clients import chosen


def put_calls(admin_form: Any, request: HttpRequest, model_admin: Any) -> None:
    """Add a fieldset with the latest calls to the form of a configured model.

    ``mango_calls_panel = False`` of the admin leaves it out, a list of names of relations adds
    the calls of related objects. Only the rendered form changes.
    """
    obj, wanted = admin_form.form.instance, getattr(model_admin, "mango_calls_panel", True)
    if wanted is False or obj.pk is None or IS_POPUP_VAR in request.GET:
        return
    also = wanted if isinstance(wanted, (list, tuple)) else ()
    panel = calls_panel(request, obj, also=also, site=model_admin.admin_site.name)
    if panel is None:
        return

    @admin.display(description=_("latest"))
    def mango_calls(_obj: Any) -> SafeString:
        return panel.html

    options: dict[str, Any] = {
        "fields": [mango_calls],
        # A missed call nobody returned is not folded away.
        "classes": () if panel.has_open_missed else ("collapse",),
    }
    admin_form.fieldsets = [*admin_form.fieldsets, (panel.title, options)]
    admin_form.readonly_fields = [*admin_form.readonly_fields, mango_calls]


class ClientFilter(admin.SimpleListFilter):
    """Calls of one client; it shows only while one is chosen, by a link from his page."""

    title = _("client")
    parameter_name = "client"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        value = request.GET.get(self.parameter_name, "")
        self._client = chosen(request, model_admin.admin_site, value)
        # Whom this user may not see has no calls either: the list is empty, not unfiltered.
        return [(value, str(self._client or gettext("unknown")))] if value else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        if not self.value():
            return queryset
        condition = calls_with([self._client]) if self._client is not None else None
        return queryset.none() if condition is None else queryset.filter(condition)
