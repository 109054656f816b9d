"""Pages that place and end calls: GET shows what would happen, POST does it once."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db import router, transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from .. import _compat
from ..models import Account, Call, Command
from ..services import calling
from ..services.errors import UserError
from . import call_text
from .offers import Offer, offers_of

if TYPE_CHECKING:
    _Base = admin.ModelAdmin[Any]
else:
    _Base = object

_LEVELS = {
    "success": messages.SUCCESS,
    "warning": messages.WARNING,
    "error": messages.ERROR,
}


class CallPages(_Base):
    """The confirmation pages of one admin site, mounted under the admin of calls."""

    def get_urls(self) -> list[URLPattern]:
        place = "place/<str:app_label>/<str:model_name>/<path:object_id>/"
        return [
            path(place, self._sending(self.place_view), name="django_mango_call_place"),
            path(
                "<path:object_id>/hang-up/",
                self._sending(self.hang_up_view),
                name="django_mango_call_hang_up",
            ),
            *super().get_urls(),
        ]

    def _sending(self, view: Any) -> Any:
        """A view that sends: no transaction of the request around it (ATOMIC_REQUESTS)."""
        wrapped = self.admin_site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(view))
        return transaction.non_atomic_requests(using=router.db_for_write(Command))(wrapped)

    def place_view(
        self, request: HttpRequest, app_label: str, model_name: str, object_id: str
    ) -> HttpResponse:
        """Confirm and place a call to one of the object's own numbers."""
        if not request.user.has_perm("django_mango.place_call"):
            raise PermissionDenied
        model_admin = self._model_admin(app_label, model_name)
        obj = _shown_object(model_admin, request, object_id)
        if request.method == "POST":
            return self._place(request, model_admin, obj)
        return self._place_page(request, model_admin, obj)

    def hang_up_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Confirm and end a call."""
        may_end = ("django_mango.hang_up", "django_mango.hang_up_any")
        if not any(request.user.has_perm(permission) for permission in may_end):
            raise PermissionDenied
        call: Call = _shown_object(self, request, object_id)
        if request.method == "POST":
            return self._hang_up(request, call)
        context = {
            "title": gettext("Hang up?"),
            "call_text": call_text.client(call),
            "call_what": call_text.what(call),
            "call_who": call_text.employee(call),
            "refusal": _hang_up_refusal(request.user, call),
        }
        return self._page(request, "hang_up", self, call, context)

    def _place(self, request: HttpRequest, model_admin: Any, obj: Model) -> HttpResponse:
        choice = request.POST.get("choice", "")
        offers = offers_of(request.user, model_admin, obj, _account_of(obj))
        offer = next((one for one in offers if one.phone.key == choice), None)
        if offer is None:
            text = gettext("The number has changed meanwhile. Look again and choose.")
            messages.warning(request, text)
            return self._place_page(request, model_admin, obj)
        # A page may be sent twice, its numbers are calls of their own.
        token = f"{_token(request)}-{offer.phone.number.digits}"
        asked_at = timezone.now()
        try:
            command = calling.place_call(
                request.user,
                offer.phone.number.e164,
                target=obj,
                account=_account_of(obj),
                token=token,
            )
        except UserError as refusal:
            messages.error(request, str(refusal))
        else:
            self._tell(request, command)
            if command.created_at >= asked_at:  # not the one that runs already
                text = gettext("Call placed to %(number)s.") % {"number": offer.number_text}
                model_admin.log_change(request, obj, text)
        return self._back(request, model_admin, obj)

    def _hang_up(self, request: HttpRequest, call: Call) -> HttpResponse:
        asked_at = timezone.now()
        try:
            command = calling.hang_up(request.user, call, token=_token(request))
        except UserError as refusal:
            messages.error(request, str(refusal))
        else:
            self._tell(request, command)
            if command.created_at >= asked_at:
                self.log_change(request, call, gettext("Asked to end the call."))
        return self._back(request, self, call)

    def _tell(self, request: HttpRequest, command: Command) -> None:
        level = _LEVELS[calling.outcome_level(command)]
        messages.add_message(request, level, calling.outcome_text(command))

    def _place_page(self, request: HttpRequest, model_admin: Any, obj: Model) -> HttpResponse:
        field = request.GET.get("field", "")
        offers = offers_of(request.user, model_admin, obj, _account_of(obj), field)
        plan = next((offer.plan for offer in offers if offer.plan), None)
        context = {
            "title": gettext("Call %(who)s?") % {"who": _name(obj)},
            "offers": offers,
            "plan": plan,
            "colleagues": _colleagues(offers),
            "refusal": _common_refusal(offers),
        }
        return self._page(request, "place_call", model_admin, obj, context)

    def _page(
        self,
        request: HttpRequest,
        name: str,
        model_admin: Any,
        obj: Model,
        context: dict[str, Any],
    ) -> HttpResponse:
        request.current_app = self.admin_site.name
        everything = {
            **self.admin_site.each_context(request),
            "opts": model_admin.opts,
            "object": obj,
            "object_text": _name(obj),
            "media": self.media,
            "token": secrets.token_urlsafe(16),
            "next": self._next(request, model_admin, obj),
            "breadcrumbs_are_list": _compat.BREADCRUMBS_ARE_LIST,
            **context,
        }
        return TemplateResponse(request, f"django_mango/admin/{name}.html", everything)

    def _back(self, request: HttpRequest, model_admin: Any, obj: Model) -> HttpResponse:
        return HttpResponseRedirect(self._next(request, model_admin, obj))

    def _next(self, request: HttpRequest, model_admin: Any, obj: Model) -> str:
        """Where the user came from if it is this site, else the page of the object."""
        wanted = request.POST.get("next") or request.GET.get("next") or ""
        if url_has_allowed_host_and_scheme(
            wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            return wanted
        opts = model_admin.opts
        name = f"{self.admin_site.name}:{opts.app_label}_{opts.model_name}_change"
        try:
            return reverse(name, args=[quote(obj.pk)])
        except NoReverseMatch:
            return reverse(f"{self.admin_site.name}:index")

    def _model_admin(self, app_label: str, model_name: str) -> Any:
        try:
            return self.admin_site.get_model_admin(apps.get_model(app_label, model_name))
        except (LookupError, NotRegistered) as error:
            raise Http404 from error


def _shown_object(model_admin: Any, request: HttpRequest, object_id: str) -> Any:
    """The object, as far as the admin of its own model shows it to this user."""
    obj = model_admin.get_object(request, unquote(object_id))
    if obj is None:
        raise Http404
    if not model_admin.has_view_or_change_permission(request, obj):
        raise PermissionDenied
    return obj


def _hang_up_refusal(user: Any, call: Call) -> str:
    if not call.is_live:
        return gettext("This call is over already.")
    if not calling.may_hang_up(user, call):
        return gettext("There is nothing you could hang up in this call now.")
    return ""


def _name(obj: Model) -> str:
    return call_text.client(obj) if isinstance(obj, Call) else str(obj)


def _account_of(obj: Model) -> Account | None:
    return obj.account if isinstance(obj, Call) else None


def _token(request: HttpRequest) -> str:
    return request.POST.get("token", "")[:64] or secrets.token_urlsafe(16)


def _colleagues(offers: list[Offer]) -> list[str]:
    """Who of us is in a call with one of these numbers now."""
    calls = [call for offer in offers if offer.plan for call in offer.plan.colleague_calls]
    return list(dict.fromkeys(call_text.employee(call) or gettext("A colleague") for call in calls))


def _common_refusal(offers: list[Offer]) -> str:
    """The reason all numbers share; shown once, above them."""
    if not offers:
        return gettext("There is no number here that one could call.")
    reasons = {offer.refusal for offer in offers}
    return reasons.pop() if len(reasons) == 1 else ""
