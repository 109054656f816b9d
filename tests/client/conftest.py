"""What tests of the client share: credentials, a clock, and a real server to misbehave."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from django_mango.protocol.signing import Credentials

Step = Callable[[socket.socket], None]


class FakeClock:
    """Monotonic seconds, UTC and sleep in one; sleeping is a sum."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 6, 2, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.seconds += seconds


class Wire:
    """A server on loopback: each request read whole consumes the next reply.

    A reply is bytes to send or a function of the socket. ``requests`` are the raw
    requests, ``connections`` counts the connections accepted.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.replies: list[bytes | Step] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self.released = threading.Event()
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def url(self) -> str:
        scheme = "https" if self._context else "http"
        return f"{scheme}://127.0.0.1:{self.port}/vpbx/"

    def stop(self) -> None:
        self.released.set()
        # Wakes the accepting thread, which a close alone does not everywhere.
        with socket.socket() as waker:
            waker.connect_ex(("127.0.0.1", self.port))
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()
        self._listener.close()

    def hang(self, _: socket.socket) -> None:
        """Answer nothing until the test is over."""
        assert self.released.wait(10)

    @staticmethod
    def reset(connection: socket.socket) -> None:
        """Close with RST."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self.released.is_set():
                connection.close()
                return
            self.connections += 1
            self._open.append(connection)
            self._start(lambda connection=connection: self._serve(connection))

    def _serve(self, plain: socket.socket) -> None:
        connection = plain
        try:
            plain.settimeout(10)
            if self._context is not None:
                connection = self._context.wrap_socket(plain, server_side=True)
            while request := _read_request(connection):
                self.requests.append(request)
                reply = self.replies.pop(0)
                if callable(reply):
                    reply(connection)
                else:
                    connection.sendall(reply)
                if callable(reply) or not _is_whole(reply):
                    return
        except OSError:
            # The client went away or refused the handshake: its affair.
            pass
        finally:
            connection.close()
            plain.close()


def _is_whole(reply: bytes) -> bool:
    """Whether the reply ends where it says, so that the connection can be kept."""
    head, _, body = reply.partition(b"\r\n\r\n")
    return f"Content-Length: {len(body)}".encode() in head.splitlines()


def _read_request(connection: socket.socket) -> bytes:
    read = b""
    while b"\r\n\r\n" not in read:
        piece = connection.recv(65536)
        if not piece:
            return b""
        read += piece
    head, _, body = read.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in head.splitlines()
        if line.lower().startswith(b"content-length:")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """An HTTP answer with its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.fixture
def credentials() -> Credentials:
    return Credentials("the-secret-key", "the-secret-salt")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def answer() -> Callable[..., bytes]:
    return http


@pytest.fixture
def wire() -> Iterator[Wire]:
    server = Wire()
    yield server
    server.stop()


@pytest.fixture
def make_wire() -> Iterator[Callable[..., Wire]]:
    servers: list[Wire] = []

    def make(context: ssl.SSLContext | None = None) -> Wire:
        servers.append(Wire(context))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()
