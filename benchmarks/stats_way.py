"""One way of importing in a process of its own: seconds, rows, memory above the idle process.

    python -m benchmarks.stats_way naive|raw|records|calls|again|webhooks|overlap BODY

Run by ``benchmarks.stats_import`` with the database in the environment; prints JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import django

from . import memory

_ON_WHAT_IS_THERE = ("again", "overlap")


def main(way: str, body: Path) -> None:
    """Measure one way on the database at hand."""
    django.setup()
    from django.db import connection

    from . import stats_naive, stats_ours, stats_overlap, stats_raw
    from .rewrites import counted_writes
    from .team import team

    account = team()
    warm_up = body.with_name("warm.csv")
    ways: dict[str, Any] = {
        "naive": lambda body: {"rows": stats_naive.run(body)},
        "raw": lambda body: {"rows": stats_raw.run(body, account.pk)},
        "records": lambda body: stats_ours.records_alone(body, account),
        "calls": lambda body: stats_ours.records_and_calls(body, account),
        "webhooks": lambda body: stats_overlap.store_webhooks(body, account),
    }
    # "again" and "overlap" differ from "calls" in what is stored already.
    run = ways.get(way, ways["calls"])
    if way not in _ON_WHAT_IS_THERE and warm_up.exists():
        # A first batch loads modules, connects and makes the SQL: an idle worker has done so.
        run(warm_up)
        _empty()
    memory.forget_peak()
    idle = memory.resident_mb()
    with counted_writes(connection, is_on=way == "again") as writes:
        began = time.perf_counter()
        figures = run(body)
        seconds = time.perf_counter() - began
    peak = memory.peak_mb()
    if way == "overlap":
        figures["wrong"] = stats_overlap.wrong(body, account)
    figures |= {
        "seconds": seconds,
        "per_second": figures["rows"] / seconds,
        "idle_mb": idle,
        "above_idle_mb": peak - idle,
        "writes": dict(writes),
    }
    print(json.dumps(figures))


def _empty() -> None:
    from .rewrites import empty

    empty()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
