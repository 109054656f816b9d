"""The strip as its tests see it: its cards, and a call to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from django_mango.models import Call
from example_project.crm.models import Contact
from tests.api.conftest import leg

from .conftest import Visitor

Visit = Callable[..., Visitor]
Desk = Callable[..., Call]
LIST = "/admin/crm/contact/"
ORLOV = "Сергей Орлов"


def card_page(name: str = ORLOV) -> str:
    return f"{LIST}{Contact.objects.get(name=name).pk}/change/"


def call_mobile(page: Any) -> None:
    page.locator(".field-mobile button.mango-call--button").click()


def strip(page: Any) -> Any:
    return page.locator(".mango-strip")


def running(page: Any) -> Any:
    return page.locator(".mango-strip__card--running")


def ringing(page: Any) -> Any:
    return page.locator(".mango-strip__card--ringing")


def note_field(page: Any) -> Any:
    return page.get_by_role("textbox", name="Note on the call")


def assert_rests(visitor: Visitor, page: Any) -> None:
    """The page asks nothing, for five times the usual pause."""
    before = visitor.asked("/api/live")
    page.wait_for_timeout(1500)
    assert visitor.asked("/api/live") == before


def talk(desk: Desk, login: str = "anna", entry: str = "talk", **fields: Any) -> Call:
    """A call this person talks in."""
    return desk(
        login,
        entry,
        **{"state": "talking", "legs": [leg("101", "Connected")], **fields},
        part={"answered_at": timezone.now()},
    )
