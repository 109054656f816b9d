"""Starting, meeting and killing the processes of ``calling_child``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

from tests.services.calling_bench import CLIENT, mango

SCRIPT = Path(__file__).with_name("calling_child.py")


@contextmanager
def child(url: str, do: str = "place", **plan: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that works on the database of this test; killed at the end if it still lives."""
    whole = {
        "do": do,
        "number": CLIENT,
        "database": str(connection.settings_dict["NAME"]),
        "mango": mango(url),
        "port": urlsplit(url).port,
        **plan,
    }
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), json.dumps(whole)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def hear(process: subprocess.Popen[str]) -> str:
    """The next line of the process; empty when it ended."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: subprocess.Popen[str]) -> None:
    """Let a process that said ``ready`` go on."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
