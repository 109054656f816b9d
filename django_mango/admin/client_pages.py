"""The page "Whose call is it?": a number nobody has, or that somebody has besides."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext

from .. import conf
from ..models import Call
from ..models.contact_number import BY_HAND
from ..services.contacts import Client
from ..services.errors import UserError
from ..services.linking import PERMISSION, link_number, unlink_number
from ..services.phone_settings import owner_model
from . import call_text, clients
from .confirming import ConfirmPages, shown_object

#: So many objects of each kind are offered; a longer name finds fewer.
_OFFERED = 20


class ClientPages(ConfirmPages):
    """Says by hand whose number it is, and takes that back."""

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<path:object_id>/client/",
            self._asking(self.client_view),
            name="django_mango_call_client",
        )
        return [page, *super().get_urls()]

    def may_link(self, request: HttpRequest, call: Call) -> bool:
        """Whether the page is offered: the right, a number, and our own index of numbers."""
        return bool(
            call.client_number
            and call.direction != Call.Direction.INTERNAL
            and request.user.has_perm(PERMISSION)
            and conf.clients_hook() is None
        )

    def client_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Search a client by name, choose him; or take back what somebody said by hand."""
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        call: Call = shown_object(self, request, object_id)
        refusal = "" if self.may_link(request, call) else gettext("This call has no number.")
        if request.method == "POST" and not refusal:
            self._say(request, call)
            return self._back(request, self, call)
        name = request.GET.get("q", "").strip()
        found = clients.named(request, self.admin_site, name, _OFFERED) if name else []
        known = {one.obj for one in clients.remembered(call)}
        context = {
            "title": gettext("Whose call is it?"),
            "call_text": call_text.client(call),
            "refusal": refusal,
            "query": name,
            "offers": [(_value(obj), _words(obj)) for obj in found if obj not in known],
            "links": [
                (_value(one.obj), one.name) for one in clients.remembered(call) if _by_hand(one)
            ],
        }
        return self._page(request, "whose_call", self, call, context)

    def _say(self, request: HttpRequest, call: Call) -> None:
        chosen, linked = request.POST.get("client", ""), request.POST.get("unlink", "")
        obj = clients.chosen(request, self.admin_site, linked or chosen)
        if obj is None:
            messages.warning(request, gettext("Nobody was chosen."))
            return
        words = {"number": call_text.client(call), "client": obj}
        try:
            if linked:
                if not unlink_number(request.user, call.client_number, obj):
                    words_of_fields = gettext("The number stands in the client's own fields.")
                    messages.warning(request, words_of_fields)
                    return
                done = gettext("%(number)s does not belong to %(client)s any more.") % words
            else:
                link_number(request.user, call.client_number, obj)
                done = gettext("%(number)s belongs to %(client)s now.") % words
        except UserError as refusal:
            messages.error(request, str(refusal))
            return
        messages.success(request, done)
        self.log_change(request, call, done)


def _by_hand(client: Client) -> bool:
    return client.path == BY_HAND


def _value(obj: Model) -> str:
    owner = owner_model(type(obj)) or type(obj)
    return f"{owner._meta.label_lower}:{getattr(obj, owner._meta.pk.attname)}"


def _words(obj: Model) -> str:
    return f"{obj} ({obj._meta.verbose_name})"
