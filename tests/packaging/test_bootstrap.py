"""``make`` finds a Python that really runs, or says in one line what to install."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "scripts"
SHELL = shutil.which("sh")
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
#: Stands in for a version manager's stand-in, found on PATH but unable to run.
SHIM = '#!/bin/sh\necho "$0: command not found" >&2\nexit 127\n'

pytestmark = pytest.mark.skipif(SHELL is None, reason="needs a POSIX shell")


@pytest.fixture
def bin_dir(tmp_path: Path) -> Path:
    """A PATH with the few tools the scripts use and no Python at all; its name has a blank."""
    folder = tmp_path / "my tools"
    folder.mkdir()
    for tool in ("sh", "dirname"):
        found = shutil.which(tool)
        assert found
        (folder / tool).symlink_to(found)
    return folder


def put(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)


def real(python: str = sys.executable) -> str:
    """A command that is this interpreter, whatever its name."""
    return f'#!/bin/sh\nexec "{python}" "$@"\n'


def run(
    script: str, folder: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPTS / script), *arguments],
        env={"PATH": str(folder), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def version_of(python: str) -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip()


def test_a_name_that_cannot_run_is_passed_over(bin_dir: Path) -> None:
    for name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        put(bin_dir, name, SHIM)
    put(bin_dir, "python3", real())
    found = run("find-python", bin_dir)
    assert found.returncode == 0
    assert version_of(found.stdout.strip()) == VERSION


def test_a_name_that_lies_about_its_version_is_passed_over(bin_dir: Path) -> None:
    wrong = "3.14" if VERSION != "3.14" else "3.13"
    put(bin_dir, f"python{wrong}", real())
    put(bin_dir, "python3", SHIM)
    assert run("find-python", bin_dir, wrong).returncode == 1


def test_never_the_python_of_a_virtual_environment_that_may_be_rebuilt(bin_dir: Path) -> None:
    if sys.prefix == sys.base_prefix:
        pytest.skip("the tests run outside a virtual environment")
    put(bin_dir, f"python{VERSION}", real())
    found = run("find-python", bin_dir, VERSION).stdout.strip()
    assert Path(found).is_relative_to(sys.base_prefix)


def test_the_one_named_by_the_user_decides(bin_dir: Path) -> None:
    put(bin_dir, "python3", real())
    put(bin_dir, "broken", SHIM)
    assert run("find-python", bin_dir, PYTHON=str(bin_dir / "broken")).returncode == 1
    named = run("find-python", bin_dir, PYTHON=sys.executable)
    assert version_of(named.stdout.strip()) == VERSION


def test_no_python_is_one_line(bin_dir: Path) -> None:
    result = run("bootstrap", bin_dir)
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert "install python3 (3.11+)" in line


def test_a_wrong_name_is_one_line(bin_dir: Path) -> None:
    put(bin_dir, "python3", real())
    result = run("bootstrap", bin_dir, PYTHON="no-such-python")
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert "PYTHON=no-such-python" in line


@pytest.mark.parametrize(
    ("module", "advice"),
    [("ensurepip", "-venv"), ("venv", "-venv"), ("_sqlite3", "sqlite3"), ("ssl", "ssl")],
)
def test_a_missing_module_is_one_line(module: str, advice: str, tmp_path: Path) -> None:
    # A copy, so that a fault of the script cannot rebuild the environment these tests run in.
    script = tmp_path / "scripts" / "bootstrap.py"
    script.parent.mkdir()
    shutil.copy(SCRIPTS / "bootstrap.py", script)
    # As distributions ship Python without the module: it cannot be found.
    code = (
        "import importlib.util, os, runpy, sys\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = "
        f"lambda name, package=None: None if name == {module!r} else find(name, package)\n"
        f"runpy.run_path({str(script)!r}, run_name='__main__')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ, capture_output=True, text=True
    )
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert module.lstrip("_") in line
    assert advice in line
