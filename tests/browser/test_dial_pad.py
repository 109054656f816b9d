"""The dial pad with its keys, and without any script; the strip on a page of the host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from django_mango.models import Call, Command
from django_mango.sandbox import Sandbox
from tests.api.conftest import leg

from .conftest import Visitor

Visit = Callable[..., Visitor]
PAD = "/admin/django_mango/call/pad/"


def test_keys_then_a_call_without_leaving_the_page(
    team: dict[str, User], pbx: Sandbox, visit: Visit, expect: Any
) -> None:
    page = visit(team["anna"]).open(PAD)
    for key in "+79165550009":
        page.locator(f'[data-key="{key}"]').click()
    page.get_by_role("button", name="Delete the last character").click()
    page.locator('[data-key="8"]').click()
    field = page.get_by_label("Number", exact=True)
    expect(field).to_have_value("+79165550008")
    field.press("Enter")
    expect(page.locator(".mango-strip__card--running")).to_contain_text("calling you")
    assert page.url.endswith(PAD)
    assert Command.objects.get().number == "+79165550008"


def test_an_empty_field_is_explained(
    team: dict[str, User], pbx: Sandbox, visit: Visit, expect: Any
) -> None:
    page = visit(team["anna"]).open(PAD)
    page.locator(".mango-pad__call").click()
    expect(page.locator(".mango-refusal")).to_contain_text("There is no number to call.")


def test_without_script(team: dict[str, User], pbx: Sandbox, visit: Visit, expect: Any) -> None:
    page = visit(team["anna"], java_script_enabled=False).open(PAD)
    expect(page.locator(".mango-pad__keys")).to_be_hidden()
    page.get_by_label("Number", exact=True).fill("8 (916) 555-00-08")
    page.locator(".mango-pad__call").click()
    expect(page.get_by_text("Call +7 916 555-00-08?").first).to_be_visible()
    page.locator('button[type="submit"].mango-button').click()
    expect(page.locator(".messagelist")).to_contain_text("telephone 101 rings first")
    assert Command.objects.get().number == "+79165550008"
    expect(page.get_by_role("cell", name="+7 916 555-00-08")).to_be_visible()


def test_a_page_of_the_host(
    team: dict[str, User],
    desk: Callable[..., Call],
    visit: Visit,
    expect: Any,
    settings: Any,
) -> None:
    settings.ROOT_URLCONF = "tests.browser.host_page"
    desk(
        "anna", "e1", state="talking", legs=[leg("101", "Connected")],
        part={"answered_at": timezone.now()},
    )  # fmt: skip
    page = visit(team["anna"]).open("/own/")
    card = page.locator(".mango-strip__card--running")
    expect(card).to_contain_text("talking")
    expect(card.get_by_role("button", name="Hang up")).to_be_visible()
