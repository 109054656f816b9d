"""A PBX on a clock of its own, whole conversations in no time, and rows to compare."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Model

from django_mango.client import Client, Gate
from django_mango.models import Account, Call, CallParty, CallRecord, Employee, EmployeeAddress
from django_mango.protocol.encoding import compact_json, form_body
from django_mango.protocol.signing import Credentials
from django_mango.sandbox import staff
from django_mango.sandbox.answers import Request
from django_mango.sandbox.clock import ManualClock
from django_mango.sandbox.options import SandboxOptions
from django_mango.sandbox.pbx import Sandbox
from django_mango.services import inbox

KEY, SALT = "demo-key", "demo-salt"
Delivery = tuple[str, bytes]


class FakeClock:
    """Monotonic seconds, UTC and sleep in one; sleeping is a sum."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds


@contextmanager
def importer(url: str, clock: FakeClock | None = None) -> Iterator[Client]:
    """A client to import with, whose waiting takes no time."""
    clock = clock or FakeClock()
    with Client(
        Credentials(KEY, SALT),
        api_url=url,
        timeout=(5.0, 10.0),
        gate=Gate({}, clock=clock, now=clock.now, sleep=clock.sleep),
        clock=clock,
        sleep=clock.sleep,
    ) as client:
        yield client


@dataclass
class Story:
    """Conversations played on a PBX whose clock is moved by hand; they ended an hour ago."""

    record: bool = True
    pbx: Sandbox = field(init=False)
    _number: int = 0

    def __post_init__(self) -> None:
        options = SandboxOptions(
            port=0, calls=0, statistics_delay=0, enforce_limits=False, record=self.record
        )
        self.began = int(time.time()) - 6000
        self.pbx = Sandbox(options, clock=ManualClock(self.began))

    @property
    def since(self) -> datetime:
        return datetime.fromtimestamp(self.began - 60, UTC)

    def incoming(self, number: str, to: str = "101", **more: Any) -> None:
        self.pbx.incoming_call(number, to=to, **more)
        self.pbx.play()

    def callback(self, number: str, command_id: str = "") -> None:
        self._post(
            "callback",
            command_id=command_id or self._next(),
            **{"from": {"extension": "101", "number": ""}, "to_number": number},
        )
        self.pbx.play()

    def transferred(self, number: str, method: str) -> None:
        """An incoming call that 101 passes on to 102."""
        before = len(self.pbx.notifications)
        self.pbx.incoming_call(number, to="101", talk_seconds=60)
        self.pbx.play(25)
        talks = [
            str(payload["call_id"])
            for kind, payload in self.pbx.notifications[before:]
            if kind == "events/call"
            and payload["call_state"] == "Connected"
            and payload["location"] == "abonent"
        ]
        self._post(
            "transfer",
            command_id=self._next(),
            call_id=talks[-1],
            method=method,
            to_number="102",
            initiator="101",
        )
        self.pbx.play()

    def deliveries(self) -> list[Delivery]:
        """Everything the PBX would have sent, in its order."""
        return [(kind, compact_json(value).encode()) for kind, value in self.pbx.notifications]

    def conversations(self) -> list[list[Delivery]]:
        """Call notifications by conversation."""
        found: dict[str, list[Delivery]] = {}
        for kind, text in self.deliveries():
            entry_id = json.loads(text).get("entry_id")
            if entry_id and kind in ("events/call", "events/summary"):
                found.setdefault(entry_id, []).append((kind, text))
        return list(found.values())

    def _next(self) -> str:
        self._number += 1
        return f"command-{self._number}"

    def _post(self, name: str, **payload: Any) -> None:
        body = form_body(Credentials(KEY, SALT), compact_json(payload))
        answer = self.pbx.switchboard.handle(Request("POST", f"/vpbx/commands/{name}", body))
        assert json.loads(answer.body) == {"result": 1000}  # type: ignore[arg-type] # bytes here


def whole_story(**options: Any) -> Story:
    """Each kind of conversation once."""
    story = Story(**options)
    for outcome in ("answered", "missed", "busy", "ivr"):
        story.incoming("79161234567", to="101", outcome=outcome)
        story.incoming("79037654321", to="301", outcome=outcome)
    story.incoming("", to="102")
    for ending in ("10", "01", "02", "03", "04", "05", "06", "07"):
        story.callback(f"749577788{ending}")
    story.transferred("79851112233", "blind")
    story.transferred("79267890123", "hold")
    return story


def make_account(alias: str = "default") -> Account:
    """An account with the sandbox's people."""
    account = Account.objects.create(alias=alias)
    for person in staff.EMPLOYEES:
        employee = Employee.objects.create(
            account=account, name=person.name, pbx_user_id=person.user_id
        )
        for kind, value in (("extension", person.extension), ("sip", person.sip)):
            EmployeeAddress.objects.create(employee=employee, kind=kind, value=value)
    return account


def deliver(account: Account, deliveries: Iterable[Delivery]) -> None:
    """Hand notifications to the inbox as the endpoint does."""
    for kind, text in deliveries:
        inbox.receive(account, kind, f"{account.alias}/{kind}", text)


#: Keys, stamps of ours, and what is compared by what it stands for.
_NOT_COMPARED = {"id", "account", "call", "employee", "command", "participants", "first_seen_at"}
_NOT_COMPARED |= {"changed_at", "stale_closed_at", "missed_resolved_by"}


def calls_of(account: Account) -> dict[str, dict[str, Any]]:
    """Every projected column of every call, and who took part, by ``entry_id``."""
    found = {}
    calls = Call.objects.filter(account=account).select_related(
        "employee", "command", "missed_resolved_by"
    )
    parties: dict[int, list[Any]] = {}
    for party in CallParty.objects.filter(account=account).select_related("employee"):
        row = {**_columns(party), "employee": str(party.employee)}
        parties.setdefault(party.call_id, []).append(sorted(row.items(), key=str))
    for call in calls:
        by = call.missed_resolved_by
        found[call.entry_id] = {
            **_columns(call),
            "employee": str(call.employee),
            "command": call.command.command_id if call.command else None,
            "resolved_by": by.entry_id if by else None,
            "parties": sorted(parties.get(call.pk, []), key=str),
        }
    return found


def records_of(account: Account) -> list[dict[str, Any]]:
    """Every statistics row but for our own keys and stamps."""
    return [_columns(row) for row in CallRecord.objects.filter(account=account).order_by("key")]


def _columns(row: Model) -> dict[str, Any]:
    names = [column.name for column in row._meta.concrete_fields]
    return {name: getattr(row, name) for name in names if name not in _NOT_COMPARED}
