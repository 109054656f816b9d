"""A sandbox on a clock that stands still: a whole call takes no time."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from django_mango.protocol.encoding import compact_json, form_body
from django_mango.sandbox.answers import Answer, Request
from django_mango.sandbox.clock import ManualClock
from django_mango.sandbox.options import SandboxOptions
from django_mango.sandbox.pbx import Sandbox
from django_mango.testing import mango_sandbox, pytest_configure  # noqa: F401

CLOCK_START = 1_748_090_923  # 2025-05-24 12:48:43 UTC, a Saturday


@dataclass
class Bench:
    """A sandbox under test and the means to talk to it without sockets."""

    pbx: Sandbox
    clock: ManualClock

    def post(self, path: str, payload: Any, json_text: str | None = None) -> Answer:
        text = compact_json(payload) if json_text is None else json_text
        return self.raw(path, form_body(self.pbx.credentials, text))

    def raw(self, path: str, body: bytes, method: str = "POST") -> Answer:
        return self.pbx.switchboard.handle(Request(method, f"/vpbx/{path}", body, "127.0.0.1:1"))

    def call(self, to: str, extension: str = "101", **more: Any) -> Answer:
        source = {"extension": extension, "number": ""}
        payload = {"command_id": "c1", "from": source, "to_number": to, **more}
        return self.post("commands/callback", payload)

    def events(self, kind: str = "events/call") -> list[dict[str, Any]]:
        return [payload for name, payload in self.pbx.notifications if name == kind]

    def states(self) -> list[tuple[int, str]]:
        """(number of the leg, state) of every call event so far."""
        legs: list[str] = []
        found = []
        for event in self.events():
            if event["call_id"] not in legs:
                legs.append(event["call_id"])
            found.append((legs.index(event["call_id"]) + 1, event["call_state"]))
        return found

    def report(self, **query: Any) -> list[str]:
        """Lines of a statistics report over the clock's neighbourhood."""
        now = int(self.clock.now())
        period = {"date_from": str(now - 86_400), "date_to": str(now + 86_400)}
        answer = self.post("stats/request", {**period, **query})
        assert answer.status == 200, answer.body
        self.clock.advance(3)
        key = as_object(answer)["key"]
        return lines_of(self.post("stats/result", {"key": key}))


def as_object(answer: Answer) -> dict[str, Any]:
    assert isinstance(answer.body, bytes)
    value = json.loads(answer.body)
    assert isinstance(value, dict)
    return value


def lines_of(answer: Answer) -> list[str]:
    assert answer.status == 200
    assert not isinstance(answer.body, bytes)
    text = b"".join(answer.body).decode()
    assert text == "" or text.endswith("\r\n")
    return text.split("\r\n")[:-1]


@pytest.fixture
def make_bench() -> Callable[..., Bench]:
    def make(*, clock: ManualClock | None = None, post: Any = None, **options: Any) -> Bench:
        clock = clock or ManualClock(CLOCK_START)
        settings = SandboxOptions(**{"calls": 0, **options})
        return Bench(Sandbox(settings, clock=clock, post=post), clock)

    return make


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()


@pytest.fixture
def read_json() -> Callable[[Answer], dict[str, Any]]:
    return as_object


@pytest.fixture
def read_lines() -> Callable[[Answer], list[str]]:
    return lines_of
