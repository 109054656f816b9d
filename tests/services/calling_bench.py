"""A small team, and a service on loopback that answers as it is told.

The service is a real server: a test may close the connection, keep silent or count
what arrived, which no replaced method could prove.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from django_mango.models import Account, Call, Employee, EmployeeAddress
from django_mango.services import accounts

KEY, SALT = "key-nobody-may-see", "salt-nobody-may-see"
CLIENT = "+79161234567"
LEG = "MToxMDIwNjUzMjo1NzI6OTA3NDAwMDM6MQ=="
Step = Callable[[socket.socket], None]


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    path: str
    body: bytes

    @property
    def sign(self) -> str:
        return dict(parse_qsl(self.body.decode()))["sign"]

    @property
    def payload(self) -> dict[str, Any]:
        value = json.loads(dict(parse_qsl(self.body.decode()))["json"])
        assert isinstance(value, dict)
        return value


class Service:
    """Every request read whole is kept and gets the next reply, the last one for ever."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.replies: list[bytes | Step] = [reply({"result": 1000})]
        self._arrived = threading.Condition()
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._threads: list[threading.Thread] = []
        self._run(self._accept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/vpbx/"

    def answers(self, *replies: bytes | Step) -> None:
        self.replies = list(replies)

    def wait_for(self, count: int) -> None:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.requests) >= count, 30)

    def silence(self, _: socket.socket) -> None:
        """Answer nothing until the test is over."""
        assert self._over.wait(60)

    @staticmethod
    def hang_up(connection: socket.socket) -> None:
        """Close without an answer."""
        connection.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        self._over.set()
        with socket.socket() as waker:
            waker.connect_ex(self._listener.getsockname())
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()
        self._listener.close()

    def _run(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._over.is_set():
                connection.close()
                return
            self._run(lambda connection=connection: self._serve(connection))

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(30)
            request = _read(connection)
            if request is None:
                return
            with self._arrived:
                self.requests.append(request)
                answer = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
                self._arrived.notify_all()
            if callable(answer):
                answer(connection)
            else:
                connection.sendall(answer)


def _read(connection: socket.socket) -> Request | None:
    with connection.makefile("rb") as stream:
        first = stream.readline().split()
        length = 0
        while (line := stream.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return Request(first[1].decode(), stream.read(length)) if first else None


def reply(
    content: dict[str, Any] | bytes | str, status: int = 200, kind: str = "application/json"
) -> bytes:
    """An HTTP answer."""
    body = json.dumps(content) if isinstance(content, dict) else content
    body = body.encode() if isinstance(body, str) else body
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nX-Uuid: uuid-7\r\n"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


@dataclass
class Team:
    """Anna has the extension 101, Boris 102; the boss has every right and no telephone."""

    account: Account
    anna: User
    boris: User
    boss: User

    @property
    def anna_employee(self) -> Employee:
        return Employee.objects.get(user=self.anna, account=self.account)

    @property
    def boris_employee(self) -> Employee:
        return Employee.objects.get(user=self.boris, account=self.account)

    def live_call(self, *legs: dict[str, Any], entry_id: str = "entry-1", **more: Any) -> Call:
        """A call that goes on, Anna's unless told otherwise."""
        values = {
            "account": self.account,
            "employee": self.anna_employee,
            "state": Call.State.TALKING,
            "client_number": CLIENT,
            "legs": list(legs or [leg()]),
            "started_at": timezone.now(),
            **more,
        }
        return Call.objects.create(entry_id=entry_id, **values)


def leg(
    call_id: str = LEG,
    state: str = "Connected",
    *extensions: str,
    location: str = "abonent",
    with_client: bool = True,
) -> dict[str, Any]:
    """An open leg as the projection stores it."""
    mine = list(extensions or ("101",))
    return {
        "call_id": call_id,
        "state": state,
        "location": location,
        "extension": mine[0],
        "extensions": mine,
        "with_client": with_client,
    }


def permit(user: User, *names: str) -> User:
    """Give rights; the returned user has no cached ones."""
    found = Permission.objects.filter(content_type__app_label="django_mango", codename__in=names)
    assert len(found) == len(names)
    user.user_permissions.add(*found)
    return User.objects.get(pk=user.pk)


def hire(account: Account, user: User | None, *extensions: str, **more: Any) -> Employee:
    """An employee with extensions."""
    person = Employee.objects.create(
        account=account, user=user, name=user.username if user else "somebody", **more
    )
    for extension in extensions:
        EmployeeAddress.objects.create(employee=person, value=extension)
    return person


@pytest.fixture
def service(caplog: pytest.LogCaptureFixture) -> Iterator[Service]:
    """A running service; whatever the test does, no log may show key, salt or signature."""
    caplog.set_level(logging.DEBUG)
    server = Service()
    yield server
    server.stop()
    secrets = {KEY, SALT, *(request.sign for request in server.requests)}
    for record in caplog.get_records("call"):
        shown = f"{logging.Formatter().format(record)} {record.args}"
        assert not [secret for secret in secrets if secret in shown], record.name


@pytest.fixture
def pbx(service: Service, settings: Any) -> Service:
    """The service, named in the settings as the only account."""
    settings.MANGO = mango(service.url)
    return service


def mango(url: str, **more: Any) -> dict[str, Any]:
    """The setting ``MANGO`` for a service at this address."""
    return {"API_KEY": KEY, "API_SALT": SALT, "API_URL": url, "TIMEOUT": (5, 10), **more}


@pytest.fixture
def team() -> Team:
    account = Account.objects.create(alias="default")
    rights = ("place_call", "hang_up", "view_call")
    people = {name: User.objects.create_user(name) for name in ("anna", "boris")}
    people = {name: permit(user, *rights) for name, user in people.items()}
    hire(account, people["anna"], "101")
    hire(account, people["boris"], "102")
    boss = User.objects.create_superuser("boss")
    return Team(account, people["anna"], people["boris"], boss)


@pytest.fixture
def _fresh_clients() -> Iterator[None]:
    """No test waits for the rate limit another one used up."""
    yield
    accounts._clients.clear()
