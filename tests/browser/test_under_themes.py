"""Calls from the form, the list, a read-only page and without script, under every theme.

A theme is an app of the settings, which hold for a whole process: each gets one.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import _NAMES

HERE = Path(__file__).resolve().parent
THEMES = ("plain", "unfold", "jazzmin", "grappelli", "admin_interface")


@pytest.mark.parametrize("theme", THEMES)
def test_theme(theme: str) -> None:
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("needs Playwright: pip install -e .[browser]")
    if not (os.environ.get("CHROMIUM") or any(map(shutil.which, _NAMES))):
        pytest.skip("needs Chromium: apt-get install chromium, or CHROMIUM=/path/to/it")
    if theme != "plain" and importlib.util.find_spec(theme) is None:
        pytest.skip(f"the theme {theme} is not installed (extra: themes)")
    settings = f"tests.themes.site_{theme}"
    ran = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
            f"--ds={settings}", str(HERE / "themed.py"),
        ],
        cwd=HERE.parent.parent,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": settings, "DATABASE": "sqlite"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, f"{ran.stdout[-8000:]}\n{ran.stderr[-2000:]}"
    # This theme shows an empty page without script, with or without telephony.
    expected = "6 passed, 1 skipped" if theme == "unfold" else "7 passed"
    assert expected in ran.stdout
