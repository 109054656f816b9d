"""Direction and outcome, by the decision table."""

from __future__ import annotations

from .. import codes
from ..notifications import Party, Summary
from ..value_class import value_class
from .directory import Directory

_SUMMARY_DIRECTIONS = {0: "internal", 1: "incoming", 2: "outgoing"}
_REFUSED_BY_OUR_LISTS = frozenset({1151, 1152, 4502, 4506, 4507})
_BUSY = frozenset({1120, 1121, 1122, 1123, 1124, 1193, 1312})
_WE_GAVE_UP = frozenset({1110, 1180, 1181, 1125})


@value_class
class Parties:
    """The two ends of the conversation, as its most trusted source names them.

    ``is_at_line`` says that a line of the PBX was called, its menu or a queue: that is
    ours, though no employee has its number.
    """

    caller: Party
    called: Party
    at: int
    is_at_line: bool = False


def direction(
    parties: Parties,
    summary: Summary | None,
    is_own_callback: bool,
    is_callback: bool,
    directory: Directory,
    extended: str = "",
) -> str:
    """``incoming``, ``outgoing``, ``internal`` or ``unknown``: the first rule that applies.

    ``extended`` is what the extended statistics say, empty without them.
    """
    from_ours = directory.is_ours(parties.caller, parties.at)
    to_ours = parties.is_at_line or directory.is_ours(parties.called, parties.at)
    if from_ours and to_ours:
        return "internal"
    if is_own_callback:
        return "outgoing"
    if summary is not None and summary.direction is not None:
        reported = _SUMMARY_DIRECTIONS[summary.direction]
        return "outgoing" if reported == "incoming" and from_ours else reported
    if extended:
        return extended
    if is_callback or from_ours:
        return "outgoing"
    return "incoming" if parties.caller or parties.called else "unknown"


def client(parties: Parties, call_direction: str, directory: Directory) -> Party:
    """The external party, empty when hidden; internal calls have none.

    A callback's first leg runs from the client to us, so that an outgoing call
    may have its client on either side.
    """
    if call_direction == "internal":
        return Party()
    if call_direction == "outgoing":
        for party in (parties.called, parties.caller):
            if party and not directory.is_ours(party, parties.at):
                return party
        return Party()
    return Party() if directory.is_ours(parties.caller, parties.at) else parties.caller


def outcome(call_direction: str, is_answered: bool, reason: str, client_rang: bool) -> str:
    """How a finished call ended; reasons are read by class (§Codes).

    ``client_rang`` is false for a callback whose second leg never came.
    """
    code = codes.nearest(codes.reason_code(reason) or 0)
    is_machine = code // 10 == 131
    if is_answered and not is_machine:
        return "answered"
    if call_direction == "incoming":
        return "failed" if code in _REFUSED_BY_OUR_LISTS else "missed"
    if not client_rang:
        return "failed" if code // 1000 in (2, 3, 5) or code // 100 in (42, 45) else "cancelled"
    if code in _BUSY:
        return "busy"
    if code in _WE_GAVE_UP:
        return "cancelled"
    return "failed" if _is_failure(code) else "no_answer"


def _is_failure(code: int) -> bool:
    return (
        1130 <= code <= 1140
        or code // 10 in (115, 116, 119)
        or code // 1000 in (2, 5)
        or code // 100 in (32, 42, 45)
    )
