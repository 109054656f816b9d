"""A process of its own that receives or imports, to be killed or raced: run as a script.

    python import_child.py <plan as JSON>

The plan names the database of the parent's tests and what to do. ``ready`` is printed
before the work, which begins with a line on standard input; the last line is the outcome.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import django
from django.conf import settings

PLAN: dict[str, Any] = json.loads(sys.argv[1])


class Killer:
    """Kills the process before its n-th statement: no handler, no clean-up, no rollback.

    A commit counts as two: the moments before and after it.
    """

    def __init__(self, at: int) -> None:
        self._left = at

    def __call__(self, execute: Callable[..., Any], *rest: Any) -> Any:
        self._step()
        return execute(*rest)

    def around(self, commit: Callable[[], None]) -> Callable[[], None]:
        def counted() -> None:
            self._step()
            commit()
            self._step()

        return counted

    def _step(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def load(account: Any, client: Any) -> Any:
    """One import of the plan's period, as ``how`` says: again, go_on or resume."""
    from django_mango.services import Period, import_periods, unfinished_periods

    since, until = (datetime.fromisoformat(PLAN[name]) for name in ("since", "until"))
    how = PLAN.get("how", "again")
    # Killed before its first window was known, a run has left nothing to resume.
    kind = PLAN.get("kind", "basic")
    periods = (unfinished_periods(account, kind) if how == "resume" else []) or [
        Period(since, until)
    ]
    window = timedelta(days=PLAN["window"]) if "window" in PLAN else None
    return import_periods(
        account, periods, kind=kind, window=window, go_on=how == "go_on", client=client
    )


def main() -> None:
    database = settings.DATABASES["default"]
    database["NAME"] = PLAN["database"]
    if PLAN.get("deferred"):  # Django's own default on SQLite
        database["OPTIONS"].pop("transaction_mode", None)
    django.setup()
    from django.db import connection

    from django_mango.models import Account
    from django_mango.services import receive
    from django_mango.services.importing import batches
    from tests.services.import_bench import importer

    account = Account.objects.get(alias=PLAN["alias"])
    batches.BATCH = PLAN.get("batch", batches.BATCH)
    print("ready", flush=True)
    sys.stdin.readline()
    if PLAN["do"] == "deliver":
        for kind, text in PLAN["deliveries"]:
            receive(account, kind, kind, text.encode())
        print("done", flush=True)
    else:
        killer = Killer(PLAN.get("kill_at", 0))
        connection._commit = killer.around(connection._commit)  # type: ignore[attr-defined,method-assign]
        with connection.execute_wrapper(killer):
            for _ in range(PLAN.get("times", 1)):
                with importer(PLAN["url"]) as client:
                    report = load(account, client)
        print("done" if report.ok else f"failed: {report.errors}", flush=True)
    connection.close()


if __name__ == "__main__":
    main()
