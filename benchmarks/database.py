"""A database for one run: ``sqlite``, ``postgresql`` or ``mariadb``."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

CHOICES = ("sqlite", "postgresql", "mariadb")


@contextmanager
def prepared(vendor: str) -> Iterator[None]:
    """Django set up on an empty, migrated database that is dropped at the end.

    Children of this process inherit it through the environment.
    """
    os.environ["DATABASE"] = vendor
    if vendor != "sqlite":
        os.environ.update(_server(vendor))
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    with tempfile.TemporaryDirectory() as folder:
        # Two benchmarks at one moment must not drop each other's database.
        name = f"mango_benchmark_{os.getpid()}"
        if vendor == "sqlite":
            name = str(Path(folder) / "benchmark.sqlite3")
        os.environ["BENCHMARK_DATABASE"] = name
        django.setup()
        from django.core.management import call_command
        from django.db import connection

        creation = connection.creation
        if vendor == "sqlite":
            call_command("migrate", run_syncdb=True, verbosity=0)
            yield
            connection.close()
            return
        created = creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        os.environ["BENCHMARK_DATABASE"] = created
        try:
            yield
        finally:
            connection.close()
            creation.destroy_test_db(name, verbosity=0)


def _server(vendor: str) -> dict[str, str]:
    """Where the server is and as whom we may create a database; ends with one line if nowhere."""
    finder = Path(__file__).parent.parent / "scripts" / "database-server"
    found = subprocess.run(
        [sys.executable, str(finder), vendor], capture_output=True, text=True, check=False
    )
    if found.returncode:
        raise SystemExit(found.stderr.strip())
    return dict(line.split("=", 1) for line in found.stdout.splitlines())
