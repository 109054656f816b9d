"""One recording in words, for its journal and for the page of its call."""

from __future__ import annotations

from ..models import Recording
from ..ui import notices
from . import call_text


def state(recording: Recording) -> str:
    """Whether there is a file, and why not: ``there is none: too short (4002)`` (Q78)."""
    return notices.coded(recording.get_state_display(), recording.completion_code)


def recorded(recording: Recording) -> str:
    """Whose talk it is: the name where the extension took part in the call."""
    if not recording.call:
        return recording.extension
    if not recording.extension:
        return call_text.employee(recording.call)
    parties = recording.call.parties.all()
    one = next((one for one in parties if one.extension == recording.extension), None)
    return call_text.party(one) if one else recording.extension
