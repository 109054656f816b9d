"""What each room imports from outside the package; the layers inside are import-linter's work."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "django_mango"
#: Distribution -> the modules it brings; requests brings urllib3 (design, section 3).
RUNTIME = {
    "django": {"django"},
    "requests": {"requests", "urllib3"},
    "phonenumbers": {"phonenumbers"},
    "tqdm": {"tqdm"},
}
#: Rooms that reach further: fixtures for integrators' tests, glue for optional neighbours.
OPTIONAL = {
    "testing.py": {"pytest"},
    "admin": {"unfold"},
    "contrib": {"celery", "phonenumber_field"},
}


def outside_imports(path: Path) -> Iterator[str]:
    """Top-level names of everything a file imports absolutely, other than ourselves."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        else:
            continue
        for name in names:
            top = name.partition(".")[0]
            if top not in {"django_mango", "__future__"}:
                yield top


def foreign(room: Path, allowed: set[str]) -> set[str]:
    files = [room] if room.is_file() else sorted(room.rglob("*.py"))
    assert files, f"{room} has no modules"
    found = {name for path in files for name in outside_imports(path)}
    return found - set(sys.stdlib_module_names) - allowed


def test_the_protocol_needs_the_standard_library_and_phonenumbers_only() -> None:
    assert not foreign(PACKAGE / "protocol", {"phonenumbers"})


def test_the_sandbox_needs_the_standard_library_only() -> None:
    assert not foreign(PACKAGE / "sandbox", set())


@pytest.mark.parametrize("module", ["socket", "ssl", "http", "subprocess", "threading", "requests"])
def test_the_protocol_cannot_do_io(module: str) -> None:
    files = sorted((PACKAGE / "protocol").rglob("*.py"))
    users = [path.name for path in files if module in set(outside_imports(path))]
    assert not users


def test_everything_imported_is_a_declared_dependency() -> None:
    allowed = set().union(*RUNTIME.values())
    for room in PACKAGE.iterdir():
        if room.suffix == ".py" or any(room.rglob("*.py")):
            assert not foreign(room, allowed | OPTIONAL.get(room.name, set())), room.name


def test_the_declared_dependencies_are_the_agreed_ones() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {line.partition(">=")[0] for line in project["dependencies"]} == set(RUNTIME)
