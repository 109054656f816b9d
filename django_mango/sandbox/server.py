"""HTTP around the switchboard: one thread a connection, one request a connection.

The connection is closed after every answer, so that no client ever sends a
command into one that is just being dropped.
"""

from __future__ import annotations

import socket
import sys
import threading
import traceback
import uuid
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from .answers import Answer, Request, framework_error
from .switchboard import fault

MAX_BODY = 1_048_576
_PATIENCE = 10.0

Handle = Callable[[Request], Answer]


class Server(ThreadingHTTPServer):
    """Listens on loopback; ``stop()`` ends its thread and every open connection."""

    daemon_threads = False
    request_queue_size = 64
    allow_reuse_address = True

    def __init__(self, host: str, port: int, handle: Handle) -> None:
        if ":" in host:
            self.address_family = socket.AF_INET6
        self.handle_request_by = handle
        self._open: set[socket.socket] = set()
        self._open_guard = threading.Lock()
        self._thread: threading.Thread | None = None
        super().__init__((host, port), _Handler)

    @property
    def port(self) -> int:
        """The port listened on, also when 0 was asked for."""
        return int(self.server_address[1])

    def server_bind(self) -> None:
        # HTTPServer looks the host's name up in DNS here, which may take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.port

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.1}, name="sandbox-http"
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, cut what is open, wait for all threads."""
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
            self._thread = None
        with self._open_guard:
            for connection in self._open:
                _cut(connection)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nobody's fault; the rest is told on stderr."""
        if not isinstance(sys.exc_info()[1], OSError):
            traceback.print_exc(file=sys.stderr)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE
    server: Server

    def _serve(self) -> None:
        self.close_connection = True
        try:
            answer = self._answer()
        except OSError:
            return
        except Exception:  # noqa: BLE001 - the last resort of a server, told on stderr
            traceback.print_exc(file=sys.stderr)
            answer = fault()
        self._send(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815

    def _answer(self) -> Answer:
        announced = self.headers.get("Content-Length", "0").strip()
        if not (announced.isascii() and announced.isdigit()):
            return framework_error(400, "Bad Request", "Wrong Content-Length.")
        if self.headers.get("Transfer-Encoding"):
            return framework_error(411, "Length Required", "Send a Content-Length.")
        if len(announced) > 9 or int(announced) > MAX_BODY:
            return framework_error(413, "Payload Too Large", "The body is too large.")
        body = self.rfile.read(int(announced))
        host = self.headers.get("Host") or f"{self.server.server_name}:{self.server.port}"
        path = urlsplit(self.path).path if self.path.startswith("/") else self.path
        return self.server.handle_request_by(Request(self.command, path, body, host))

    def _send(self, answer: Answer) -> None:
        body = answer.body
        chunked = not isinstance(body, bytes) and self.request_version != "HTTP/1.0"
        self.send_response(answer.status, "Method Failure" if answer.status == 420 else None)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("X-Uuid", str(uuid.uuid4()))
        self.send_header("Connection", "close")
        if isinstance(body, bytes):
            if answer.status != 204:
                self.send_header("Content-Length", str(len(body)))
        elif chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.command == "HEAD":
            return
        if isinstance(body, bytes):
            self.wfile.write(body)
        else:
            self._stream(body, chunked=chunked)

    def _stream(self, pieces: Iterable[bytes], *, chunked: bool) -> None:
        for piece in pieces:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def version_string(self) -> str:
        return "MangoSandbox"

    def log_message(self, *_args: Any) -> None:
        """No access log: it would drown the one line that says the sandbox is ready."""


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it was gone already
