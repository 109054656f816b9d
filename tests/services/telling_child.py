"""A process of its own that tells the inbox things, to be raced: run as a script.

    python telling_child.py <plan as JSON>

The plan names the database of the parent's tests, the account, notifications as
pairs of kind and text, and numbers to resolve after each. ``ready`` is printed before
the race, which begins with a line on standard input; then one line for each signal of
a settled missed call, and ``done``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import django
from django.conf import settings

PLAN: dict[str, Any] = json.loads(sys.argv[1])


def say(*words: str) -> None:
    print(*words, flush=True)


def main() -> None:
    settings.DATABASES["default"]["NAME"] = PLAN["database"]
    django.setup()
    from django.db import connection

    from django_mango import signals
    from django_mango.models import Account
    from django_mango.services import receive
    from django_mango.services.missed import resolve_clients

    def hear(call: Any, by: Any, **_: Any) -> None:
        say("settled", call.entry_id)

    signals.missed_call_resolved.connect(hear)
    account = Account.objects.get(alias="default")
    say("ready")
    sys.stdin.readline()
    for kind, text in PLAN["notifications"]:
        receive(account, kind, kind, text.encode())
        resolve_clients(account, PLAN["numbers"])
    connection.close()
    say("done")


if __name__ == "__main__":
    main()
