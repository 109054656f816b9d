"""Every page opens under every theme, with its buttons, without a form inside a form."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

THEMES = ("plain", "unfold", "jazzmin", "grappelli", "admin_interface")
#: How many numbers one may call on each page, and how many buttons say why not.
BUTTONS = {
    "contacts": (3, 2),
    "contact": (3, 0),
    "companies": (1, 0),
    # Its own number, and those of two contacts in two inlines.
    "company": (1 + 2 * 3, 2 * 2),
    "deals": (1, 0),
    "deal": (1, 0),
    "confirm": (0, 0),
    "calls": (0, 0),
    "imports": (0, 0),
    "completeness": (0, 0),
    "viewed contacts": (3, 2),
    "viewed contact": (3, 0),
    "viewed company": (1 + 2 * 3, 2 * 2),
    "viewed deal": (1, 0),
}


class Page(HTMLParser):
    """What matters of a page: forms inside forms, code of ours inside the page, buttons."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms = self.deepest = self.on = self.off = 0
        self.ours_inline: list[str] = []
        self.inside_link: list[str] = []
        self.scripts: list[str] = []
        self._links = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = given.get("class") or ""
        if tag == "form":
            self.forms += 1
            self.deepest = max(self.deepest, self.forms)
        if tag == "a":
            self._links += 1
        if tag == "script" and given.get("src"):
            self.scripts.append(str(given["src"]))
        if "mango" in classes:
            self.ours_inline += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "button" and "mango-call" in classes:
            self.on += "data-mango-click" in given
            self.off += given.get("aria-disabled") == "true"
            assert given["type"] == "button"
            assert given["title"]
            assert given["aria-label"]
            if self._links:
                self.inside_link.append(str(given["title"]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.forms -= 1
        if tag == "a":
            self._links -= 1

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and "mango-" in data:
            self.ours_inline.append(data)


@cache
def pages_of(theme: str) -> dict[str, Any]:
    child = Path(__file__).with_name("child.py")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(child)],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": f"tests.themes.site_{theme}",
            "DATABASE": "sqlite",
            "THEME_CHILD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    found["stderr"] = done.stderr
    return found


@pytest.fixture(params=THEMES)
def pages(request: pytest.FixtureRequest) -> dict[str, Any]:
    theme: str = request.param
    if theme != "plain" and importlib.util.find_spec(theme) is None:
        pytest.skip(f"the theme {theme} is not installed (extra: themes)")
    return pages_of(theme)


@pytest.mark.parametrize("name", BUTTONS)
def test_page(pages: dict[str, Any], name: str) -> None:
    assert pages[name]["status"] == 200
    page = Page(pages[name]["html"])
    assert (page.on, page.off) == BUTTONS[name]
    assert page.deepest <= 1
    assert page.forms == 0
    assert page.ours_inline == []
    assert page.inside_link == []
    if name != "confirm":
        assert page.scripts.count("/static/django_mango/call.js") == 1


def test_nothing_of_ours_failed_in_silence(pages: dict[str, Any]) -> None:
    assert "call control" not in pages["stderr"]
