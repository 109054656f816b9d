"""A job in a process of its own, started by ``services.detached`` and nobody else."""

from __future__ import annotations

import json
import os
import sys

from django.db import connections

from ..services.background import run
from ..services.detached import READY


def main(name: str, arguments: str) -> None:
    """Say that we are up, then be silent: nobody reads on. Errors go to the standard error."""
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    with open(os.devnull, "w") as nothing:  # noqa: PTH123 - a path would not be shorter
        os.dup2(nothing.fileno(), sys.stdout.fileno())
    try:
        run(name, json.loads(arguments))
    finally:
        connections.close_all()
