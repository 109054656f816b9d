"""An effect is sent at most once, whatever happens, and its fate is told truly."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from django_mango.client import Client, Gate
from django_mango.protocol.commands import Callback, Command, Hangup, StatsRequest
from django_mango.protocol.errors import (
    AnswerLost,
    NotSent,
    ServiceError,
    UnexpectedAnswer,
    WrongRequest,
)
from django_mango.protocol.signing import Credentials

CALLBACK = Callback("c-1", "101", "79161234567")
HANGUP = Hangup("c-2", "call-1")
READ = StatsRequest(1445288400, 1445374859)
KEY = b'{"key":"K=="}'

Answer = Callable[..., bytes]


@pytest.fixture
def client(wire: Any, credentials: Credentials, clock: Any) -> Iterator[Client]:
    with Client(
        credentials,
        api_url=wire.url,
        timeout=(5.0, 0.2),
        gate=Gate({}, clock=clock, now=clock.now, sleep=clock.sleep),
        clock=clock,
        sleep=clock.sleep,
    ) as client:
        yield client


def failing(client: Client, command: Command) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        client.send(command)
    return caught.value


@pytest.mark.parametrize("command", [CALLBACK, HANGUP])
@pytest.mark.parametrize("trouble", ["hang", "reset", "close", "cut", "bad_chunk", "rubbish"])
def test_a_lost_answer_is_uncertain_and_not_asked_for_again(
    client: Client, wire: Any, answer: Answer, command: Command, trouble: str
) -> None:
    wire.replies = {
        "hang": [wire.hang],
        "reset": [wire.reset],
        "close": [b""],
        "cut": [b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"result":'],
        "bad_chunk": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n{"],
        "rubbish": [b"this is not HTTP\r\n\r\n"],
    }[trouble] + [answer(b'{"result":1000}')] * 3
    error = failing(client, command)
    assert type(error) is AnswerLost
    assert error.is_uncertain
    assert error.path == command.path
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("status", "body", "uncertain"),
    [
        ("502 Bad Gateway", b"<html>502</html>", True),
        ("504 Gateway Time-out", b"<html>504</html>", True),
        ("200 OK", b"<html>hello</html>", True),
        ("200 OK", b'{"result":5011}', True),
        ("429 Too Many Requests", b"", False),
        ("503 Service Unavailable", b"", False),
        ("401 Unauthorized", b"", False),
        ("420 Method Failure", b'{"code":3104}', False),
    ],
)
def test_a_failed_effect_is_not_repeated(
    client: Client, wire: Any, answer: Answer, status: str, body: bytes, uncertain: bool
) -> None:
    wire.replies = [answer(body, status)] + [answer(b'{"result":1000}')] * 3
    assert failing(client, CALLBACK).is_uncertain is uncertain
    assert len(wire.requests) == 1


@pytest.mark.parametrize("command", [CALLBACK, READ])
@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
def test_redirects_are_not_followed(
    client: Client, wire: Any, answer: Answer, command: Command, status: str
) -> None:
    wire.replies = [answer(b"", status, "Location: /elsewhere"), answer(KEY)]
    assert type(failing(client, command)) is UnexpectedAnswer
    assert len(wire.requests) == 1


def test_without_a_connection_nothing_was_sent(credentials: Credentials, clock: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = Client(
        credentials, api_url=f"http://127.0.0.1:{port}/vpbx/", clock=clock, sleep=clock.sleep
    )
    error = failing(client, CALLBACK)
    assert type(error) is NotSent
    assert not error.is_uncertain
    assert clock.slept == []


def test_a_connection_that_does_not_come_up_in_time(
    credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr("urllib3.util.connection.create_connection", never)
    assert type(failing(Client(credentials), CALLBACK)) is NotSent


def test_a_name_that_does_not_resolve(
    credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    assert type(failing(Client(credentials), CALLBACK)) is NotSent


@pytest.mark.parametrize("address", ["nonsense", "ftp://127.0.0.1/vpbx/", "http://[bad/vpbx/"])
def test_a_wrong_address_sends_nothing(credentials: Credentials, address: str) -> None:
    assert type(failing(Client(credentials, api_url=address), CALLBACK)) is NotSent


def test_a_missing_certificate_bundle_sends_nothing(
    credentials: Credentials, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/bundle.pem")
    client = Client(credentials, api_url=wire.url.replace("http:", "https:"))
    assert type(failing(client, CALLBACK)) is NotSent
    assert wire.requests == []


def test_an_effect_never_rides_on_a_kept_connection(
    client: Client, wire: Any, answer: Answer
) -> None:
    """On a connection the service is just closing, nobody could tell whether it arrived."""
    done = answer(b'{"result":1000}')
    wire.replies = [answer(KEY), answer(KEY), done, done, answer(KEY)]
    client.send(READ)
    client.send(READ)
    assert wire.connections == 1
    client.send(CALLBACK)
    client.send(HANGUP)
    assert wire.connections == 3
    client.send(READ)
    assert wire.connections == 3
    closing = [b"connection: close" in request.lower() for request in wire.requests]
    assert closing == [False, False, True, True, False]


def test_a_read_outlives_a_kept_connection_that_dies(
    client: Client, wire: Any, answer: Answer
) -> None:
    wire.replies = [answer(KEY), wire.reset, answer(KEY)]
    client.send(READ)
    assert client.send(READ).key == "K=="
    assert len(wire.requests) == 3


def test_a_read_is_repeated_with_growing_pauses(
    client: Client, wire: Any, answer: Answer, clock: Any
) -> None:
    wire.replies = [answer(b"<html>", "502 Bad Gateway"), b"", answer(KEY)]
    assert client.send(READ).key == "K=="
    first, second = clock.slept
    assert 1 <= first <= 2 <= second <= 4
    assert len(set(wire.requests)) == 1


def test_a_read_is_given_up_in_the_end(client: Client, wire: Any, answer: Answer) -> None:
    wire.replies = [answer(b"<html>", "502 Bad Gateway")] * 5
    assert type(failing(client, READ)) is UnexpectedAnswer
    assert len(wire.requests) == 3


def test_a_wrong_read_is_not_repeated(client: Client, wire: Any, answer: Answer) -> None:
    """§1.4.1: the second wrong request within two minutes locks the account."""
    wire.replies = [answer(b'{"result":3100}')] * 3
    assert isinstance(failing(client, READ), WrongRequest)
    assert len(wire.requests) == 1


def test_cookies_are_not_kept(client: Client, wire: Any, answer: Answer) -> None:
    wire.replies = [answer(KEY, "200 OK", "Set-Cookie: a=b; Path=/"), answer(KEY)]
    client.send(READ)
    client.send(READ)
    assert b"a=b" not in wire.requests[1]


def test_a_proxy_of_the_environment_is_not_used_for_this_machine(
    client: Client, wire: Any, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    wire.replies = [answer(KEY)]
    assert client.send(READ).key == "K=="


def test_a_proxy_of_the_environment_is_used_for_others(
    credentials: Credentials, wire: Any, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{wire.port}/")
    wire.replies = [answer(b'{"result":1000}')]
    client = Client(credentials, api_url="http://pbx.example/vpbx/")
    assert client.send(CALLBACK).code == 1000
    assert wire.requests[0].startswith(b"POST http://pbx.example/vpbx/commands/callback ")


def test_a_proxy_that_refuses_the_tunnel_sends_nothing(
    credentials: Credentials, monkeypatch: pytest.MonkeyPatch, make_wire: Any
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}/")
    assert type(failing(Client(credentials), CALLBACK)) is NotSent


def test_a_session_of_the_caller_is_used_and_left_open(
    credentials: Credentials, wire: Any, answer: Answer
) -> None:
    with requests.Session() as session:
        session.headers["X-Extra"] = "ours"
        wire.replies = [answer(b'{"result":1000}')] * 2
        with Client(credentials, api_url=wire.url, session=session) as client:
            client.send(CALLBACK)
        assert session.post(wire.url, data=b"x").status_code == 200
    assert b"X-Extra: ours" in wire.requests[0]
