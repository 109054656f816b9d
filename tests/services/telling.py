"""Short conversations as the service tells them, for tests of what follows from calls.

Moments are seconds after ``T0``, an hour ago, so that everything is recent. Events and
summaries go through the inbox, rows of statistics through a real import.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.dispatch import Signal
from django.test import TestCase

from django_mango import signals
from django_mango.models import Account, Call, Notification
from django_mango.services import ImportReport, import_statistics, receive
from tests.services.calling_bench import Service, reply
from tests.services.import_bench import importer

T0 = int(time.time()) - 3600
CLIENT = "79161234567"
OTHER = "79037654321"
LINE = "74951234567"
ANNA = {"extension": "101", "number": "sip:anna@team.mangosip.ru"}
Told = tuple[str, bytes]


def moment(at: int) -> datetime:
    return datetime.fromtimestamp(T0 + at, UTC)


def told(kind: str, **payload: Any) -> Told:
    return kind, json.dumps(payload).encode()


def event(
    entry_id: str, state: str, at: int, *, number: str = CLIENT, seq: int = 1, **more: Any
) -> Told:
    """One state of the only leg of an incoming call to Anna."""
    return told(
        "events/call",
        entry_id=entry_id,
        call_id=f"{entry_id}-leg",
        timestamp=T0 + at,
        seq=seq,
        call_state=state,
        location="abonent",
        **{"from": {"number": number}, "to": {**ANNA, "line_number": LINE}, **more},
    )


def summary(
    entry_id: str,
    began: int,
    ended: int,
    *,
    talked: int | None = None,
    number: str = CLIENT,
    direction: int = 1,
    reason: int = 1110,
) -> Told:
    """The end of a conversation between the client and Anna."""
    client: dict[str, str] = {"number": number} if number else {}
    sides = {"from": client, "to": ANNA} if direction == 1 else {"from": ANNA, "to": client}
    return told(
        "events/summary",
        entry_id=entry_id,
        call_direction=direction,
        **sides,
        line_number=LINE,
        create_time=T0 + began,
        forward_time=T0 + talked if talked is not None else 0,
        talk_time=T0 + talked if talked is not None else 0,
        end_time=T0 + ended,
        entry_result=int(talked is not None),
        disconnect_reason=reason,
    )


def missed(entry_id: str = "missed", at: int = 0, number: str = CLIENT) -> Told:
    return summary(entry_id, at, at + 20, number=number)


def talk(
    entry_id: str = "talk", at: int = 100, number: str = CLIENT, direction: int = 2, **more: Any
) -> Told:
    """Began at ``at``, answered 5 s later, 60 s long."""
    return summary(entry_id, at, at + 65, talked=at + 5, number=number, direction=direction, **more)


def attempt(entry_id: str = "attempt", at: int = 50, number: str = CLIENT) -> Told:
    return summary(entry_id, at, at + 20, number=number, direction=2, reason=1111)


def recording(kind: str = "recording", at: int = 30, entry_id: str = "talk", **more: Any) -> Told:
    """``recording``, ``record/added`` or ``record/tagged`` of the recording R1."""
    payload: dict[str, Any] = {"recording_id": "R1", "timestamp": T0 + at, **more}
    if entry_id:
        payload["entry_id"] = entry_id
    return told(f"events/{kind}", **payload)


#: A whole talk, as it is told while it goes on.
TALK = [
    event("call", "Appeared", 0),
    event("call", "Connected", 5, seq=2),
    event("call", "Disconnected", 65, seq=3),
    summary("call", 0, 65, talked=5),
]


def committed() -> AbstractContextManager[Any]:
    """Within the transaction of a test: what waits for the commit runs at the end."""
    return TestCase.captureOnCommitCallbacks(execute=True)


def tell(account: Account, *notifications: Told) -> None:
    """Each as the endpoint takes it, with what follows after the commit."""
    for kind, text in notifications:
        with committed():
            receive(account, kind, f"default/{kind}", text)


def keep(account: Account, *notifications: Told) -> None:
    """As ``tell``, but the process dies after storing: nothing is processed."""
    tell(account, *notifications)
    # What ``receive`` did in its second transaction never happened.
    Call.objects.filter(account=account).delete()
    Notification.objects.filter(account=account).update(processed_at=None)


def row(
    entry_id: str,
    began: int,
    ended: int,
    *,
    answered: int | None = None,
    number: str = CLIENT,
    records: str = "[]",
    reason: int = 1110,
    location: str = "abonent",
) -> str:
    """A line of statistics: the client calls Anna."""
    start, finish = T0 + began, T0 + ended
    answer = T0 + answered if answered is not None else 0
    return (
        f"{entry_id};{records};{start};{start};{answer};{finish};;{number};"
        f"101;{ANNA['number']};{reason};{LINE};{location}"
    )


@dataclass
class Statistics:
    """Imports what a test writes into the report."""

    account: Account
    service: Service

    def load(self, *windows: list[str], hours: int = 2) -> ImportReport:
        """One window of the period for each list of lines."""
        answers = []
        for lines in windows:
            report = reply("\r\n".join(lines) + "\r\n", kind="text/csv") if lines else reply("")
            answers += [reply({"key": "k"}), report]
        self.service.answers(*answers)
        until = datetime.now(UTC)
        since = moment(-60 * 60 * hours)
        with importer(self.service.url) as client, committed():
            step = (until - since) / len(windows) + timedelta(seconds=1)
            return import_statistics(self.account, since, until, window=step, client=client)


class Heard:
    """Every signal sent, in order: its name and its arguments."""

    def __init__(self) -> None:
        self.all: list[tuple[str, type[Any], dict[str, Any]]] = []

    @property
    def names(self) -> list[str]:
        return [name for name, _sender, _arguments in self.all]

    def of(self, name: str) -> list[dict[str, Any]]:
        return [arguments for one, _sender, arguments in self.all if one == name]

    def about(self, entry_id: str) -> list[str]:
        """Names of the signals about one call."""
        return [
            name
            for name, _sender, arguments in self.all
            if "call" in arguments and arguments["call"].entry_id == entry_id
        ]


ALL = {name: one for name, one in vars(signals).items() if isinstance(one, Signal)}


@contextmanager
def hearing() -> Iterator[Heard]:
    """Listen to all signals."""
    heard = Heard()

    def listener(name: str) -> Callable[..., None]:
        def hear(sender: type[Any], signal: Signal, **arguments: Any) -> None:
            assert signal is ALL[name]
            heard.all.append((name, sender, arguments))

        return hear

    receivers = {name: listener(name) for name in ALL}
    for name, receiver in receivers.items():
        ALL[name].connect(receiver)
    try:
        yield heard
    finally:
        for name, receiver in receivers.items():
            ALL[name].disconnect(receiver)


def settled(account: Account) -> dict[str, str | None]:
    """Which call settled each missed call, by ``entry_id``."""
    calls = Call.objects.missed().filter(account=account).select_related("missed_resolved_by")
    found = {}
    for call in calls:
        by = call.missed_resolved_by
        assert call.missed_resolved_at == (by.answered_at if by else None)
        found[call.entry_id] = by.entry_id if by else None
    stray = Call.objects.filter(account=account, is_missed=False).exclude(missed_resolved_at=None)
    assert not stray.exists(), "a call that was not missed is not settled"
    return found
