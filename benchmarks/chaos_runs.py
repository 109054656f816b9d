"""One run each: the same calls stored from faultless or from disturbed deliveries, and one import.

Real parts only: the sandbox's mail, the inbox, the projection, the HTTP client and the import.
Needs Django set up and a migrated database.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from django_mango.client import Client
from django_mango.models import Account, Call, Command, Employee, EmployeeAddress
from django_mango.sandbox import staff
from django_mango.services import import_statistics, inbox

from .chaos_calls import BEGIN, Delivery, Player, Traffic

#: What must be equal of every call; the extension too where the call was answered.
COMPARED = (
    "direction",
    "state",
    "outcome",
    "client_number",
    "line_number",
    "started_at",
    "answered_at",
    "ended_at",
    "wait_seconds",
    "talk_seconds",
    "disconnect_reason",
)
_CALL_KINDS = ("events/call", "events/summary")


@dataclass(slots=True)
class Run:
    """One run: its account, what arrived, and which calls anything arrived of."""

    account: Account
    traffic: Traffic
    heard_of: set[str] = field(default_factory=set)

    def calls(self) -> dict[str, Call]:
        """The stored calls by ``entry_id``."""
        return {call.entry_id: call for call in Call.objects.filter(account=self.account)}


@dataclass(frozen=True, slots=True)
class Difference:
    """A call that is not what it would be without disturbance; values are (calm, chaos)."""

    entry_id: str
    kind: str
    fields: dict[str, tuple[Any, Any]]
    is_heard_of: bool

    def __str__(self) -> str:
        note = "" if self.is_heard_of else " (none of its notifications arrived)"
        changed = ", ".join(f"{name}: {a} -> {b}" for name, (a, b) in self.fields.items())
        return f"{self.entry_id} {self.kind}{note}: {changed}"


def run(alias: str, calls: int, *, seed: int, chaos: bool) -> Run:
    """Play, store every delivery as it arrives, import the statistics once."""
    traffic = Player(seed, chaos=chaos, name=alias).play(calls)
    account = _account(alias, traffic)
    result = Run(account, traffic)
    for delivery in traffic.deliveries:
        inbox.receive(account, delivery.kind, delivery.path, delivery.text)
        if delivery.kind in _CALL_KINDS:
            result.heard_of.add(json.loads(delivery.text)["entry_id"])
    _import(account, traffic)
    return result


def differences(calm: Run, chaos: Run) -> Iterator[Difference]:
    """Calls that differ, in the order they began."""
    here, there = calm.calls(), chaos.calls()
    for entry_id, kind in calm.traffic.story.items():
        one, other = here.get(entry_id), there.get(entry_id)
        names = [*COMPARED, "extension"] if one and one.answered_at else COMPARED
        fields = {
            name: (getattr(one, name, None), getattr(other, name, None))
            for name in names
            if one is None or other is None or getattr(one, name) != getattr(other, name)
        }
        if fields:
            yield Difference(entry_id, kind, fields, entry_id in chaos.heard_of)


def overtaken(calm: Sequence[Delivery], chaos: Sequence[Delivery]) -> int:
    """How many deliveries came after one of the same call that was sent later."""
    sent: dict[tuple[object, ...], int] = {}
    for place, delivery in enumerate(calm):
        sent.setdefault(_identity(delivery), place)
    latest: dict[object, int] = {}
    count = 0
    for delivery in chaos:
        identity = _identity(delivery)
        place = sent[identity]
        count += place < latest.get(identity[0], -1)
        latest[identity[0]] = max(place, latest.get(identity[0], -1))
    return count


def _identity(delivery: Delivery) -> tuple[object, ...]:
    """The same of a notification in both runs; our command ids begin with the run's name."""
    value = json.loads(delivery.text)
    command = str(value.get("command_id", "")).rpartition("-")[2]
    entry = value.get("entry_id", delivery.kind)
    return (entry, delivery.kind, value.get("call_id"), value.get("seq"), command)


def _account(alias: str, traffic: Traffic) -> Account:
    """An account with the sandbox's people, and the callbacks we asked it for."""
    account = Account.objects.create(alias=alias)
    for person in staff.EMPLOYEES:
        employee = Employee.objects.create(account=account, name=person.name)
        addresses = (
            (EmployeeAddress.Kind.EXTENSION, person.extension),
            (EmployeeAddress.Kind.SIP, person.sip),
            (EmployeeAddress.Kind.NUMBER, f"+{person.mobile}"),
        )
        for kind, value in addresses:
            address = EmployeeAddress(employee=employee, kind=kind, value=value)
            address.clean()
            address.save()
    now = timezone.now()
    Command.objects.bulk_create(
        Command(
            account=account,
            command_id=command_id,
            kind=Command.Kind.CALLBACK,
            status=Command.Status.ACCEPTED,
            number=number,
            created_at=now,
            sent_at=now,
            answered_at=now,
        )
        for command_id, number in traffic.commands
    )
    return account


def _import(account: Account, traffic: Traffic) -> None:
    """One import of the whole period, by the real client over HTTP."""
    since = datetime.fromtimestamp(BEGIN, UTC) - timedelta(minutes=1)
    until = datetime.fromtimestamp(traffic.until, UTC)
    with traffic.pbx as pbx, Client(pbx.credentials, api_url=pbx.url) as client:
        report = import_statistics(account, since, until, client=client)
    if not report.ok or not report.rows:
        raise RuntimeError(f"the import failed: {report.errors or report.bad or 'no rows'}")
