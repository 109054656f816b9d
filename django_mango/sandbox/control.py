"""The sandbox's own door, unsigned and on loopback only; the real service has nothing like it.

``POST /sandbox/incoming`` lets a client call. The body is JSON or a form:
``from`` (digits; empty or absent: a hidden number), ``to`` (an extension or a
group, default the sales group), ``line`` (default the main line), ``outcome``
(``answered``, ``missed``, ``busy``, ``ivr``), ``talk_seconds``. The answer is
``{"entry_id": ...}``. ``GET /sandbox/calls`` lists the calls that go on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from . import staff
from .answers import Answer, Request, as_json, not_found
from .engine import Engine
from .rows import Party
from .scripts import Outcome


class Control:
    """Calls from outside, on demand."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handle(self, request: Request) -> Answer:
        """Answer a request below ``/sandbox/``; 400 with a reason when it makes no sense."""
        what = (request.method, request.path.rstrip("/"))
        if what == ("GET", "/sandbox/calls"):
            return as_json({"calls": self._engine.live_calls()})
        if what != ("POST", "/sandbox/incoming"):
            return not_found()
        try:
            wish = _read(request.body)
            entry_id = self.incoming(
                wish.get("from", ""),
                to=wish.get("to") or staff.SALES.extension,
                outcome=wish.get("outcome") or Outcome.ANSWERED,
                line=wish.get("line", ""),
                talk_seconds=float(wish["talk_seconds"]) if wish.get("talk_seconds") else None,
            )
        except (ValueError, RecursionError) as error:
            return as_json({"error": str(error)}, 400)
        return as_json({"entry_id": entry_id})

    def incoming(
        self,
        from_number: str,
        *,
        to: str = staff.SALES.extension,
        outcome: str = Outcome.ANSWERED,
        line: str = "",
        talk_seconds: float | None = None,
    ) -> str:
        """Let a client call; the ``entry_id``. ``ValueError`` when there is nobody to call."""
        if talk_seconds is not None and not 0 <= talk_seconds <= 86_400:
            raise ValueError("talk_seconds must be between 0 and 86400")
        called = staff.line_by_number(line) if line else staff.MAIN_LINE
        if called is None:
            raise ValueError(f"there is no line {line!r}")
        group = staff.group_by_extension(to)
        extensions = group.members if group else (to,)
        members = [
            Party(person.extension, person.sip)
            for extension in extensions
            if (person := staff.employee_by_extension(extension))
        ]
        if not members:
            raise ValueError(f"there is no employee or group {to!r}")
        return self._engine.incoming(
            Party(number=from_number.removeprefix("+")),
            called.number,
            members,
            Outcome(outcome),
            acd_group=group.extension if group else "",
            talk_seconds=talk_seconds,
        )


def _read(body: bytes) -> Mapping[str, str]:
    text = body.decode("utf-8")
    if not text.lstrip().startswith("{"):
        return dict(parse_qsl(text, max_num_fields=20))
    value = json.loads(text)
    return {str(name): "" if item is None else str(item) for name, item in value.items()}
