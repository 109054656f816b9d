"""What the strip and the cards of incoming calls show, as values for their script.

Every word comes from here, in the language of the page: the script holds none.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import conf
from ..models import Call, CallParty, Command, Line
from ..services.calling import outcome_text
from ..services.contacts import Client, clients_of
from ..services.live import Live, Ringing, Running, Step
from ..services.notes import PERMISSION as MAY_NOTE
from ..services.notes import version_of
from . import text
from .saving import savings_of
from .sites import Place

logger = logging.getLogger(__name__)

_STEPS = {
    Step.CALLING_YOU: gettext_lazy("calling you"),
    Step.CALLING_THEM: gettext_lazy("calling the client"),
    Step.TALKING: gettext_lazy("talking"),
    Step.ON_HOLD: gettext_lazy("on hold"),
    Step.UNKNOWN: gettext_lazy("the answer of the PBX was lost"),
    Step.FAILED: gettext_lazy("not placed"),
}
_NOTE_SHOWN = 200


def live_json(live: Live, user: Any, place: Place) -> dict[str, Any]:
    """Everything at one moment, for the script."""
    return _Painter(live, user, place).everything()


def words() -> dict[str, str]:
    """The labels of the script."""
    return {
        "telephony": _("Telephony"),
        "incoming": _("Incoming call"),
        "hang_up": _("Hang up"),
        "hanging_up": _("Ending…"),
        "note": _("Note"),
        "note_of": _("Note on the call"),
        "save": _("Save"),
        "saved": _("Saved"),
        "close": _("Close"),
        "hide": _("Hide"),
        "show": _("Show"),
        "open": _("Open card"),
        "call": _("Call log entry"),
        "line": _("Line"),
        "last": _("Last call"),
        "ended": _("The call has ended."),
        "missed": _("Missed calls"),
        "seen": _("Seen"),
        "call_back": _("Call"),
        "settings": _("My telephony"),
        "pad": _("Dial pad"),
        "lost": _("No answer came. Try again."),
        "theirs": _("Meanwhile somebody else wrote a note. Both are below: look and save again."),
        "leave": _("The note is not saved yet."),
    }


class _Painter:
    """The calls of one answer, with what all of them need read once."""

    def __init__(self, live: Live, user: Any, place: Place) -> None:
        self._live = live
        self._user = user
        self._place = place
        self._may_note = bool(live.calls) and user.has_perm(MAY_NOTE)
        self._lines = _line_names(live.calls)
        asked = [_as_call(one.command) for one in live.running if one.command and not one.call]
        self._clients = _clients([*live.calls, *asked], user, place)

    def everything(self) -> dict[str, Any]:
        return {
            "mode": self._live.telephones.notifications,
            "me": _name_of(self._user),
            "running": [self._running(one) for one in self._live.running],
            "ringing": [self._ringing(one) for one in self._live.ringing],
            "missed": [self._missed(call) for call in self._live.missed],
            "links": {
                "settings": self._place.page("django_mango_my_telephony"),
                "pad": self._place.page("django_mango_dial_pad"),
            },
            "words": words(),
        }

    def _running(self, one: Running) -> dict[str, Any]:
        call, command = one.call, one.command
        if call is None and command is not None:
            pending = _as_call(command)
            card = self._common(pending) | {"id": f"command-{command.pk}", "url": ""}
        elif call is not None:
            card = self._common(call) | {"id": f"call-{call.pk}", "note": self._note(call)}
        else:
            raise ValueError("neither a call nor a command")
        card |= {
            "step": one.step,
            "words": self._step(one),
            "hint": _hint(one),
            "since": one.since.timestamp(),
        }
        if one.may_hang_up and call is not None:
            card["hang_up"] = reverse("django_mango:hang_up", args=[call.pk])
        return card

    def _ringing(self, one: Ringing) -> dict[str, Any]:
        call = one.call
        card = self._common(call) | {"id": f"call-{call.pk}", "note": self._note(call)}
        card["words"] = _("rings your phone %(extension)s") % {"extension": one.extension}
        card["since"] = _since(call)
        card["last"] = _last(one.last)
        card["facts"] = self._facts(call)
        is_unknown = bool(call.client_number) and not self._clients.get(call.pk)
        savings = savings_of(call.client_number, self._place) if is_unknown else []
        card["create"] = [{"name": one.title, "url": one.url} for one in savings]
        return card

    def _missed(self, call: Call) -> dict[str, Any]:
        card = self._common(call) | {"id": f"call-{call.pk}", "at": _since(call)}
        card["when"] = text.moment(call.started_at)
        may_call = bool(call.client_number) and self._user.has_perm("django_mango.place_call")
        card["dial"] = call.client_number if may_call else ""
        return card

    def _common(self, call: Call) -> dict[str, Any]:
        """What cards of all kinds show of a call, saved or still to come."""
        clients = self._clients.get(call.pk, ())
        number = _number(call)
        names = [one.name for one in clients]
        return {
            "direction": capfirst(call.get_direction_display()),
            "who": ", ".join(names) or self._colleague(call) or number,
            "number": number if names else "",
            "clients": [_client(one, self._place) for one in clients],
            "line": self._lines.get((call.account_id, call.line_number))
            or _phone(call.line_number),
            "url": self._place.call(call) if call.pk > 0 else "",
        }

    def _step(self, one: Running) -> str:
        is_internal = one.call is not None and one.call.direction == Call.Direction.INTERNAL
        if is_internal and one.step == Step.CALLING_THEM:
            return _("calling the colleague")
        return str(_STEPS[one.step])

    def _colleague(self, call: Call) -> str:
        """Who else of us is in an internal call; empty for calls with clients."""
        if call.direction != Call.Direction.INTERNAL or call.pk < 0:
            return ""
        mine = self._live.telephones.employees
        return ", ".join(
            _party(party) for party in call.parties.all() if party.employee_id not in mine
        )

    def _note(self, call: Call) -> dict[str, str] | None:
        if not self._may_note:
            return None
        work = getattr(call, "work", None)
        written = work.note if work else ""
        return {
            "url": reverse("django_mango:note", args=[call.pk]),
            "text": written,
            "version": version_of(written),
        }

    def _facts(self, call: Call) -> list[list[str]]:
        """Lines of the host's own; its mistakes do not take the card away."""
        clients = [one.obj for one in self._clients.get(call.pk, ())]
        try:
            hook = conf.card_hook()
            lines: Iterable[tuple[str, str]] = hook(self._user, call, clients) if hook else ()
            return [[str(title), str(value)] for title, value in lines]
        except Exception:
            logger.exception("MANGO['CARD_OF'] failed for call %s", call.pk)
            return []


def _clients(calls: list[Call], user: Any, place: Place) -> dict[int, tuple[Client, ...]]:
    """The clients this page may name. Mistakes of the host's own code leave the numbers alone."""
    if not calls:
        return {}
    try:
        found = clients_of(calls, user, objects_of=place.objects_of)
        return {pk: place.seen(clients) for pk, clients in found.items()}
    except Exception:
        logger.exception("the clients of calls are missing in the strip")
        return {}


def _name_of(user: Any) -> str:
    """Tells one user of a browser from the next, and nothing else about him."""
    made = salted_hmac("django_mango.strip", str(user.pk), algorithm="sha256")
    return made.hexdigest()[:16]


def _as_call(command: Command) -> Call:
    """A call that has not begun yet, as if it had; its key is nobody's."""
    return Call(
        pk=-command.pk,
        account=command.account,
        direction=Call.Direction.OUTGOING,
        client_number=command.number if command.number.startswith("+") else "",
        client_number_raw=command.number,
    )


def _hint(one: Running) -> str:
    """What the person is to do, or why nothing happens."""
    if one.step == Step.CALLING_YOU:
        extension = _own_extension(one)
        if not extension:
            return _("Take your phone, then the client will be called.")
        return _("Take your phone %(extension)s, then the client will be called.") % {
            "extension": extension
        }
    if one.step in (Step.FAILED, Step.UNKNOWN) and one.command is not None:
        return outcome_text(one.command)
    return ""


def _own_extension(one: Running) -> str:
    if one.command is not None:
        return str(one.command.payload.get("from", {}).get("extension", ""))
    return one.call.extension if one.call else ""


def _client(client: Client, place: Place) -> dict[str, str]:
    return {"name": client.name, "kind": client.kind, "url": place.obj(client.obj)}


def _last(call: Call | None) -> dict[str, str] | None:
    if call is None:
        return None
    what = call.get_outcome_display() or call.get_state_display()
    who = str(call.employee) if call.employee else ""
    parts = [text.moment(call.started_at), call.get_direction_display(), what, who]
    work = getattr(call, "work", None)
    note = Truncator(work.note).chars(_NOTE_SHOWN) if work else ""
    return {"words": ", ".join(filter(None, parts)), "note": note}


def _number(call: Call) -> str:
    """The client's number for people."""
    shown = call.client_number or call.client_number_raw
    if shown:
        return text.phone(shown)
    return "" if call.direction == Call.Direction.INTERNAL else _("number withheld")


def _party(party: CallParty) -> str:
    name = str(party.employee) if party.employee else ""
    return " ".join(filter(None, (name, party.extension or party.number)))


def _phone(number: str) -> str:
    return text.phone(number) if number else ""


def _since(call: Call) -> float:
    """When the call began, in Unix seconds; 0 when unknown."""
    return call.started_at.timestamp() if call.started_at else 0.0


def _line_names(calls: Iterable[Call]) -> dict[tuple[int, str], str]:
    """Names of the lines of these calls, in one query."""
    wanted = {(call.account_id, call.line_number) for call in calls if call.line_number}
    if not wanted:
        return {}
    rows = Line.objects.filter(number__in={number for _account, number in wanted})
    return {(row.account_id, row.number): row.name for row in rows if row.name}
