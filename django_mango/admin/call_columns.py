"""Columns and read-only fields that show what they showed, with call controls after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import (
    display_for_field,
    display_for_value,
    flatten_fieldsets,
    label_for_field,
    lookup_field,
)
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet, prefetch_related_objects
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..services.phone_fields import paths_of
from .call_links import CallLinks
from .harmless import harmless
from .phone_fields import shown_by, texts_at

Column = Callable[[Any], Any]
#: ``boolean`` is Django's, the others are of unfold's ``display``.
_DRAWN_BY = ("boolean", "header", "label", "dropdown")


def put_columns(
    changelist: ChangeList, names: tuple[str, ...], links: CallLinks, model_admin: Any
) -> None:
    """Let the phone columns of a list have controls; append one column where there are none.

    Titles, order and sorting stay. A column that is a link, or edited, cannot hold a button.
    """
    taken = {*(changelist.list_display_links or ()), *(changelist.list_editable or ())}
    shown: list[Any] = list(changelist.list_display)
    sortable: list[Any] = list(changelist.sortable_by or ())
    has_control = False
    for place, entry in enumerate(shown):
        path = shown_by(entry, names, model_admin)
        if not path or entry in taken or _is_shown_otherwise(entry, model_admin):
            continue
        column: Any = _column(entry, path, links, model_admin, small=True)
        order = changelist.get_ordering_field(entry)
        if order:
            column.admin_order_field = order
        sortable += [column] if entry in sortable else []
        shown[place] = column
        has_control = True
    if not has_control:
        shown.append(_call_column(names, links, model_admin))
    changelist.sortable_by = sortable
    changelist.list_display = shown
    _read_related(changelist, names)


def put_read_only(
    admin_form: Any,
    names: tuple[str, ...],
    links: CallLinks,
    model_admin: Any,
    *,
    small: bool = False,
) -> None:
    """Put callables in place of phone fields that are shown as text (view-only users)."""
    # An inline nobody may change has all its fields as text.
    all_of_them = not getattr(admin_form, "has_change_permission", True)
    replaced: dict[Any, Column] = {}
    for entry in flatten_fieldsets(admin_form.fieldsets):
        path = shown_by(entry, names, model_admin)
        if path and (all_of_them or entry in admin_form.readonly_fields):
            replaced[entry] = _column(entry, path, links, model_admin, small=small)
    if replaced:
        admin_form.fieldsets = [
            (title, {**options, "fields": _replaced(options["fields"], replaced)})
            for title, options in admin_form.fieldsets
        ]
        admin_form.readonly_fields = [*admin_form.readonly_fields, *replaced.values()]


def put_row(admin_form: Any, names: tuple[str, ...], links: CallLinks, model_admin: Any) -> None:
    """Add a row with the controls to a form that shows no phone field at all."""
    entries = flatten_fieldsets(admin_form.fieldsets)
    obj = admin_form.form.instance
    if obj._state.adding or not admin_form.fieldsets:
        return
    if any(shown_by(entry, names, model_admin) for entry in entries):
        return
    if links.all_of(model_admin, obj, names):
        row = _call_column(names, links, model_admin, small=False)
        (title, options), *others = admin_form.fieldsets
        fields = [*options["fields"], row]
        admin_form.fieldsets = [(title, {**options, "fields": fields}), *others]
        admin_form.readonly_fields = [*admin_form.readonly_fields, row]


def read_related(objects: Sequence[Any], names: tuple[str, ...]) -> None:
    """Read what lies on the way to the numbers of all ``objects`` at once."""
    stored = [one for one in objects if not one._state.adding]
    relations = _relations(type(stored[0]), names) if stored else []
    if relations:
        prefetch_related_objects(stored, *relations)


def _read_related(changelist: ChangeList, names: tuple[str, ...]) -> None:
    relations = _relations(changelist.model, names)
    rows = changelist.result_list
    if relations and isinstance(rows, QuerySet):
        changelist.result_list = rows.prefetch_related(*relations)
    elif relations:
        read_related(list(rows), names)


def _relations(model: Any, names: tuple[str, ...]) -> list[str]:
    """The relations that paths like ``contact__phone`` follow."""
    mine = [path for path in paths_of(model) if path.name in names]
    return list(dict.fromkeys(hop.attribute for path in mine for hop in path.hops))


def _replaced(fields: Iterable[Any], by: dict[Any, Column]) -> list[Any]:
    return [
        _replaced(field, by) if isinstance(field, (list, tuple)) else by.get(field, field)
        for field in fields
    ]


def _column(
    entry: Any, path: str, links: CallLinks, model_admin: Any, *, small: bool = False
) -> Column:
    """A callable that shows one entry as before, with its controls: same title and CSS class."""
    title, attribute = label_for_field(entry, model_admin.model, model_admin, return_attr=True)
    empty = getattr(attribute, "empty_value_display", model_admin.get_empty_value_display())

    def show(obj: Any) -> SafeString | str:
        shown = _display(entry, obj, model_admin, empty)
        controls = SafeString("")
        with harmless():
            controls = links.beside(obj, path, texts_at(model_admin, obj, path), small=small)
        return links.after(shown, controls) if controls else shown

    show.__name__ = getattr(entry, "__name__", str(entry))
    setattr(show, "short_description", title)  # noqa: B010 - functions have no such attribute, says mypy
    return show


def _is_shown_otherwise(entry: Any, model_admin: Any) -> bool:
    """Whether a column is no text: an icon, or what a theme draws by attributes of its own."""
    _title, attribute = label_for_field(entry, model_admin.model, model_admin, return_attr=True)
    return any(getattr(attribute, name, None) for name in _DRAWN_BY)


def _display(entry: Any, obj: Any, model_admin: Any, empty: str) -> str:
    """What the admin shows for an entry by itself."""
    try:
        field, _attribute, value = lookup_field(entry, obj, model_admin)
    except ObjectDoesNotExist:
        return empty
    if field is None or field.auto_created:
        return display_for_value(value, empty)
    return display_for_field(value, field, empty)


def _call_column(
    names: tuple[str, ...], links: CallLinks, model_admin: Any, *, small: bool = True
) -> Column:
    """A column of controls where no number is shown."""

    @admin.display(description=_("call"))
    def mango_call_column(obj: Any) -> SafeString | None:
        return links.all_of(model_admin, obj, names, small=small) or None

    return mango_call_column
