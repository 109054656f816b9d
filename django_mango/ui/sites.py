"""Where things of ours and of the host are shown, for pages that belong to no admin site.

A page of an admin names its site; links then stay on it and show what its admins show to
this user. Elsewhere an object's own address comes first, then the first configured site.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from .. import conf
from ..models import Call
from ..services.contacts import Client, may_view


class Place:
    """One request's view of the host: its addresses and its objects."""

    def __init__(self, request: HttpRequest, site_name: str = "") -> None:
        self._request = request
        self._user: Any = request.user
        self._sites = [site for site in _sites() if site.has_permission(request)]
        named = [site for site in self._sites if site.name == site_name]
        self._named = named[0] if named else None

    @property
    def site(self) -> Any:
        """The admin site links lead to, ``None`` for who may not enter any."""
        return self._named or (self._sites[0] if self._sites else None)

    def page(self, name: str, *args: object) -> str:
        """A page of ours by the name after the site's, empty where the user has none."""
        return _reversed(f"{self.site.name}:{name}", *args) if self.site else ""

    def call(self, call: Call) -> str:
        """The page of a call."""
        return self.page("django_mango_call_change", call.pk)

    def obj(self, obj: Model) -> str:
        """The page of an object of the host, empty where it has none for this user."""
        own = getattr(obj, "get_absolute_url", None)
        if self._named is None and callable(own):
            return str(own())
        if self._admin_of(type(obj)) is None:
            return str(own()) if callable(own) else ""
        opts = obj._meta
        return self.page(f"{opts.app_label}_{opts.model_name}_change", obj.pk)

    def objects_of(self, model: type[Model]) -> QuerySet[Any] | None:
        """The objects of a model this page shows to its user, ``None`` for none at all.

        Their admin decides on pages of no site too: whoever asks names the site himself.
        """
        model_admin = self._admin_of(model)
        if model_admin is not None:
            if not model_admin.has_view_or_change_permission(self._request):
                return None
            shown: QuerySet[Any] = model_admin.get_queryset(self._request)
            return shown
        return model._default_manager.all() if may_view(self._user, model) else None

    def seen(self, clients: Iterable[Client]) -> tuple[Client, ...]:
        """Those of the clients whose own admin shows them to this user, object by object."""
        return tuple(one for one in clients if self._may_see(one.obj))

    def _may_see(self, obj: Model) -> bool:
        model_admin = self._admin_of(type(obj))
        return model_admin is None or bool(
            model_admin.has_view_or_change_permission(self._request, obj)
        )

    def add_page(self, model: type[Model]) -> str:
        """The form that adds an object of this model, empty for who may not."""
        model_admin = self._admin_of(model)
        if model_admin is None or not model_admin.has_add_permission(self._request):
            return ""
        opts = model._meta
        return self.page(f"{opts.app_label}_{opts.model_name}_add")

    def _admin_of(self, model: type[Model]) -> Any:
        return self.site._registry.get(model) if self.site else None


def _sites() -> list[Any]:
    """The configured admin sites that exist; a system check names the others."""
    paths = conf.get("ADMIN_SITES", object)
    if not apps.is_installed("django.contrib.admin") or not isinstance(paths, (list, tuple)):
        return []
    found = []
    for path in paths:
        try:
            found.append(import_string(path))
        except ImportError:
            continue
    return found


def _reversed(name: str, *args: object) -> str:
    try:
        return reverse(name, args=[str(one) for one in args])
    except NoReverseMatch:
        return ""
