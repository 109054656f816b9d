"""Conversations to post: the order and size of notifications as the service sends them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_START = 1_764_000_000


def conversations(count: int) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """``count`` incoming calls through a voice menu to a person: seven notifications each."""
    for number in range(count):
        yield _incoming(number)


def _incoming(number: int) -> list[tuple[str, dict[str, Any]]]:
    entry, at = f"bench{number:08d}==", _START + number * 60
    client = {"number": f"7916{number % 10_000_000:07d}"}
    line = {"number": "74951234567", "line_number": "74951234567"}
    employee = {
        "extension": str(100 + number % 5),
        "number": f"sip:user{number % 5}@team.mangosip.ru",
        "line_number": "74951234567",
    }

    def leg(
        kind: str, seq: int, state: str, offset: int, **more: Any
    ) -> tuple[str, dict[str, Any]]:
        at_menu = kind == "menu"
        caller = client if at_menu else {**client, "taken_from_call_id": f"{entry}menu"}
        return "events/call", {
            "entry_id": entry,
            "call_id": f"{entry}{kind}",
            "timestamp": at + offset,
            "seq": seq,
            "call_state": state,
            "location": "ivr" if at_menu else "abonent",
            "from": caller,
            "to": line if at_menu else employee,
            **more,
        }

    return [
        leg("menu", 1, "Appeared", 0),
        leg("menu", 2, "Connected", 0),
        leg("menu", 3, "Disconnected", 5, disconnect_reason=1100),
        leg("person", 1, "Appeared", 5),
        leg("person", 2, "Connected", 9),
        leg("person", 3, "Disconnected", 49, disconnect_reason=1110),
        (
            "events/summary",
            {
                "entry_id": entry,
                "call_direction": 1,
                "from": client,
                "to": {"extension": employee["extension"], "number": employee["number"]},
                "line_number": "74951234567",
                "create_time": at,
                "forward_time": at + 5,
                "talk_time": at + 9,
                "end_time": at + 49,
                "entry_result": 1,
                "disconnect_reason": 1110,
            },
        ),
    ]
