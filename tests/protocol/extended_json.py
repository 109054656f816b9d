"""Reports of the extended statistics as JSON: an ordinary conversation, and what is read of it."""

from __future__ import annotations

import json
from typing import Any

from django_mango.protocol.extended import ExtendedRecord, Page
from django_mango.protocol.statistics import BadRow

T0 = 1_748_090_000


def leg(**changes: Any) -> dict[str, Any]:
    return {
        "call_type": "user",
        "call_abonent_id": 300100101,
        "call_abonent_info": "Анна",
        "call_abonent_number": "sip:anna@x.ru",
        "call_start_time": T0 + 5,
        "call_answer_time": T0 + 9,
        "call_end_time": T0 + 60,
        "call_duration": 55,
        "talk_duration": 51,
        "call_end_reason": 1110,
        "recording_id": [],
        "members": None,
        **changes,
    }


def conversation(**changes: Any) -> dict[str, Any]:
    return {
        "entry_id": "E1",
        "context_type": 1,
        "context_status": 1,
        "caller_id": None,
        "caller_number": "79161234567",
        "called_number": "74951234567",
        "context_start_time": T0,
        "duration": 60,
        "talk_duration": 51,
        "context_calls": [leg()],
        **changes,
    }


def page(data: Any, first: int = 1) -> tuple[Page, list[ExtendedRecord | BadRow]]:
    body = json.dumps({"result": 1000, "status": "complete", "data": data}).encode()
    found = Page([body], first)
    return found, list(found)


def rows(*conversations: Any) -> list[ExtendedRecord | BadRow]:
    return page([{"list": list(conversations), "period": "2025-05-24"}])[1]


def good(*conversations: Any) -> list[ExtendedRecord]:
    found = rows(*conversations)
    assert not [row for row in found if isinstance(row, BadRow)]
    return [row for row in found if isinstance(row, ExtendedRecord)]
