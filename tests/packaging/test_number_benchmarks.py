"""The benchmarks of the phone index and of the call list run, and their queries are counted.

Times are for the benchmarks to say; here the sizes are tiny.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


def figures(name: str, tmp_path: Path, *sizes: str) -> dict[str, Any]:
    file = tmp_path / "figures.json"
    options = ["--database", "sqlite", "--json", str(file), *sizes, "--pages", "2"]
    ran = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *options],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if not key.startswith("DATABASE")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_a_page_of_calls_finds_its_clients_in_three_queries(tmp_path: Path) -> None:
    found = figures("numbers", tmp_path, "--small", "30", "--large", "300")
    for size in ("small", "large"):
        assert found[size]["queries"] == 3, "the index, and each of two kinds of clients"
        assert found[size]["found"] == "90.0", "every tenth is a stranger"


def test_the_call_list_has_at_most_twelve_queries(tmp_path: Path) -> None:
    found = figures("call_list", tmp_path, "--small", "200", "--large", "400")
    assert set(found["small"]) == {"superuser", "supervisor", "manager"}
    for size in ("small", "large"):
        assert all(viewer["queries"] <= 12 for viewer in found[size].values())
