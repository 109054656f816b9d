"""The manual names what exists, all of it and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps

from django_mango.conf import KNOWN

ROOT = Path(__file__).resolve().parent.parent.parent
COMMANDS = {
    path.stem
    for path in (ROOT / "django_mango" / "management" / "commands").glob("*.py")
    if not path.stem.startswith("_")
}
PAGES = [ROOT / "README.md", ROOT / "README.ru.md", *sorted((ROOT / "docs").glob("*.md"))]
LARGEST_PICTURE_BYTES = 150_000
_MODELS = [*apps.get_app_config("django_mango").get_models()]
#: Codenames of the permissions that we declare, and of those that Django makes of models.
OWN_RIGHTS = {code for model in _MODELS for code, _ in model._meta.permissions}
MODEL_RIGHTS = {
    f"{action}_{model._meta.model_name}"
    for model in _MODELS
    for action in model._meta.default_permissions
}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rows(name: str, heading: str) -> list[list[str]]:
    """Cells of the first table after a heading."""
    table = read(name).partition(f"{heading}\n")[2].partition("\n|---")[2].partition("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[1:]
    ]


def test_every_setting_is_in_the_manual_with_its_default() -> None:
    defaults = {}
    for cells in rows("docs/settings.md", "# Settings"):
        defaults[cells[0].strip("`")] = cells[1].strip("`")
    shown = {name: repr(setting.default).replace("'", '"') for name, setting in KNOWN.items()}
    assert defaults == shown


@pytest.mark.parametrize(
    ("name", "heading"), [("README.md", "## Settings"), ("README.ru.md", "## Настройки")]
)
def test_the_readme_names_only_settings_that_exist(name: str, heading: str) -> None:
    named = {key for cells in rows(name, heading) for key in re.findall(r"`([A-Z_]+)`", cells[0])}
    assert named
    assert named <= set(KNOWN)


@pytest.mark.parametrize("name", ["README.md", "README.ru.md", "docs/commands.md"])
def test_every_command_is_in_the_manual(name: str) -> None:
    named = set(re.findall(r"\bmango_[a-z_]+\b", read(name)))
    assert named >= COMMANDS
    # Words such as the field list mango_phone_fields and the pytest fixture are no commands.
    assert named - COMMANDS <= {"mango_phone_fields", "mango_sandbox"}


@pytest.mark.parametrize("name", ["README.md", "README.ru.md"])
def test_the_permissions_in_the_readme_exist(name: str) -> None:
    named = set(re.findall(r"`django_mango\.([a-z_]+)`\s+\|", read(name)))
    assert named
    assert named <= OWN_RIGHTS | MODEL_RIGHTS


def test_the_page_of_permissions_names_all_of_ours_and_none_that_do_not_exist() -> None:
    named = {
        right
        for cells in rows("docs/permissions.md", "# Permissions: who may call and who sees what")
        for right in re.findall(r"`([a-z_]+)`", cells[0])
    }
    assert named >= OWN_RIGHTS
    assert named <= OWN_RIGHTS | MODEL_RIGHTS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize("name", ["README.md", "README.ru.md"])
def test_the_readme_leads_to_every_page_of_the_manual(name: str) -> None:
    linked = set(re.findall(r"\]\((docs/[^)#]+\.md)", read(name)))
    assert linked == {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}


def test_every_picture_is_small_is_shown_and_has_its_twin() -> None:
    shown = {
        name for page in PAGES for name in re.findall(r"images/([a-z-]+\.png)", page.read_text())
    }
    pictures = {path.name: path.stat().st_size for path in (ROOT / "docs" / "images").glob("*.png")}
    assert shown == set(pictures)
    assert max(pictures.values()) < LARGEST_PICTURE_BYTES
    for name in pictures:
        twin = name.replace("-ru.", "-en.") if "-ru." in name else name.replace("-en.", "-ru.")
        assert twin in pictures
