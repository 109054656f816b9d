"""What the extended statistics say of a conversation that the rows of the basic ones tell.

The JSON is that of the service: it passes through ``Page`` before a test sees it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django_mango.protocol.extended import ExtendedRecord, Page
from django_mango.protocol.statistics import Record
from tests.protocol.flows import T0, Flow

_CONTEXT_TYPES = {0: 3, 1: 1, 2: 2}
CALLBACK = 4


def extended_of(
    flow: Flow, *, shows_first_legs: bool = True, **changes: Any
) -> list[ExtendedRecord]:
    """The records of a finished flow; a service may or may not show who was rung first."""
    return read_conversation(
        {**conversation_of(flow, shows_first_legs=shows_first_legs), **changes}
    )


def read_conversation(item: dict[str, Any]) -> list[ExtendedRecord]:
    body = {"result": 1000, "status": "complete", "data": [{"list": [item], "period": "x"}]}
    found = list(Page([json.dumps(body).encode()]))
    records = [row for row in found if isinstance(row, ExtendedRecord)]
    assert len(records) == len(found), found
    return records


def conversation_of(flow: Flow, *, shows_first_legs: bool = True) -> dict[str, Any]:
    told = flow.summaries[0]
    context_type = _CONTEXT_TYPES[told.direction or 0]
    rows = sorted(flow.records, key=lambda row: (row.start, row.finish))
    first = [row for row in rows if context_type == 2 and row.to_extension]
    to_client = [row for row in rows if context_type == 2 and not row.to_extension]
    if to_client:  # who rings after that is asked by a transfer
        first = [row for row in first if row.start <= to_client[0].start]
    is_callback = bool(flow.events and flow.events[0].call_id.startswith("first"))
    if context_type == 3 and is_callback:
        first = [row for row in rows if row.to_extension == told.caller.extension]
    shown = [row for row in rows if shows_first_legs or row not in first]
    answered = told.talk_time
    return {
        "entry_id": "E1",
        "context_type": context_type,
        "context_status": int(bool(answered)),
        "caller_id": _user_id(told.caller.extension),
        "caller_name": told.caller.number,
        "caller_number": told.caller.number,
        "called_number": "74951234567" if context_type == 1 else told.called.number,
        "context_start_time": told.create_time,
        "duration": told.end_time - told.create_time,
        "talk_duration": told.end_time - answered if answered else 0,
        "context_init_type": CALLBACK if is_callback else 0,
        "recall_status": 2,
        "context_calls": _legs(shown, context_type),
    }


def _legs(rows: Sequence[Record], context_type: int) -> list[dict[str, Any]]:
    queue = next((row for row in rows if row.location == "queue"), None)
    phones = [row for row in rows if row.location == "abonent"]
    rung: list[Record] = []
    legs = []
    if queue is not None:
        rung = [row for row in phones if queue.start <= row.start <= queue.finish]
        answers = [row.answer for row in rung if row.answer]
        taken = [row for row in rung if row.answer]
        legs.append(
            {
                "call_type": "group",
                "call_abonent_id": 10051301,
                "call_abonent_number": None,
                **_times(queue.start, min(answers, default=0), (taken or [queue])[0].finish),
                "call_end_reason": (taken or [queue])[0].disconnect_reason,
                "members": [_leg(row, context_type) for row in rung],
            }
        )
    return legs + [_leg(row, context_type) for row in phones if row not in rung]


def _leg(row: Record, context_type: int) -> dict[str, Any]:
    is_client = context_type == 2 and not row.to_extension
    return {
        "call_type": "number" if is_client else "user",
        "call_abonent_id": _user_id(row.from_extension if is_client else row.to_extension),
        "call_abonent_number": row.to_number,
        **_times(row.start, row.answer, row.finish),
        "call_end_reason": row.disconnect_reason,
        "members": None,
    }


def _times(start: int, answer: int, end: int) -> dict[str, Any]:
    return {
        "call_start_time": start,
        "call_answer_time": answer or None,
        "call_end_time": end,
        "call_duration": end - start,
        "talk_duration": end - answer if answer else 0,
    }


def _user_id(extension: str) -> int | None:
    return int(f"300{extension}") if extension else None


__all__ = ["T0", "conversation_of", "extended_of", "read_conversation"]
