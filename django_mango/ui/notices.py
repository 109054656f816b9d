"""What a notification says, in a line for people: its own words, never its markup."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from ..protocol import codes, notifications
from ..protocol.errors import ReadError
from ..protocol.recordings import TOO_SHORT
from . import text

#: What a kind is about, where its text cannot tell.
_KINDS = {
    "events/call": _("call event"),
    "events/summary": _("summary of a call"),
    "events/recording": _("recording"),
    "events/record/added": _("recording stored by the service"),
    "events/record/tagged": _("topics of a recording recognised"),
    "events/recognized/offline": _("speech of an uploaded file recognised"),
    "events/sms": _("delivery of an SMS"),
    "events/dtmf": _("keys pressed"),
}
_STATES = {
    "Appeared": _("ringing"),
    "Connected": _("connected"),
    "OnHold": _("on hold"),
    "Disconnected": pgettext_lazy("leg of a call", "ended"),
}
_LOCATIONS = {"ivr": _("voice menu"), "queue": _("queue")}
_RECORDING = {
    "Started": _("recording started"),
    "Continued": _("recording goes on"),
    "Completed": _("recording completed"),
}


def what(kind: str, json: str) -> str:
    """What the notification ``json`` of this kind says; its kind where it says nothing.

    Only a text that is understood is put into words (§3.1, §3.2); an unknown kind
    and an unreadable text are named by their kind.
    """
    try:
        value = notifications.read(kind, json)
    except ReadError:
        return kind_text(kind)
    words = _WORDS.get(type(value))
    return words(value) if words else kind_text(kind)


def kind_text(kind: str) -> str:
    """A kind in words, the kind itself where it is unknown."""
    return str(_KINDS.get(kind, kind))


def coded(words: object, code: int | None) -> str:
    """``words`` and why, unless the code says "done": ``recording completed: too short (4002)``."""
    if code is None or code == codes.DONE:
        return str(words)
    return f"{words}: {_meaning(code)} ({code})"


def menu(location: str) -> str:
    """The place in the voice menu keys were pressed at: ``the menu ivr.1`` (§App)."""
    if location in ("", "ivr"):
        return gettext("the voice menu")
    return gettext("the menu %(place)s") % {"place": location}


def _meaning(code: int) -> str:
    if code == TOO_SHORT:
        return gettext("too short")  # the official text says "the recording" once more
    return codes.meaning(code, get_language() or "en")


def _call_event(event: notifications.CallEvent) -> str:
    words = str(_STATES[event.state])
    if event.location in _LOCATIONS:
        words = f"{words} ({_LOCATIONS[event.location]})"
    sides = [_side(event.caller), _side(event.called)]
    words = f"{words}: {' → '.join(filter(None, sides))}" if any(sides) else words
    code = codes.reason_code(event.disconnect_reason)
    return words if code is None else f"{words}, {_meaning(code)} ({code})"


def _side(party: notifications.Party) -> str:
    return party.extension or (text.phone(party.number) if party.number else "")


def _summary(summary: notifications.Summary) -> str:
    # A call that ended in the voice menu reports a success as well (T-20).
    if not (summary.talk_time and summary.called):
        return gettext("summary: nobody talked")
    talk = text.duration(max(summary.end_time - summary.talk_time, 0))
    return gettext("summary: talk %(duration)s") % {"duration": talk}


def _command_result(result: notifications.CommandResult) -> str:
    words = f"{_meaning(result.code)} ({result.code})"
    return gettext("result of a command: %(result)s") % {"result": words}


def _stats_ready(_ready: notifications.StatsReady) -> str:
    return gettext("a report of statistics is ready")


def _recording(event: notifications.RecordingEvent) -> str:
    return coded(_RECORDING.get(event.state, kind_text("events/recording")), event.completion_code)


def _stored(item: notifications.RecordStored) -> str:
    return kind_text(item.kind)


def _sms(delivery: notifications.SmsDelivery) -> str:
    if delivery.reason is None:
        return kind_text("events/sms")
    if delivery.reason == codes.DONE:
        return gettext("SMS delivered")
    return coded(gettext("SMS not delivered"), delivery.reason)


def _dtmf(dtmf: notifications.Dtmf) -> str:
    return gettext("keys %(keys)s in %(menu)s") % {"keys": dtmf.keys, "menu": menu(dtmf.location)}


_WORDS: dict[type, Callable[[Any], str]] = {
    notifications.CallEvent: _call_event,
    notifications.Summary: _summary,
    notifications.CommandResult: _command_result,
    notifications.StatsReady: _stats_ready,
    notifications.RecordingEvent: _recording,
    notifications.RecordStored: _stored,
    notifications.SmsDelivery: _sms,
    notifications.Dtmf: _dtmf,
}
