"""Which fields of a host's admin hold telephone numbers, and what stands in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.utils import label_for_field, quote
from django.db.models import Model
from django.urls import reverse
from django.utils.http import urlencode

from ..services.phone_fields import Phone, numbers_in


def fields_of(model_admin: Any) -> Sequence[str]:
    """The fields declared as ``mango_phone_fields`` of an admin or inline, none by default."""
    return tuple(getattr(model_admin, "mango_phone_fields", ()))


def fields_of_inline(site: AdminSite, inline: Any) -> Sequence[str]:
    """The phone fields of an inline: its own, else those of its model's admin on this site."""
    own = fields_of(inline)
    if own:
        return own
    try:
        return fields_of(site.get_model_admin(inline.model))
    except NotRegistered:
        return ()


def phones_of(model_admin: Any, obj: Model, only: str = "") -> list[Phone]:
    """The numbers of ``obj``, in the order of the declared fields; ``only`` limits to one field."""
    found = []
    for name in fields_of(model_admin):
        if only and name != only:
            continue
        label = str(label_for_field(name, type(obj), model_admin))
        found += [Phone(name, label, number) for number in numbers_in(getattr(obj, name, ""))]
    return found


def place_url(site: str, obj: Model, field: str = "") -> str:
    """The page that confirms a call to ``obj`` on the admin site named ``site``.

    The address names the object and the field, never a number: the page reads
    the number itself. Raises ``NoReverseMatch`` where our pages are not mounted.
    """
    opts = obj._meta
    url = reverse(
        f"{site}:django_mango_call_place",
        args=[opts.app_label, opts.model_name, quote(obj.pk)],
    )
    return f"{url}?{urlencode({'field': field})}" if field else url
