"""What is in the wheel; ``WHEEL`` names the file (``.ci/run`` builds it)."""

from __future__ import annotations

import os
import zipfile
from email.parser import Parser
from pathlib import Path, PurePosixPath

import pytest

import django_mango

ROOT = Path(__file__).resolve().parent.parent.parent
WHEEL = os.environ.get("WHEEL", "")
SHIPPED = {".py", ".typed", ".html", ".txt", ".js", ".css", ".svg", ".po", ".mo"}

pytestmark = pytest.mark.skipif(not WHEEL, reason="needs WHEEL=path of a built wheel")


@pytest.fixture(scope="module")
def names() -> set[PurePosixPath]:
    with zipfile.ZipFile(WHEEL) as wheel:
        return {PurePosixPath(name) for name in wheel.namelist() if not name.endswith("/")}


def test_every_file_of_the_package_is_inside(names: set[PurePosixPath]) -> None:
    sources = {
        PurePosixPath(path.relative_to(ROOT).as_posix())
        for path in (ROOT / "django_mango").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources - names == set()


def test_nothing_else_is_inside(names: set[PurePosixPath]) -> None:
    tops = {name.parts[0] for name in names}
    metadata = f"django_mango_office-{django_mango.__version__}.dist-info"
    assert tops == {"django_mango", metadata}
    assert {name.suffix for name in names if name.parts[0] == "django_mango"} <= SHIPPED
    assert not [name for name in names if "tests" in name.parts]


@pytest.mark.parametrize(
    "needed",
    ["py.typed", "locale/ru/LC_MESSAGES/django.mo", "migrations/0001_initial.py"],
)
def test_what_an_installed_app_cannot_do_without(needed: str, names: set[PurePosixPath]) -> None:
    assert PurePosixPath("django_mango") / needed in names


@pytest.mark.parametrize("kind", ["templates", "static"])
def test_pages_come_with_their_files(kind: str, names: set[PurePosixPath]) -> None:
    if not (ROOT / "django_mango" / kind).exists():
        pytest.skip(f"the package has no {kind} yet")
    assert [name for name in names if name.parts[1:2] == (kind,)]


def test_the_metadata_is_what_a_registry_shows() -> None:
    with zipfile.ZipFile(WHEEL) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(wheel.read(name).decode())
        assert any("licenses/LICENSE" in name for name in wheel.namelist())
    assert metadata["Name"] == "django-mango-office"
    assert metadata["Version"] == django_mango.__version__
    assert metadata["Requires-Python"] == ">=3.11"
    required = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert {line.partition(">")[0].strip() for line in required} == {
        "django",
        "requests",
        "phonenumbers",
        "tqdm",
    }
    assert "MANGO" in str(metadata.get_payload()), "the README is the long description"
