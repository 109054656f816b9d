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
    existing = {
        codename
        for model in apps.get_app_config("django_mango").get_models()
        for codename in [
            *(code for code, _ in model._meta.permissions),
            *(f"{action}_{model._meta.model_name}" for action in model._meta.default_permissions),
        ]
    }
    named = set(re.findall(r"`django_mango\.([a-z_]+)`\s+\|", read(name)))
    assert named
    assert named <= existing


@pytest.mark.parametrize("name", ["README.md", "README.ru.md", "docs/install.md"])
def test_links_lead_somewhere(name: str) -> None:
    page = ROOT / name
    for target in re.findall(r"\]\(([^)#]+)\)", read(name)):
        assert target.startswith("https://") or (page.parent / target).exists(), target
