"""The same family of checks in projects that differ as hosts do, each with its own settings.

Settings such as ``AUTH_USER_MODEL`` hold for a whole process, so each project gets one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROJECTS = sorted(path.stem for path in (HERE / "projects").glob("*.py"))


def run(project: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """pytest over ``checks.py`` under the settings of one host project."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": f"tests.hosts.projects.{project}",
        "DATABASE": "sqlite",
    }
    return subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
            f"--ds=tests.hosts.projects.{project}", str(HERE / "checks.py"), *arguments,
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize("project", PROJECTS)
def test_host(project: str) -> None:
    result = run(project)
    assert result.returncode == 0, f"{result.stdout[-6000:]}\n{result.stderr[-2000:]}"
    assert " passed" in result.stdout
