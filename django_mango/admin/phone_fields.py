"""Which fields of a host's admin hold telephone numbers, and what stands in them."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.utils import label_for_field, lookup_field, quote
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model
from django.urls import reverse
from django.utils.http import urlencode

from ..services.phone_fields import Phone, numbers_in, numbers_of, phone_paths, texts_of, values_of


def fields_of(model_admin: Any) -> tuple[str, ...]:
    """The phone fields of an admin: its own ``mango_phone_fields``, else those of the settings.

    Its own ones may name fields, methods and properties, of the model or of the admin.
    """
    own = _own(model_admin)
    return phone_paths(model_admin.model) if own is None else own


def fields_of_inline(site: AdminSite, inline: Any) -> tuple[str, ...]:
    """The phone fields of an inline: its own, else those of its model's admin on this site."""
    if _own(inline) is not None or phone_paths(inline.model):
        return fields_of(inline)
    try:
        return fields_of(site.get_model_admin(inline.model))
    except NotRegistered:
        return ()


def texts_at(model_admin: Any, obj: Model, name: str) -> tuple[str, ...]:
    """The texts in one phone field of ``obj``, whatever the type of the field."""
    if _own(model_admin) is None and name in phone_paths(type(obj)):
        return next((texts for _name, texts in values_of(obj, name)), ())
    try:
        _field, _attribute, value = lookup_field(name, obj, model_admin)
    except ObjectDoesNotExist:
        return ()
    return tuple(texts_of(value))


def phones_of(model_admin: Any, obj: Model, only: str = "") -> list[Phone]:
    """The numbers of ``obj``, in the order of the fields; ``only`` limits to one field."""
    if _own(model_admin) is None:
        return numbers_of(obj, only)
    found = []
    for name in fields_of(model_admin):
        if only and name != only:
            continue
        label = str(label_for_field(name, type(obj), model_admin))
        found += [
            Phone(name, label, number) for number in numbers_in(texts_at(model_admin, obj, name))
        ]
    return found


def shown_by(entry: Any, names: tuple[str, ...], model_admin: Any) -> str:
    """The phone field that ``entry`` of a list or form shows; empty when it shows none.

    A method that shows a number in its own way is known by the field it sorts by.
    """
    if callable(entry):
        name = f"{getattr(entry, '__module__', '')}.{getattr(entry, '__qualname__', '')}"
        source = entry
    else:
        name = str(entry)
        source = getattr(model_admin, name, None) or getattr(model_admin.model, name, None)
    if name in names:
        return name
    order = getattr(source, "admin_order_field", None)
    order = order.removeprefix("-") if isinstance(order, str) else ""
    return order if order in names else ""


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


def _own(model_admin: Any) -> tuple[str, ...] | None:
    """What an admin or inline declares itself; an empty one says that there are no numbers."""
    declared = getattr(model_admin, "mango_phone_fields", None)
    return None if declared is None else tuple(declared)
