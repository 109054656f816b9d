"""Signals, sent after the commit, once for each transition."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.dispatch import Signal
from django.utils import timezone

from .. import conf, signals
from ..models import Call
from .changes import Change

log = logging.getLogger("django_mango.services")


def is_recent(call: Call) -> bool:
    """Whether the call ended so lately that an import may still announce it."""
    ended = call.ended_at
    return ended is not None and timezone.now() - ended <= conf.seconds("SIGNAL_MAX_AGE_SECONDS")


def announce(changes: Iterable[Change]) -> None:
    """Send the signals of each transition, once."""
    for change in changes:
        call = change.call
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
