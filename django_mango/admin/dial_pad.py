"""The dial pad: calling a number that belongs to nobody yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from ..protocol import numbers
from ..services import calling
from ..services.contacts import Client, clients_of_numbers
from ..services.errors import ColleagueBusy, DestinationRefused, UserError
from ..services.recent_numbers import RecentNumber, recent_numbers
from ..services.refusals import note_refusal
from ..ui import text
from ..ui.controls import controls_of
from ..ui.saving import Saving, savings_of
from ..ui.sites import Place
from . import call_text
from .confirming import ConfirmPages

_LONGEST = 64
_KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "+", "0", "\N{ERASE TO THE LEFT}")


@dataclass(frozen=True, slots=True)
class Row:
    """One recent number as the page shows it."""

    number: str
    when: str
    what: SafeString | str
    clients: list[tuple[str, str]]
    savings: list[Saving]
    control: SafeString


class DialPad(ConfirmPages):
    """The dial pad of one admin site, mounted under the admin of calls."""

    def get_urls(self) -> list[URLPattern]:
        view = self._committing(self.dial_pad_view)
        return [path("pad/", view, name="django_mango_dial_pad"), *super().get_urls()]

    def dial_pad_view(self, request: HttpRequest) -> HttpResponse:
        """GET: the pad with recent numbers. POST: ask, and with ``place`` call."""
        if not request.user.has_perm("django_mango.place_call"):
            raise PermissionDenied
        if request.method != "POST":
            return self._pad_page(request, request.GET.get("number", "")[:_LONGEST])
        number = request.POST.get("number", "")[:_LONGEST]
        if "place" in request.POST:
            return self._place_number(request, number)
        return self._ask(request, number)

    def _pad_page(self, request: HttpRequest, number: str, refusal: str = "") -> HttpResponse:
        context = {
            "title": gettext("Dial pad"),
            "number": number,
            "refusal": refusal,
            "keys": _KEYS,
            "rows": self._rows(request),
        }
        return self._page(request, "dial_pad", self, None, context)

    def _ask(self, request: HttpRequest, number: str) -> HttpResponse:
        """What would happen: whose telephone rings, who is in a call with this client."""
        try:
            plan = calling.plan_call(request.user, number)
        except UserError as refusal:
            if isinstance(refusal, DestinationRefused):  # he asked for the call, as by the script
                note_refusal(refusal, request.user, number)
            return self._pad_page(request, number, str(refusal))
        shown = numbers.for_people(plan.number.e164) if plan.number.e164 else plan.to_number
        context = {
            "title": gettext("Call %(who)s?") % {"who": shown},
            "plan": plan,
            "number": number,
            "number_text": shown,
            "question": plan.question,
            "next": self._pad_url(),
        }
        return self._page(request, "dial_pad_ask", self, None, context)

    def _place_number(self, request: HttpRequest, number: str) -> HttpResponse:
        token = f"{request.POST.get('token', '')[:_LONGEST]}-{number}"
        try:
            command = calling.place_call(
                request.user, number, token=token, mind_colleagues="asked" not in request.POST
            )
        except ColleagueBusy:  # since the page was shown: it asks now
            return self._ask(request, number)
        except UserError as refusal:
            return self._pad_page(request, number, str(refusal))
        level = getattr(messages, calling.outcome_level(command).upper())
        messages.add_message(request, level, calling.outcome_text(command))
        return HttpResponseRedirect(self._pad_url())

    def _rows(self, request: HttpRequest) -> list[Row]:
        recent = recent_numbers(request.user)
        place = Place(request, self.admin_site.name)
        wanted = {one.number for one in recent}
        clients = clients_of_numbers(wanted, request.user, objects_of=place.objects_of)
        return [self._row(request, one, place.seen(clients[one.number]), place) for one in recent]

    def _row(
        self, request: HttpRequest, one: RecentNumber, clients: tuple[Client, ...], place: Place
    ) -> Row:
        what: Any = one.command.get_status_display() if one.command else ""
        if one.call is not None:
            what = call_text.what(one.call)
        return Row(
            number=numbers.for_people(one.number),
            when=text.moment(one.at),
            what=what,
            clients=[(client.name, place.obj(client.obj)) for client in clients],
            savings=[] if clients else savings_of(one.number, place),
            control=controls_of(request).of(
                numbers.from_service(one.number),
                href=f"{self._pad_url()}?{urlencode({'number': one.number})}",
                small=True,
            ),
        )

    def _pad_url(self) -> str:
        return reverse(f"{self.admin_site.name}:django_mango_dial_pad")
