"""Pages that place and end calls: GET shows what would happen, POST does it once."""

from __future__ import annotations

import secrets
from typing import Any

from django.apps import apps
from django.contrib import messages
from django.contrib.admin.exceptions import NotRegistered
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext

from ..models import Account, Call, Command
from ..services import calling
from ..services.callers import telephones
from ..services.errors import ColleagueBusy, UserError
from . import call_text
from .confirming import ConfirmPages, name_of, shown_object
from .offers import Offer, chosen_employee, may_choose, offers_of

_LEVELS = {
    "success": messages.SUCCESS,
    "warning": messages.WARNING,
    "error": messages.ERROR,
}


class CallPages(ConfirmPages):
    """The confirmation pages of one admin site, mounted under the admin of calls."""

    def get_urls(self) -> list[URLPattern]:
        place = "place/<str:app_label>/<str:model_name>/<path:object_id>/"
        return [
            path(place, self._committing(self.place_view), name="django_mango_call_place"),
            path(
                "<path:object_id>/hang-up/",
                self._committing(self.hang_up_view),
                name="django_mango_call_hang_up",
            ),
            *super().get_urls(),
        ]

    def place_view(
        self, request: HttpRequest, app_label: str, model_name: str, object_id: str
    ) -> HttpResponse:
        """Confirm and place a call to one of the object's own numbers."""
        if not request.user.has_perm("django_mango.place_call"):
            raise PermissionDenied
        model_admin = self._model_admin(app_label, model_name)
        obj = shown_object(model_admin, request, object_id)
        if request.method == "POST":
            return self._place(request, model_admin, obj)
        return self._place_page(request, model_admin, obj)

    def hang_up_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Confirm and end a call."""
        may_end = ("django_mango.hang_up", "django_mango.hang_up_any")
        if not any(request.user.has_perm(permission) for permission in may_end):
            raise PermissionDenied
        call: Call = shown_object(self, request, object_id)
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
        employee = chosen_employee(request, _account_of(obj))
        offers = offers_of(request.user, model_admin, obj, _account_of(obj), employee=employee)
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
                employee=employee,
                token=token,
                mind_colleagues=choice not in request.POST.getlist("asked"),
            )
        except ColleagueBusy:  # since the page was shown: it asks now
            return self._place_page(request, model_admin, obj, offer.phone.path)
        except UserError as refusal:
            messages.error(request, str(refusal))
        else:
            self._tell(request, command)
            if command.created_at >= asked_at:  # not the one that runs already
                model_admin.log_change(request, obj, calling.history_text(command))
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

    def _place_page(
        self, request: HttpRequest, model_admin: Any, obj: Model, field: str = ""
    ) -> HttpResponse:
        field = field or request.GET.get("field", "")
        account = _account_of(obj)
        employee = chosen_employee(request, account)
        offers = offers_of(request.user, model_admin, obj, account, field, employee)
        plan = next((offer.plan for offer in offers if offer.plan), None)
        context = {
            "title": gettext("Call %(who)s?") % {"who": name_of(obj)},
            "offers": offers,
            "plan": plan,
            "is_own": plan is not None and plan.employee.user_id == request.user.pk,
            "employee": employee,
            "telephones": telephones(account) if offers and may_choose(request.user) else (),
            "field": field,
            "refusal": _common_refusal(offers),
        }
        return self._page(request, "place_call", model_admin, obj, context)

    def _model_admin(self, app_label: str, model_name: str) -> Any:
        try:
            return self.admin_site.get_model_admin(apps.get_model(app_label, model_name))
        except (LookupError, NotRegistered) as error:
            raise Http404 from error


def _hang_up_refusal(user: Any, call: Call) -> str:
    if not call.is_live:
        return gettext("This call is over already.")
    if not calling.may_hang_up(user, call):
        return gettext("There is nothing you could hang up in this call now.")
    return ""


def _account_of(obj: Model) -> Account | None:
    return obj.account if isinstance(obj, Call) else None


def _token(request: HttpRequest) -> str:
    return request.POST.get("token", "")[:64] or secrets.token_urlsafe(16)


def _common_refusal(offers: list[Offer]) -> str:
    """The reason all numbers share; shown once, above them."""
    if not offers:
        return gettext("There is no number here that one could call.")
    reasons = {offer.refusal for offer in offers}
    return reasons.pop() if len(reasons) == 1 else ""
