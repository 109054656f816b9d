"""Call controls of one page of the admin: beside widgets, after values, in lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import HttpRequest
from django.template.defaultfilters import linebreaksbr
from django.urls import NoReverseMatch
from django.utils.html import conditional_escape, format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from ..services.phone_fields import numbers_in, texts_of
from ..ui.controls import controls_of
from ..ui.widgets import beside
from .harmless import harmless
from .phone_fields import place_url, texts_at

#: Longer values hold several numbers or words; they may break where they like.
_ONE_NUMBER = 20


class CallLinks:
    """What stands beside the numbers of one page, for the user who looks at it."""

    def __init__(self, request: HttpRequest, site: AdminSite) -> None:
        self._controls = controls_of(request)
        self._site = site.name
        self._back = request.get_full_path()

    @property
    def wanted(self) -> bool:
        """Whether anything is shown at all."""
        return self._controls.wanted

    def beside(
        self, obj: Model | None, field: str, value: object, *, small: bool = False
    ) -> SafeString:
        """The controls for ``value``, stored in ``field``; empty where there is no number."""
        texts = tuple(texts_of(value))
        # An object being added may have a key already, but no page.
        if obj is None or obj.pk is None or obj._state.adding or not any(texts):
            return SafeString("")
        try:
            url = place_url(self._site, obj, field)
        except NoReverseMatch:  # this site does not have our pages
            return SafeString("")
        return self._controls.of_several(
            numbers_in(texts),
            ", ".join(texts),
            target=obj,
            href=f"{url}&{urlencode({'next': self._back})}",
            in_admin=True,
            small=small,
        )

    def all_of(
        self, model_admin: Any, obj: Model, names: Sequence[str], *, small: bool = False
    ) -> SafeString:
        """The controls of several fields, one after the other."""
        found = SafeString("")
        for name in names:
            with harmless():  # the others may be well
                found += self.beside(obj, name, texts_at(model_admin, obj, name), small=small)
        return format_html('<span class="mango-beside">{}</span>', found) if found else found

    def after(self, shown: object, controls: SafeString) -> SafeString:
        """A value as it is shown without us, with its controls."""
        text = str(shown)
        unbroken = "mango-number" if len(text) <= _ONE_NUMBER else ""
        words = linebreaksbr(text) if "\n" in text else conditional_escape(text)
        return beside(format_html('<span class="{}">{}</span>', unbroken, words), controls)
