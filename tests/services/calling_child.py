"""A process of its own that places calls, to be killed or raced: run as a script.

    python calling_child.py <plan as JSON>

The plan names the database of the parent's tests, ``MANGO`` and what to do. Where
the process has to stop it prints a line and waits for its end; ``ready`` is printed
before a race, which begins with a line on standard input.
"""

from __future__ import annotations

import json
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import django
from django.conf import settings

PLAN: dict[str, Any] = json.loads(sys.argv[1])


def stop_here(*_: object) -> None:
    say("stopped")
    signal.pause()


def say(word: str) -> None:
    print(word, flush=True)


def stop_when_connecting() -> None:
    """Stop where the first byte would leave: the row says ``sent``, nothing was."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family == socket.AF_INET and address[1] == PLAN["port"]:
            stop_here()
        real(self, address)

    socket.socket.connect = connect  # type: ignore[method-assign] # the edge of the process


def stop_before_sent(execute: Callable[..., Any], sql: str, params: Any, *rest: Any) -> Any:
    """Stop before the statement that moves the row to ``sent``; it stays ``created``."""
    if sql.startswith("UPDATE") and params and params[0] == "sent":
        stop_here()
    return execute(sql, params, *rest)


def place(user: Any) -> None:
    from django_mango.services import ColleagueBusy, place_call

    options = {"token": PLAN.get("token"), "mind_colleagues": PLAN.get("mind_colleagues", False)}
    try:
        command = place_call(user, PLAN["number"], **options)
    except ColleagueBusy:
        say("asked")
    else:
        say(f"{command.command_id} {command.status} {command.problem}")


def main() -> None:
    settings.DATABASES["default"]["NAME"] = PLAN["database"]
    settings.MANGO = PLAN["mango"]
    django.setup()
    from django.contrib.auth.models import User
    from django.db import connection, transaction

    from django_mango.models import Call
    from django_mango.services import hang_up, place_call, request_call

    user = User.objects.get(username=PLAN.get("user", "anna"))
    if PLAN.get("stop") == "connecting":
        stop_when_connecting()
    if PLAN.get("race"):
        say("ready")
        sys.stdin.readline()
    if PLAN["do"] == "request":
        with transaction.atomic():
            transaction.on_commit(stop_here)
            request_call(user, PLAN["number"], token=PLAN.get("token"))
    elif PLAN["do"] == "hang_up":
        say(hang_up(user, Call.objects.get(), token=PLAN.get("token")).command_id)
    elif PLAN.get("stop") == "before_sent":
        with connection.execute_wrapper(stop_before_sent):
            place_call(user, PLAN["number"], token=PLAN.get("token"))
    else:
        place(user)
    connection.close()


if __name__ == "__main__":
    main()
