"""A day at the telephone under one theme. ``test_under_themes.py`` runs this file under each.

Not collected by itself: it needs a process with the settings of its theme. The themes have code
inside their pages, which the strict policy refuses; nothing of that may be ours.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from django_mango.models import Command
from django_mango.sandbox import Sandbox
from example_project.crm.models import Contact
from tests.themes import world

from .conftest import Visitor, eventually

Visit = Callable[..., Visitor]
BUTTON = "button[data-mango-click]"
TOLD = ".mango-told__line"
LIST = "/admin/crm/contact/"
THEME = django_settings.SETTINGS_MODULE.rpartition("site_")[2]
both = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])


@pytest.fixture(scope="module", autouse=True)
def _dressed() -> None:
    """The host's admins, with the base classes of the theme."""
    world.dress()


@pytest.fixture
def contact(team: dict[str, User]) -> Contact:
    return Contact.objects.create(name="AAA", phone="", mobile="8 (916) 123-45-67")


@pytest.fixture
def is_foreign() -> Callable[[str | dict[str, Any]], bool]:
    """The theme's own: a file of ours neither did it nor was blocked, nor is it ours in a page."""

    def judge(problem: str | dict[str, Any]) -> bool:
        if isinstance(problem, str):
            return "/static/django_mango/" not in problem
        places = (problem.get(name, "") for name in ("source-file", "blocked-uri"))
        files = any("/static/django_mango/" in place for place in places)
        return not files and "mango" not in problem.get("script-sample", "")

    return judge


def form_of(contact: Contact) -> str:
    return reverse("admin:crm_contact_change", args=[contact.pk])


def shot(page: Any, name: str) -> None:
    """A picture for people to look at, where ``SHOTS`` names a folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"{THEME}-{name}.png")


@both
def test_from_the_form_through_navigation_to_the_hang_up(
    team: dict[str, User], contact: Contact, pbx: Sandbox, visit: Visit, expect: Any, dark: bool
) -> None:
    anna = visit(team["anna"], language="ru", dark=dark)
    page = anna.open(form_of(contact))
    page.locator(BUTTON).first.click()
    expect(page.locator(TOLD)).to_contain_text("сначала зазвонит телефон")
    running = page.locator(".mango-strip__card--running")
    expect(running).to_contain_text("идёт разговор")
    shot(page, f"form-{'dark' if dark else 'light'}")
    page.goto(anna.base + LIST)
    expect(running).to_contain_text("AAA")
    shot(page, f"list-{'dark' if dark else 'light'}")
    page.reload()
    running.get_by_role("button", name="Положить трубку").click()
    expect(page.locator(".mango-strip")).to_be_hidden()
    assert [one.kind for one in Command.objects.order_by("pk")] == ["callback", "hangup"]


def test_a_double_click_in_the_list_is_one_call(
    team: dict[str, User], contact: Contact, pbx: Sandbox, visit: Visit, expect: Any
) -> None:
    anna = visit(team["anna"])
    page = anna.open(f"{LIST}?q=AAA")
    page.locator(f"tr:has-text('AAA') {BUTTON}").first.dblclick()
    expect(page.locator(TOLD)).to_be_visible()
    assert anna.asked("/mango/api/call") == 1
    assert page.url.endswith(f"{LIST}?q=AAA")
    assert Command.objects.get().number == "+79161234567"


def test_who_may_only_look_calls_too(
    team: dict[str, User], contact: Contact, pbx: Sandbox, visit: Visit, expect: Any
) -> None:
    viewer = team["petr"]
    viewer.groups.clear()
    rights = ["view_contact", "place_call", "view_call"]
    viewer.user_permissions.set(Permission.objects.filter(codename__in=rights))
    page = visit(viewer).open(form_of(contact))
    assert page.locator("[name=mobile]").count() == 0
    page.locator(BUTTON).first.click()
    expect(page.locator(TOLD)).to_be_visible()
    assert Command.objects.get().user == viewer


@pytest.mark.skipif(THEME == "unfold", reason="this theme shows an empty page without script")
def test_without_script(
    team: dict[str, User], contact: Contact, pbx: Sandbox, visit: Visit
) -> None:
    page = visit(team["anna"], java_script_enabled=False).open(form_of(contact))
    assert not page.locator(BUTTON).first.is_visible()
    page.locator("a.mango-call").first.click()
    assert "AAA" in page.title()
    shot(page, "confirm")
    page.locator("button[name=choice]").first.click()
    eventually(lambda: page.url.endswith(form_of(contact)), page)
    assert Command.objects.get().number == "+79161234567"


@both
def test_an_incoming_call_shows_and_vanishes(
    team: dict[str, User], pbx: Sandbox, visit: Visit, expect: Any, dark: bool
) -> None:
    anna, petr = visit(team["anna"], dark=dark), visit(team["petr"], dark=dark)
    hers, his = anna.open(LIST), petr.open(LIST)
    pbx.incoming_call("79161234567", to="101")
    card = hers.locator(".mango-strip__card--ringing")
    expect(card).to_contain_text("+7 916 123-45-67")
    shot(hers, f"incoming-{'dark' if dark else 'light'}")
    expect(card).to_have_count(0)  # answered
    expect(hers.locator(".mango-strip__card--running")).to_be_visible()
    expect(his.locator(".mango-strip")).to_be_hidden()
