"""Importing call statistics, against the loop one writes first and against the raw limit.

    python -m benchmarks.stats_import --rows 100000 --database postgresql

One body of ``stats/result`` as the service sends it goes into the database in several ways,
each in a process of its own: by ``update_or_create`` row by row into one flat table; by hand
into our record table with nothing checked (the raw limit); our records alone; and everything
an import does with an answer, records, calls, participants, recordings and missed calls. Then
the same answer once more, unchanged, with triggers that count what is written.

``--scale`` does the latter with ten times the rows as well, ``--overlap`` imports a month of one
busy account (300,000 rows) of which every webhook is stored already. Required ratios are
printed beside the measured ones; the exit code is 1 when one does not hold.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import database, table
from .statistics_body import write_body
from .stats_required import Requirement, requirements

_SCALE = 10
_WARM_UP = 3000


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print; 1 when a requirement does not hold."""
    options = _parser().parse_args(argv)
    with (
        database.prepared(options.database),
        tempfile.TemporaryDirectory(prefix="mango_statistics_") as folder,
    ):
        figures = measure(options, Path(folder))
    demands = requirements(options.database, figures)
    show(options, figures, demands)
    table.save(
        options.json,
        {
            "machine": table.machine(),
            **vars(options),
            "measured": figures,
            "required": [demand.as_json() for demand in demands],
        },
    )
    return 0 if all(demand.holds for demand in demands) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stats_import", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--database", choices=database.CHOICES, default="sqlite")
    parser.add_argument("--naive-rows", type=int, default=4000, help="the loop takes so few rows")
    parser.add_argument(
        "--rounds", type=int, default=2, help="of each way; the best counts, others only disturb"
    )
    parser.add_argument("--scale", action="store_true", help="ten times the rows as well")
    parser.add_argument("--overlap", action="store_true", help="a month known from webhooks too")
    parser.add_argument("--overlap-rows", type=int, default=300_000)
    parser.add_argument("--json", metavar="FILE")
    return parser


def measure(options: argparse.Namespace, folder: Path) -> dict[str, dict[str, Any]]:
    """Figures by way: rows, seconds, rows per second, memory, what was written."""
    from .rewrites import empty

    body, few, warm = folder / "body.csv", folder / "few.csv", folder / "warm.csv"
    write_body(body, options.rows)
    write_body(few, min(options.naive_rows, options.rows))
    write_body(warm, _WARM_UP, seed=2)
    found: dict[str, dict[str, Any]] = {}
    for _round in range(options.rounds):
        for way in ("naive", "raw", "records", "calls", "again"):
            if way != "again":
                empty()
            _keep(found, way, _run(way, few if way == "naive" else body))
    if options.scale:
        large = folder / "large.csv"
        write_body(large, options.rows * _SCALE)
        empty()
        _keep(found, "scale", _run("calls", large))
        large.unlink()
    if options.overlap:
        month = folder / "month.csv"
        write_body(month, options.overlap_rows)
        empty()
        _run("webhooks", month)
        _keep(found, "overlap", _run("overlap", month))
    return found


def _run(way: str, body: Path) -> dict[str, Any]:
    child = subprocess.run(
        [sys.executable, "-m", "benchmarks.stats_way", way, str(body)],
        capture_output=True,
        text=True,
        check=False,
    )
    if child.returncode:
        raise SystemExit(f"{way}: {child.stderr.strip()[-2000:]}")
    found: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return found


def _keep(found: dict[str, dict[str, Any]], way: str, figures: dict[str, Any]) -> None:
    """The fastest round counts; of memory the most."""
    before = found.get(way)
    if before is None:
        found[way] = figures
        return
    most = max(before["above_idle_mb"], figures["above_idle_mb"])
    found[way] = max(before, figures, key=lambda one: one["per_second"]) | {"above_idle_mb": most}


_NAMES = {
    "naive": "update_or_create into one flat table",
    "raw": "raw limit: by hand, records only",
    "records": "ours, records alone",
    "calls": "ours, records and calls",
    "again": "the same again, unchanged",
    "scale": "ours, records and calls, ten times the rows",
    "overlap": "a month known from webhooks, records and calls",
}


def show(
    options: argparse.Namespace,
    figures: dict[str, dict[str, Any]],
    demands: Sequence[Requirement],
) -> None:
    """The side-by-side table, then what is required beside what was measured."""
    naive, raw = figures["naive"]["per_second"], figures["raw"]["per_second"]
    table.show(
        f"{options.rows} rows of statistics on {options.database} ({table.machine()})",
        ("", "rows", "s", "rows/s", "to loop", "to raw", "MB above idle", "calls"),
        [
            (
                _NAMES[way],
                one["rows"],
                f"{one['seconds']:.2f}",
                f"{one['per_second']:.0f}",
                f"{one['per_second'] / naive:.1f}",
                f"{one['per_second'] / raw:.2f}",
                f"{one['above_idle_mb']:.0f}",
                one.get("calls", ""),
            )
            for way, one in figures.items()
        ],
    )
    table.show(
        "Required",
        ("", "required", "measured", ""),
        [
            (one.what, one.required, one.measured, "holds" if one.holds else "FAILS")
            for one in demands
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
