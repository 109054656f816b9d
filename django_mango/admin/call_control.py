"""``CallControl``: a button that calls beside every number of a host's admin."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.forms import BaseForm, Media
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..ui.media import page_media
from ..ui.widgets import put_beside
from .call_columns import put_columns, put_read_only, put_row, read_related
from .call_links import CallLinks
from .client_panel import put_calls
from .harmless import harmless
from .phone_fields import fields_of, fields_of_inline, place_url, texts_at

if TYPE_CHECKING:
    _Base = admin.ModelAdmin[Any]
else:
    _Base = object


class CallControl(_Base):
    """Calling from a host's admin: every admin of a watched site gets it by itself.

    On other sites mix it in before ``ModelAdmin``. Only what is rendered changes: form
    fields get a button after their widget, read-only fields and list columns after their
    value, the list an action. Forms, fieldsets, validation and checks stay the host's; a
    failure here is logged and the host's own page is shown. Numbers of inlines are served
    by the fields of the inline, of its model, or of its model's own admin.
    """

    if TYPE_CHECKING:
        #: Names of fields, methods or properties with telephone numbers, each one or several,
        #: in any spelling. Without it ``MANGO["PHONE_FIELDS"]`` says which. Not set here:
        #: the host's own class may stand behind this one.
        mango_phone_fields: Sequence[str]

    @property
    def media(self) -> Media:
        host = super().media
        ours = Media()
        with harmless():
            ours = page_media(self.admin_site.name)
        return host + ours

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        with harmless():
            links = CallLinks(request, self.admin_site)
            if links.wanted:
                self._put_controls(context, links)
        with harmless():
            put_calls(context["adminform"], request, self)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        changelist = super().get_changelist_instance(request)
        with harmless():
            links, names = CallLinks(request, self.admin_site), fields_of(self)
            if names and links.wanted:
                put_columns(changelist, names, links, self)
        return changelist

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        # Django 6.1 asks for a location; classes between us and Django may not know it yet.
        inherited: Callable[..., dict[str, Any]] = super().get_actions
        in_list = getattr(action_location, "name", "CHANGE_LIST") == "CHANGE_LIST"
        if "action_location" in inspect.signature(inherited).parameters and action_location:
            actions = inherited(request, action_location=action_location)
        else:
            actions = inherited(request) if in_list else {}
        with harmless():
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

    def _put_controls(self, context: dict[str, Any], links: CallLinks) -> None:
        form, names = context["adminform"], fields_of(self)
        if names:
            # Before the widgets: a form that shows no number gets a row of its own.
            put_row(form, names, links, self)
            _wrap_fields(form.form, names, links, self)
            put_read_only(form, names, links, self)
        for inline in context.get("inline_admin_formsets", ()):
            inner = fields_of_inline(self.admin_site, inline.opts)
            if not inner:
                continue
            # A table has no room for words.
            small = isinstance(inline.opts, admin.TabularInline)
            read_related([bound.instance for bound in inline.formset.forms], inner)
            for bound in inline.formset.forms:
                _wrap_fields(bound, inner, links, inline.opts, small=small)
            put_read_only(inline, inner, links, inline.opts, small=small)


def _wrap_fields(
    form: BaseForm, names: Sequence[str], links: CallLinks, model_admin: Any, *, small: bool = False
) -> None:
    """Put controls after each widget; for the stored number, not for what is being typed."""
    instance = getattr(form, "instance", None)
    for name in names:
        if instance is None or name not in form.fields or form.fields[name].widget.is_hidden:
            continue
        value = (
            form.initial[name] if name in form.initial else texts_at(model_admin, instance, name)
        )
        controls = links.beside(instance, name, value, small=small)
        if controls:
            put_beside(form.fields[name].widget, controls)
