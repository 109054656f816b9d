"""What a service answers to an import of two windows, each of a day."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django_mango.client import Client
from django_mango.models import Account, StatsImport
from django_mango.services.importing import ImportReport, import_statistics
from tests.services.calling_bench import Service, reply

UNTIL = datetime(2026, 3, 3, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=2)
DAY = timedelta(days=1)
START = int(SINCE.timestamp()) + 100
Answer = bytes | Callable[[socket.socket], None]
Load = Callable[..., ImportReport]


def row(number: int, records: str = "[]", line: str = "74951234567", reason: str = "1110") -> str:
    """A line of a report in our columns: one answered incoming call."""
    start = START + number * 60
    return (
        f"entry{number};{records};{start};{start};{start + 5};{start + 30};;79161234567;"
        f"101;sip:smirnova@romashka.mangosip.ru;{reason};{line};abonent"
    )


def csv(*lines: str, end: str = "\r\n") -> bytes:
    return reply("\r\n".join(lines) + end, kind="text/csv;charset=UTF-8")


def key(name: str = "a+/==") -> bytes:
    return reply({"key": name})


def loader(account: Account, service: Service, client: Client) -> Load:
    """Imports both windows; the service answers as told."""

    def load(*answers: Answer) -> ImportReport:
        service.answers(*answers)
        return import_statistics(account, SINCE, UNTIL, window=DAY, client=client)

    return load


def states() -> list[str]:
    return list(StatsImport.objects.order_by("pk").values_list("state", flat=True))
