"""Starting and meeting the processes of ``import_child``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

SCRIPT = Path(__file__).with_name("import_child.py")
Process = subprocess.Popen[str]


@contextmanager
def children(*plans: dict[str, Any]) -> Iterator[list[Process]]:
    """Processes on the database of this test, all at their starting line."""
    with ExitStack() as stack:
        found = [stack.enter_context(_child(plan)) for plan in plans]
        for process in found:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield found


def outcomes(
    processes: Sequence[Process], *, kill_after: float | None = None
) -> list[tuple[int, str]]:
    """Start them all at one moment; exit code and last words of each.

    After ``kill_after`` seconds they are killed, whatever they do.
    """
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    if kill_after is not None:
        time.sleep(kill_after)
        for process in processes:
            process.kill()
    found = []
    for process in processes:
        told, complaints = process.communicate(timeout=120)
        found.append((process.returncode, told.strip() or complaints[-2000:]))
    return found


def batched(plans: Sequence[dict[str, Any]], size: int) -> Iterator[Sequence[dict[str, Any]]]:
    """So many processes at a time: each of them takes memory."""
    for first in range(0, len(plans), size):
        yield plans[first : first + size]


@contextmanager
def _child(plan: dict[str, Any]) -> Iterator[Process]:
    whole = {"database": str(connection.settings_dict["NAME"]), "alias": "default", **plan}
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), json.dumps(whole)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
