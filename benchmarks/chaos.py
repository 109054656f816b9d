"""Live calls with bad mail, then one import: is every call what it would be undisturbed?

The sandbox plays the same calls twice, once with faultless deliveries and once in its chaos
mode (late, doubled, out of order, every fifth lost). Both are stored as they arrive, each
is followed by one import of the same statistics, and every call is compared field by field.

    python -m benchmarks.chaos --calls 2000

The exit code is 1 on any difference but one kind, which is counted apart and shown: a
callback whose client was never rung has a single row of statistics, that of an incoming
call. If every notification of it was lost, nothing in the world tells it from one
(docs/projection.md); about one call in four thousand of this mix ends so.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from . import database, table


def main(argv: Sequence[str] | None = None) -> int:
    """Play, compare, print; 1 when a call differs that need not, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1, help="of the calls and of the chaos")
    parser.add_argument("--database", choices=database.CHOICES, default="sqlite")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args(argv)
    with database.prepared(options.database):
        figures, examples = measure(options.calls, options.seed)
    table.show(
        f"{options.calls} calls with chaos, on {options.database} ({table.machine()})",
        ("", "count"),
        list(figures.items()),
    )
    if examples:
        table.show("First differences", ("call",), [(text,) for text in examples])
    table.save(
        options.json, {"machine": table.machine(), **vars(options), **figures, "first": examples}
    )
    return 1 if figures["calls different"] > figures["of these undecidable"] else 0


def measure(calls: int, seed: int) -> tuple[dict[str, float], list[str]]:
    """The figures, and the first ten calls that differ."""
    # Models can be imported only once Django is set up.
    from .chaos_runs import differences, overtaken, run

    began = time.perf_counter()
    calm = run("calm", calls, seed=seed, chaos=False)
    stormy = run("chaos", calls, seed=seed, chaos=True)
    found = list(differences(calm, stormy))
    mail = stormy.traffic.pbx.courier
    compared = len(calm.traffic.story)
    figures = {
        "calls": compared,
        "notifications sent": mail.sent,
        "lost": mail.lost,
        "doubled": mail.doubled,
        "late": mail.late,
        "overtaken by a later one": overtaken(calm.traffic.deliveries, stormy.traffic.deliveries),
        "calls known from statistics only": compared - len(stormy.heard_of),
        "calls equal": compared - len(found),
        "calls different": len(found),
        "of these undecidable": sum(not one.is_heard_of for one in found),
        "seconds": round(time.perf_counter() - began, 1),
    }
    return figures, [str(one) for one in found[:10]]


if __name__ == "__main__":
    sys.exit(main())
