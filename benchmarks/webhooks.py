"""Notifications per second, against a bare view that inserts one row.

Both under the same server and database, in one run, with persistent connections to
both; clients and server share the machine. A notification of ours is verified,
stored, deduplicated and projected to a call; the bare view stores the text.

    python -m benchmarks.webhooks --database postgresql
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from django_mango.protocol.encoding import CONTENT_TYPE, compact_json, form_body
from django_mango.protocol.signing import Credentials

from . import database, table
from .conversations import conversations

_CREDENTIALS = Credentials("test-key", "test-salt")
Request = tuple[str, bytes]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, return 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", choices=database.CHOICES, default="postgresql")
    parser.add_argument("--calls", type=int, default=400, help="conversations of 7 notifications")
    parser.add_argument("--clients", type=int, default=4, help="simultaneous senders")
    parser.add_argument("--workers", type=int, default=2, help="processes of the server")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args(argv)
    with database.prepared(options.database):
        _team()
        server, port = _server(options.workers)
        try:
            figures = _measure(port, options)
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=20)
        stored = _stored()
    _show(options, figures)
    print(json.dumps(stored))
    table.save(options.json, {"machine": table.machine(), **figures, "stored": stored})
    return 0


def serve(workers: int) -> None:
    """The server: Django's own threaded one in several processes, connections kept open."""
    import django

    django.setup()
    from django.core.handlers.wsgi import WSGIHandler
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

    class Handler(WSGIRequestHandler):
        # Head and body in one packet: else delayed acknowledgements are measured.
        wbufsize = -1
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing: writing a line each is no part of the measurement."""

    server = ThreadedWSGIServer(("127.0.0.1", 0), Handler)
    server.set_app(WSGIHandler())
    print(server.server_port, flush=True)
    # Workers of one listening socket, as application servers have them.
    for _worker in range(workers - 1):
        if os.fork() == 0:
            break
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server.serve_forever()


def _server(workers: int) -> tuple[subprocess.Popen[str], int]:
    child = subprocess.Popen(
        [sys.executable, "-c", f"from benchmarks.webhooks import serve; serve({workers})"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ.copy(),
        start_new_session=True,
    )
    assert child.stdout is not None
    return child, int(child.stdout.readline())


def _team() -> None:
    """Employees, so that the directory is as large as a real one."""
    from django_mango.models import Account, Employee, EmployeeAddress

    account = Account.objects.create(alias="default")
    for number in range(50):
        employee = Employee.objects.create(account=account, name=f"Employee {number}")
        for kind, value in (
            ("extension", str(100 + number)),
            ("sip", f"user{number}@team.mangosip.ru"),
        ):
            EmployeeAddress.objects.create(employee=employee, kind=kind, value=value)


def _measure(port: int, options: argparse.Namespace) -> dict[str, float]:
    """Rounds of both alternate; the best of each counts, disturbances only slow down."""
    ours: list[float] = []
    bare: list[float] = []
    per_round = max(1, options.calls // options.rounds)
    calls = list(conversations(per_round * (options.rounds + 1)))
    for turn in range(options.rounds + 1):
        part = calls[turn * per_round : (turn + 1) * per_round]
        signed = [[(f"/mango/default/{kind}", _body(value)) for kind, value in c] for c in part]
        plain = [[("/bare/", body) for _path, body in call] for call in signed]
        speeds = _rate(port, plain, options.clients), _rate(port, signed, options.clients)
        if turn:  # the first round warms both up
            bare.append(speeds[0])
            ours.append(speeds[1])
    return {"bare": max(bare), "ours": max(ours), "ratio": max(ours) / max(bare)}


def _body(value: dict[str, object]) -> bytes:
    return form_body(_CREDENTIALS, compact_json(value))


def _rate(port: int, calls: list[list[Request]], clients: int) -> float:
    """Requests per second; a conversation is posted by one client, in order."""
    parts = [calls[index::clients] for index in range(clients)]
    failures: list[str] = []

    def post(part: list[list[Request]]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for call in part:
            for path, body in call:
                connection.request("POST", path, body, {"Content-Type": CONTENT_TYPE})
                response = connection.getresponse()
                response.read()
                if response.status != 200:
                    failures.append(f"{path}: {response.status}")
        connection.close()

    threads = [threading.Thread(target=post, args=(part,)) for part in parts]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    if failures:
        raise SystemExit(f"{len(failures)} requests failed, the first: {failures[0]}")
    return sum(len(call) for call in calls) / elapsed


def _stored() -> dict[str, int]:
    from django_mango.models import Call, Notification

    from .bare.models import BareRow

    return {
        "notifications": Notification.objects.count(),
        "calls": Call.objects.filter(is_final=True).count(),
        "bare rows": BareRow._default_manager.count(),
    }


def _show(options: argparse.Namespace, figures: dict[str, float]) -> None:
    table.show(
        f"Notifications per second on {options.database}, {options.workers} workers,"
        f" {options.clients} clients"
        f" ({table.machine()})",
        ("", "per second", "ratio"),
        [
            ("bare view, one row", f"{figures['bare']:.0f}", "1.00"),
            (
                "django-mango, stored and projected",
                f"{figures['ours']:.0f}",
                f"{figures['ratio']:.2f}",
            ),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
