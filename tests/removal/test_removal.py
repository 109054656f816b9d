"""Taken out as the manual says, telephony leaves a host that works as before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run(step: str, settings: str, database: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(Path(__file__).with_name("child.py")), step],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": f"tests.removal.{settings}",
            "REMOVAL_DATABASE": str(database),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


def test_a_host_works_after_the_removal(tmp_path: Path) -> None:
    database = tmp_path / "host.sqlite3"
    run("install", "with_telephony", database)
    run("uninstall", "with_telephony", database)
    run("look", "without", database)
