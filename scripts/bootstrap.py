"""Build ``.venv`` beside pyproject.toml with the package and its test tools, when needed.

Needed means: not there, broken, moved, left half-built, or built for another interpreter or
another pyproject.toml. Otherwise nothing is done, so that a second run needs no network.
Standard library only; any failure is one line and exit code 1.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "built-from"
LOCK = ROOT / "var" / "bootstrap.lock"
PYTHON = VENV / "bin" / "python"


class Failure(Exception):
    """Why there is no environment, in one line that says what to do."""


def main() -> int:
    try:
        _check_interpreter()
        with _alone():
            if not _is_current():
                _build()
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def _check_interpreter() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for module, package in (
        ("venv", f"python{version}-venv"),
        ("ensurepip", f"python{version}-venv"),
        ("sqlite3", "the sqlite3 module"),
        ("_sqlite3", "the sqlite3 module"),
        ("ssl", "the ssl module"),
    ):
        if importlib.util.find_spec(module) is None:
            raise Failure(
                f"{sys.executable} has no module {module.lstrip('_')}: install {package} for "
                f"Python {version}, or name another interpreter: make demo PYTHON=/path/to/python3"
            )


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Let one process build at a time: ``make demo`` and ``make test`` may start together."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_current() -> bool:
    with contextlib.suppress(OSError):
        if STAMP.read_text(encoding="utf-8") == _origin():
            return _run([str(PYTHON), "-c", "import django_mango, pytest"]).returncode == 0
    return False


def _origin() -> str:
    """What the environment was made from; its own path counts, because it is written into it."""
    pyproject = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    return "\n".join([sys.version, os.path.realpath(sys.executable), str(ROOT), pyproject, ""])


def _build() -> None:
    print("Building .venv (once; needs the network)...", flush=True)
    if VENV.exists() or VENV.is_symlink():
        _remove()
    _must([sys.executable, "-I", "-m", "venv", str(VENV)], "the virtual environment was not made")
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # Nobody who tries the demo has a compiler: an older wheel is better than a newer source.
    _must([*pip, "--prefer-binary", "--editable", f"{ROOT}[test]"], "the packages do not install")
    STAMP.write_text(_origin(), encoding="utf-8")


def _remove() -> None:
    if VENV.is_symlink() or not VENV.is_dir():
        raise Failure(f"{VENV} is in the way and not a directory: move it away")
    if not (VENV / "pyvenv.cfg").exists() and any(VENV.iterdir()):
        raise Failure(f"{VENV} is in the way and not a virtual environment: move it away")
    shutil.rmtree(VENV)


def _must(command: list[str], what: str) -> None:
    result = _run(command)
    if result.returncode:
        lines = [line.strip() for line in result.stdout.splitlines() if line.strip()]
        errors = [line for line in lines if line.lower().startswith("error")]
        reason = (errors or lines or [f"exit code {result.returncode}"])[-1]
        raise Failure(f"{what}: {reason}")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    # A PYTHONPATH or PYTHONHOME of the caller's shell would bring foreign modules in.
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    }
    try:
        return subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, stdout=str(error))


if __name__ == "__main__":
    sys.exit(main())
