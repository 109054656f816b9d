"""Signals, sent after the commit, once for each transition."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.dispatch import Signal
from django.utils import timezone

from .. import conf, signals
from ..models import Call
from .changes import Change, merged

log = logging.getLogger("django_mango.services")


def oldest_announced() -> datetime:
    """What happened before this moment an import does not announce."""
    return timezone.now() - conf.seconds("SIGNAL_MAX_AGE_SECONDS")


def is_heard() -> bool:
    """Whether anybody wants to know of changed calls."""
    return any(
        signal.has_listeners(Call)
        for signal in (
            signals.call_started,
            signals.call_answered,
            signals.call_finished,
            signals.call_missed,
        )
    )


def is_recent(call: Call) -> bool:
    """Whether the call ended so lately, or goes on since then, that an import may announce it."""
    moment = call.ended_at or call.started_at
    return moment is not None and moment >= oldest_announced()


def announce(changes: Iterable[Change]) -> None:
    """Send the signals of each transition, once; several changes of one call are one."""
    for change in merged(changes):
        call = change.call
        if change.became_missed and signals.call_missed.has_listeners(Call):
            _note_settling(call)
        for happened, signal in (
            (change.is_new, signals.call_started),
            (change.became_answered, signals.call_answered),
            (change.became_final, signals.call_finished),
            (change.became_missed, signals.call_missed),
        ):
            if happened:
                send(signal, Call, call=call)


def send(signal: Signal, sender: type[Any], **arguments: object) -> None:
    """Send a signal to receivers that may fail; a failure is logged."""
    for receiver, response in signal.send_robust(sender=sender, **arguments):
        if isinstance(response, Exception):
            log.error("a receiver failed: %r", receiver, exc_info=response)


def _note_settling(call: Call) -> None:
    """The resolution ran after the call was read: who has to call back wants to know."""
    columns = Call.objects.filter(pk=call.pk).values("missed_resolved_at", "missed_resolved_by_id")
    for name, value in (columns.first() or {}).items():
        setattr(call, name, value)
