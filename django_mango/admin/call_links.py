"""Links that call, for one request: whose phone rings is asked once, not per number."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from ..protocol import numbers
from ..services.directory import employee_of
from ..services.errors import UserError
from ..services.phone_fields import numbers_in
from ..ui.links import call_link
from .phone_fields import place_url

#: Longer values hold several numbers or words; they may break where they like.
_ONE_NUMBER = 20


class CallLinks:
    """What stands beside the numbers of one page, for the user who looks at it."""

    def __init__(self, request: HttpRequest, site: AdminSite) -> None:
        self._user: Any = request.user
        self._site = site.name
        self._back = request.get_full_path()

    @cached_property
    def allowed(self) -> bool:
        """Without the right to place calls nothing is shown."""
        return bool(self._user.has_perm("django_mango.place_call"))

    def beside(
        self, obj: Model | None, field: str, value: object, *, small: bool = False
    ) -> SafeString:
        """The link for ``value``, stored in ``field``; empty without a number or a right."""
        found = numbers_in(value) if self.allowed and obj else ()
        if not obj or not obj.pk or not found:
            return SafeString("")
        try:
            url = place_url(self._site, obj, field)
        except NoReverseMatch:  # this site does not have our pages
            return SafeString("")
        shown = ", ".join(numbers.for_people(number.e164) for number in found)
        return call_link(
            f"{url}&{urlencode({'next': self._back})}",
            shown,
            self._hint(shown),
            muted=not self._extension,
            small=small,
        )

    def after_value(
        self, obj: Model, field: str, empty: str, *, small: bool = False
    ) -> SafeString | str:
        """The value as plain text with its link, ``empty`` when there is none."""
        value = getattr(obj, field, "")
        if value is None or not str(value):
            return empty
        link = self.beside(obj, field, value, small=small)
        unbroken = "mango-number" if len(str(value)) <= _ONE_NUMBER else ""
        return format_html(
            '<span class="mango-beside"><span class="{}">{}</span>{}</span>', unbroken, value, link
        )

    def _hint(self, shown: str) -> str:
        if not self._extension:
            return gettext("%(number)s: you have no extension in the PBX") % {"number": shown}
        return gettext("%(number)s, your phone %(extension)s rings first") % {
            "number": shown,
            "extension": self._extension,
        }

    @cached_property
    def _extension(self) -> str:
        try:
            employee = employee_of(self._user)
        except UserError:
            return ""
        return employee.extension_at() if employee else ""
