"""The clients of calls on the pages of the admin: who may see them, links, search by name."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.contrib.admin.utils import quote
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from .. import conf
from ..models import Call
from ..services.contacts import Client, calls_with, clients_of, may_view
from ..services.phone_fields import phone_models

logger = logging.getLogger(__name__)

#: So many clients of one call are named in a list.
_NAMED = 3
#: So many objects that fit a name are looked through.
_MOST_FOUND = 200


def remember(calls: Iterable[Call], request: HttpRequest, site: AdminSite) -> None:
    """Put their clients on these calls, by a fixed number of queries.

    A mistake in the host's hook, query set or ``__str__`` leaves the page with numbers alone.
    """
    several = list(calls)
    try:
        found = clients_of(
            several, request.user, objects_of=lambda model: visible(request, site, model)
        )
        shown = {
            key: tuple(one for one in clients if _may_see(request, site, one.obj))
            for key, clients in found.items()
        }
    except Exception:
        logger.exception("the clients of calls are missing on this page")
        shown = {}
    for call in several:
        setattr(call, "clients", shown.get(call.pk, ()))  # noqa: B010 - no field of the model


def remembered(call: Call) -> Sequence[Client]:
    """What ``remember`` put there."""
    found: Sequence[Client] = getattr(call, "clients", ())
    return found


def visible(request: HttpRequest, site: AdminSite, model: type[Model]) -> QuerySet[Any] | None:
    """The objects of a model that this user sees on this site, ``None`` for none.

    The host's own admin decides: its permission and the rows of its query set. Models that
    have no admin here go by Django's permissions.
    """
    if not site.is_registered(model):
        return model._default_manager.all() if may_view(request.user, model) else None
    model_admin = site.get_model_admin(model)
    if not model_admin.has_view_permission(request):
        return None
    objects = model_admin.get_queryset(request).order_by()
    related = model_admin.get_list_select_related(request)
    if isinstance(related, (list, tuple)) and related:
        objects = objects.select_related(*related)  # what its list names, a name may need
    return objects


def _narrowed(request: HttpRequest, objects: QuerySet[Any]) -> QuerySet[Any]:
    """Those of them that ``MANGO["VISIBLE_CLIENTS"]`` leaves, as ``clients_of`` does for pages.

    A hook that fails shows nobody: what cannot be known is not shown.
    """
    narrow = conf.visible_clients_hook()
    if narrow is None:
        return objects
    try:
        found: QuerySet[Any] = narrow(request.user, objects)
    except Exception:
        logger.exception(
            "MANGO['VISIBLE_CLIENTS'] failed: user %s finds no client", request.user.pk
        )
        return objects.none()
    return found


def _may_see(request: HttpRequest, site: AdminSite, obj: Model) -> bool:
    if not site.is_registered(type(obj)):
        return True
    return bool(site.get_model_admin(type(obj)).has_view_permission(request, obj))


def link(client: Client, site: AdminSite) -> SafeString:
    """The client's name, a link where he has a page."""
    url = _page(client.obj, site)
    hints = [gettext("ext. %(number)s") % {"number": client.extension}] if client.extension else []
    hints += [] if client.is_current else [gettext("a former number")]
    name = format_html('<a href="{}">{}</a>', url, client.name) if url else client.name
    if not hints:
        return format_html('<span class="mango-client">{}</span>', name)
    return format_html(
        '<span class="mango-client">{} <span class="mango-note">{}</span></span>',
        name,
        ", ".join(hints),
    )


def in_list(call: Call, number: str, site: AdminSite) -> SafeString:
    """A cell of a list: the clients, the number below; without a client the number alone."""
    # A number never breaks in the middle, names of colleagues may.
    form = '<span class="mango-number">{}</span>' if call.client_number else "{}"
    clients = remembered(call)
    if not clients:
        return format_html(form, number)
    names = format_html_join(", ", "{}", ((link(one, site),) for one in clients[:_NAMED]))
    if len(clients) > _NAMED:
        names = format_html("{} +{}", names, len(clients) - _NAMED)
    return format_html('{}<span class="mango-under mango-number">{}</span>', names, number)


def in_detail(call: Call, site: AdminSite) -> SafeString:
    """All clients, a line each: who it is, and in which field the number stands."""
    lines = (
        (link(one, site), ", ".join(filter(None, (one.kind, one.label))))
        for one in remembered(call)
    )
    return format_html_join(
        "", '<span class="mango-owner">{} <span class="mango-note">({})</span></span>', lines
    )


def calls_of_named(request: HttpRequest, site: AdminSite, name: str) -> Q | None:
    """A condition for the calls of clients whose name fits, as the host's own search finds them.

    ``None`` where nobody fits. Only clients this user may view are looked for.
    """
    found = named(request, site, name, _MOST_FOUND)
    return calls_with(found) if found else None


def named(request: HttpRequest, site: AdminSite, name: str, most: int) -> list[Model]:
    """Clients whose name fits, at most so many of a kind, as the host's own admin finds them."""
    found: list[Model] = []
    for model in phone_models():
        objects = visible(request, site, model)
        if objects is None or not site.is_registered(model):
            continue
        model_admin = site.get_model_admin(model)
        if not model_admin.get_search_fields(request):
            continue
        objects = _narrowed(request, objects)
        matching, may_repeat = model_admin.get_search_results(request, objects, name)
        matching = matching.order_by("pk")
        found += (matching.distinct() if may_repeat else matching)[:most]
    return [obj for obj in found if _may_see(request, site, obj)]


def chosen(request: HttpRequest, site: AdminSite, value: str) -> Model | None:
    """The client an address or a form names (``crm.contact:5``), if this user may see him."""
    label, _colon, key = value.partition(":")
    try:
        objects = visible(request, site, apps.get_model(label)) if label and key else None
        shown = None if objects is None else _narrowed(request, objects)
        found: Model | None = None if shown is None else shown.filter(pk=key).first()
    except (LookupError, ValueError, ValidationError):
        return None
    return found if found is not None and _may_see(request, site, found) else None


def _page(obj: Model, site: AdminSite) -> str:
    opts = obj._meta
    try:
        name = f"{site.name}:{opts.app_label}_{opts.model_name}_change"
        return reverse(name, args=[quote(obj.pk)])
    except NoReverseMatch:
        own = getattr(obj, "get_absolute_url", None)
        return str(own()) if callable(own) else ""
