"""Calling by a click, in a real browser: in place, once, asked about colleagues, without script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from django_mango.models import Call, Command
from django_mango.sandbox import Sandbox
from example_project.crm.models import Contact

BUTTON = "button[data-mango-click]"
TOLD = ".mango-told__line"
LIST = "/admin/crm/contact/"


@pytest.fixture
def contact(team: dict[str, User]) -> Contact:
    return Contact.objects.create(name="AAA", phone="", mobile="8 (916) 123-45-67")


@pytest.fixture
def viewer(team: dict[str, User]) -> User:
    """A person of the team who may only look at contacts, and call."""
    user = team["petr"]
    user.groups.clear()
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["view_contact", "place_call", "view_call"])
    )
    return user


def form_of(contact: Contact) -> str:
    return reverse("admin:crm_contact_change", args=[contact.pk])


class TestCalling:
    @pytest.mark.parametrize("dark", [False, True])
    def test_from_the_form_without_losing_what_was_typed(
        self, visit: Callable[..., Any], team: Any, contact: Contact, pbx: Sandbox, dark: bool
    ) -> None:
        visitor = visit(team["anna"], language="ru", dark=dark)
        page = visitor.open(form_of(contact))
        page.fill("[name=position]", "typed")
        page.click(BUTTON)
        assert "сначала зазвонит телефон" in page.text_content(TOLD)
        assert page.input_value("[name=position]") == "typed"
        command = Command.objects.get()
        assert (command.user, command.target) == (team["anna"], contact)
        assert LogEntry.objects.get().get_edited_object() == contact

    def test_a_double_click_is_one_request_and_one_call(
        self, visit: Callable[..., Any], team: Any, contact: Contact, pbx: Sandbox
    ) -> None:
        visitor = visit(team["anna"])
        page = visitor.open(form_of(contact))
        page.dblclick(BUTTON)
        page.wait_for_selector(TOLD)
        assert visitor.asked("/mango/api/call") == 1
        page.click(BUTTON)
        page.wait_for_selector(f"{BUTTON}:not([aria-busy])")
        assert Command.objects.count() == 1

    def test_from_the_list(
        self, visit: Callable[..., Any], team: Any, contact: Contact, pbx: Sandbox
    ) -> None:
        page = visit(team["anna"]).open(f"{LIST}?q=AAA")
        page.click(BUTTON)
        page.wait_for_selector(TOLD)
        assert page.url.endswith(f"{LIST}?q=AAA")
        assert Command.objects.get().number == "+79161234567"

    def test_who_may_only_look_calls_too(
        self, visit: Callable[..., Any], viewer: User, contact: Contact, pbx: Sandbox
    ) -> None:
        page = visit(viewer).open(form_of(contact))
        assert page.locator("[name=mobile]").count() == 0
        page.click(BUTTON)
        page.wait_for_selector(TOLD)
        assert Command.objects.get().user == viewer

    def test_without_script_a_link_leads_to_a_page_that_calls(
        self, visit: Callable[..., Any], team: Any, contact: Contact, pbx: Sandbox
    ) -> None:
        page = visit(team["anna"], java_script_enabled=False).open(form_of(contact))
        assert not page.locator(BUTTON).is_visible()
        page.click("a.mango-call")
        assert "AAA" in page.title()
        page.click("button[name=choice]")
        page.wait_for_selector(".messagelist")
        assert page.url.endswith(form_of(contact))
        assert Command.objects.get().number == "+79161234567"


class TestQuestion:
    @pytest.fixture
    def busy(self, desk: Callable[..., Call], contact: Contact) -> Call:
        return desk("petr", "live", client_number="+79161234567", state=Call.State.TALKING)

    @pytest.mark.usefixtures("busy")
    def test_it_is_asked_in_a_dialog_and_no_means_no(
        self, visit: Callable[..., Any], team: Any, contact: Contact, pbx: Sandbox
    ) -> None:
        visitor = visit(team["anna"], language="ru")
        page = visitor.open(form_of(contact))
        page.click(BUTTON)
        dialog = page.locator("dialog[open]")
        assert "Всё равно позвонить?" in dialog.inner_text()
        assert page.evaluate("document.activeElement.textContent") == "Не звонить"
        page.keyboard.press("Escape")
        dialog.wait_for(state="detached")
        assert page.evaluate("document.activeElement.dataset.mangoClick") is not None
        assert not Command.objects.exists()
        conflict(visitor)

    @pytest.mark.usefixtures("busy")
    def test_yes_calls(
        self, visit: Callable[..., Any], team: Any, contact: Contact, pbx: Sandbox
    ) -> None:
        visitor = visit(team["anna"])
        page = visitor.open(form_of(contact))
        page.click(BUTTON)
        page.click("dialog[open] button:has-text('Call anyway')")
        page.wait_for_selector(TOLD)
        assert Command.objects.get().user == team["anna"]
        conflict(visitor)


class TestTrouble:
    def test_a_button_that_is_off_tells_why_by_mouse_and_keyboard(
        self, visit: Callable[..., Any], team: Any, contact: Contact
    ) -> None:
        Contact.objects.update(mobile="+49 30 123456")
        visitor = visit(team["anna"])
        page = visitor.open(form_of(contact))
        off = page.locator("button.mango-call--off")
        page.focus("[name=mobile]")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.ariaDisabled") == "true"
        assert "country" in page.locator(".mango-hint").inner_text()
        off.click(force=True)
        assert "country" in page.text_content(TOLD)
        assert visitor.asked("/mango/api/call") == 0

    def test_a_token_of_yesterday_is_replaced(
        self, visit: Callable[..., Any], team: Any, contact: Contact, pbx: Sandbox
    ) -> None:
        visitor = visit(team["anna"])
        page = visitor.open(form_of(contact))
        page.evaluate(
            "document.querySelectorAll('[name=csrfmiddlewaretoken]')"
            ".forEach((field) => { field.value = 'x'.repeat(64); })"
        )
        page.click(BUTTON)
        page.wait_for_selector(TOLD)
        assert Command.objects.get().number == "+79161234567"
        visitor.problems[:] = [one for one in visitor.problems if "403" not in one]

    def test_a_session_that_ended_is_told_in_words(
        self, visit: Callable[..., Any], team: Any, contact: Contact
    ) -> None:
        visitor = visit(team["anna"], language="ru")
        page = visitor.open(form_of(contact))
        visitor.context.clear_cookies()
        page.click(BUTTON)
        assert "Войдите" in page.text_content(TOLD)
        visitor.problems[:] = [one for one in visitor.problems if "401" not in one]

    def test_a_lost_answer_says_that_the_call_may_go_on(
        self, visit: Callable[..., Any], team: Any, contact: Contact, pbx: Sandbox
    ) -> None:
        """The click that follows has the same token: it is the same call."""
        visitor = visit(team["anna"])
        page = visitor.open(form_of(contact))

        def lose(route: Any) -> None:
            route.fetch()
            route.abort()

        page.route("**/mango/api/call", lose, times=1)
        page.click(BUTTON)
        assert "may have been placed" in page.text_content(TOLD)
        Command.objects.update(created_at="2026-01-01T00:00:00Z")  # long after the guard window
        page.click(BUTTON)
        page.wait_for_selector(f"{TOLD}--success")
        assert Command.objects.count() == 1
        visitor.problems[:] = [one for one in visitor.problems if "ERR_FAILED" not in one]


def conflict(visitor: Any) -> None:
    """The browser's console shows the 409 that asked the question; nothing else went wrong."""
    visitor.problems[:] = [one for one in visitor.problems if "409" not in one]
