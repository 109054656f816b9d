"""What of a projection is stored in the row of a call."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from ..models import Call, Command
from ..protocol import projection
from ..protocol.projection import ProjectedCall
from ..protocol.times import moment_or_none
from .changes import Change
from .participants import digests_of

#: Columns taken as they are from the projection.
_PLAIN = (
    "direction",
    "state",
    "outcome",
    "client_number",
    "client_number_raw",
    "line_number",
    "extension",
    "wait_seconds",
    "talk_seconds",
    "disconnect_reason",
    "live_call_id",
    "reached",
    "group_number",
    "is_final",
    "is_missed",
)
_MOMENTS = ("started_at", "answered_at", "ended_at")
#: Every column the projection owns; nothing else writes them.
COLUMNS = (
    *_PLAIN,
    *_MOMENTS,
    "employee",
    "command",
    "legs",
    "participants",
    "sources",
    "projection_version",
)
#: The columns of ``new_row``: all that a finished call without a command needs.
NEW_COLUMNS = ("entry_id", *_PLAIN, *_MOMENTS, "employee_id", "participants", "sources")
_taken_over = attrgetter(*_PLAIN, *_MOMENTS, "owner")


def apply(result: ProjectedCall, call: Call, commands: Mapping[str, Command]) -> Change | None:
    """Write the projection into the row; the change, or ``None`` when there is none."""
    command = commands.get(result.command_id)
    values: dict[str, object] = {name: getattr(result, name) for name in _PLAIN}
    values |= {name: moment_or_none(getattr(result, name)) for name in _MOMENTS}
    values |= {
        "employee_id": result.owner,
        "legs": [leg.as_json() for leg in result.legs],
        "participants": digests_of(result),
        "command_id": command.pk if command else None,
        "sources": ",".join(result.sources),
        "projection_version": projection.VERSION,
    }
    before = {name: getattr(call, name) for name in values}
    fields = tuple(name for name, value in values.items() if before[name] != value)
    if not fields:
        return None
    for name in fields:
        if name == "command_id":
            call.command = command
        else:
            setattr(call, name, values[name])
    return Change(call, fields, before)


def new_row(entry_id: str, result: ProjectedCall) -> tuple[Any, ...]:
    """The values of a call nobody knew, which has neither open legs nor a command.

    Moments stay Unix seconds, 0 for never.
    """
    return (entry_id, *_taken_over(result), digests_of(result), ",".join(result.sources))
