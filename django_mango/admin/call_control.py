"""``CallControl``: a link that calls beside every number of a host's admin."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import label_for_field
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.forms import BaseForm, Media
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..ui.links import STYLES, put_beside
from .call_links import CallLinks
from .phone_fields import fields_of, fields_of_inline, place_url

if TYPE_CHECKING:
    _Base = admin.ModelAdmin[Any]
else:
    _Base = object

logger = logging.getLogger(__name__)
Column = Callable[[Any], Any]


class CallControl(_Base):
    """Calling from a host's admin: mix it in before ``ModelAdmin`` and name the phone fields.

    Only what is rendered changes: form fields get a link after their widget,
    read-only fields and list columns after their value, the list an action. Forms,
    fieldsets and validation stay the host's; a failure here is logged and the
    host's own page is shown. Numbers of inlines are served by the fields of the
    inline or of its model's own admin.
    """

    #: Names of fields with telephone numbers, each one or several, in any spelling.
    mango_phone_fields: Sequence[str] = ()

    @property
    def media(self) -> Media:
        return super().media + Media(css={"all": [STYLES]})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        with _harmless():
            links = CallLinks(request, self.admin_site)
            if links.allowed:
                self._put_links(context, links)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        changelist = super().get_changelist_instance(request)
        with _harmless():
            links = CallLinks(request, self.admin_site)
            if links.allowed:
                self._put_columns(changelist, links)
        return changelist

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        # Django 6.1 asks for a location; classes between us and Django may not know it yet.
        inherited: Callable[..., dict[str, Any]] = super().get_actions
        in_list = getattr(action_location, "name", "CHANGE_LIST") == "CHANGE_LIST"
        if "action_location" in inspect.signature(inherited).parameters and action_location:
            actions = inherited(request, action_location=action_location)
        else:
            actions = inherited(request) if in_list else {}
        if in_list and self._offers_action(request):
            actions["mango_call"] = self.get_action("mango_call")
        return actions

    @admin.action(description=_("Call"))
    def mango_call(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Lead to the confirmation page: the admin holds a transaction here, so nothing is sent."""
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            text = gettext("Choose exactly one row: calls are placed one at a time.")
            self.message_user(request, text, messages.WARNING)
            return None
        try:
            url = place_url(self.admin_site.name, chosen[0])
        except NoReverseMatch:
            text = gettext("Telephony is not set up on this site.")
            self.message_user(request, text, messages.ERROR)
            return None
        return HttpResponseRedirect(f"{url}?{urlencode({'next': request.get_full_path()})}")

    def _offers_action(self, request: HttpRequest) -> bool:
        return (
            self.actions is not None
            and IS_POPUP_VAR not in request.GET
            and bool(fields_of(self))
            and request.user.has_perm("django_mango.place_call")
        )

    def _put_links(self, context: dict[str, Any], links: CallLinks) -> None:
        form = context["adminform"]
        _wrap_fields(form.form, fields_of(self), links)
        _replace_read_only(form, fields_of(self), links, type(form.form.instance), self)
        for inline in context.get("inline_admin_formsets", ()):
            names = fields_of_inline(self.admin_site, inline.opts)
            if not names:
                continue
            for bound in inline.formset.forms:
                _wrap_fields(bound, names, links, small=True)
            _replace_read_only(inline, names, links, inline.opts.model, inline.opts, small=True)

    def _put_columns(self, changelist: ChangeList, links: CallLinks) -> None:
        names = fields_of(self)
        taken = {*(changelist.list_display_links or ()), *(changelist.list_editable or ())}
        shown = list(changelist.list_display)
        sortable: list[Any] = list(changelist.sortable_by or ())
        for place, name in enumerate(shown):
            if name in names and name not in taken:
                column: Any = _column(str(name), links, self.model, self, small=True)
                column.admin_order_field = name
                sortable += [column] if name in sortable else []
                shown[place] = column
        changelist.sortable_by = sortable
        if names and not set(names) & set(changelist.list_display):
            shown.append(_call_column(names, links))
        changelist.list_display = shown


def _wrap_fields(
    form: BaseForm, names: Iterable[str], links: CallLinks, *, small: bool = False
) -> None:
    """Put a link after each widget; for the stored number, not for what is being typed."""
    instance = getattr(form, "instance", None)
    for name in names:
        if name in form.fields and not form.fields[name].widget.is_hidden:
            link = links.beside(instance, name, form.initial.get(name), small=small)
            if link:
                put_beside(form.fields[name].widget, link)


def _replace_read_only(
    admin_form: Any,
    names: Sequence[str],
    links: CallLinks,
    model: type[Model],
    model_admin: Any,
    *,
    small: bool = False,
) -> None:
    """Put callables in place of phone fields that are shown as text (view-only users)."""
    # An inline nobody may change has all its fields as text.
    all_of_them = not getattr(admin_form, "has_change_permission", True)
    as_text = {
        name: _column(name, links, model, model_admin, small=small)
        for name in names
        if all_of_them or name in admin_form.readonly_fields
    }
    if not as_text:
        return
    admin_form.fieldsets = [
        (title, {**options, "fields": _replaced(options["fields"], as_text)})
        for title, options in admin_form.fieldsets
    ]
    admin_form.readonly_fields = [*admin_form.readonly_fields, *as_text.values()]


def _replaced(fields: Iterable[Any], as_text: dict[str, Column]) -> list[Any]:
    return [
        _replaced(field, as_text) if isinstance(field, (list, tuple)) else as_text.get(field, field)
        for field in fields
    ]


def _column(
    name: str, links: CallLinks, model: type[Model], model_admin: Any, *, small: bool = False
) -> Column:
    """A callable that shows one field as before, with its link: same title, order, CSS class."""

    empty = model_admin.get_empty_value_display()

    def show(obj: Any) -> SafeString | str:
        return links.after_value(obj, name, empty, small=small)

    title = label_for_field(name, model, model_admin)
    show.__name__ = name
    setattr(show, "short_description", title)  # noqa: B010 - functions have no such attribute, says mypy
    return show


def _call_column(names: Sequence[str], links: CallLinks) -> Column:
    """A column of links for lists that show no number."""

    @admin.display(description=_("call"))
    def mango_call_column(obj: Any) -> SafeString | None:
        return next(
            filter(None, (links.beside(obj, name, getattr(obj, name, "")) for name in names)), None
        )

    return mango_call_column


@contextmanager
def _harmless() -> Iterator[None]:
    """A mistake of ours must not take the host's page away."""
    try:
        yield
    except Exception:
        logger.exception("the call control is missing on this page")
