"""The page of completeness in a real browser, under a policy that allows nothing inline."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from django_mango.models import Account, StatsImport
from django_mango.services import coverage
from django_mango.services.leases import HeldLease

from .conftest import make_user

playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PAGE = "/admin/django_mango/statsimport/completeness/"

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"needs a browser at {CHROMIUM}"),
]


class StrictPolicy:
    """A middleware: only what comes from this site runs or styles."""

    def __init__(self, get_response: Any) -> None:
        self._get_response = get_response

    def __call__(self, request: Any) -> Any:
        answer = self._get_response(request)
        answer["Content-Security-Policy"] = "default-src 'self'"
        return answer


def hook(name: str, arguments: dict[str, Any]) -> None:
    """A queue whose worker never comes: the test plays the import."""


@pytest.fixture
def page(
    live_server: Any, account: Account, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the browser's driver has a loop
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.StrictPolicy"]
    settings.MANGO = {**settings.MANGO, "TASKS": f"{__name__}.hook"}
    client = Client()
    client.force_login(
        make_user("admin", "django_mango.view_statsimport", "django_mango.run_import")
    )
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 390, "height": 800}, locale="en-GB")
        context.add_cookies(
            [
                {
                    "name": "sessionid",
                    "value": client.cookies["sessionid"].value,
                    "url": live_server.url,
                }
            ]
        )
        found = context.new_page()
        complaints: list[str] = []
        found.on("pageerror", lambda error: complaints.append(str(error)))
        found.on(
            "console",
            lambda said: (
                complaints.append(said.text) if "Content Security Policy" in said.text else None
            ),
        )
        found.goto(live_server.url + PAGE)
        yield found
        browser.close()
        assert complaints == []


def midnight(days_ago: int) -> datetime:
    return coverage.day_of(timezone.localdate() - timedelta(days=days_ago)).since


def test_a_button_is_pressed_and_the_page_follows_to_the_end(page: Any, account: Account) -> None:
    """On a screen of a telephone: the button of a day is in reach."""
    now = timezone.now()
    done = {"state": StatsImport.State.DONE, "started_at": now, "finished_at": now}
    for begin, end in ((6, 4), (3, 0)):
        StatsImport.objects.create(
            account=account,
            since=midnight(begin),
            until=midnight(end),
            complete_until=midnight(end),
            **done,
        )
    page.reload()
    gap = page.locator(".mango-days__row--gap")
    assert gap.count() == 1
    button = gap.get_by_role("button")
    box = button.bounding_box()
    assert box["x"] + box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    button.click()
    page.get_by_text("The import begins in a moment.").wait_for()
    lease = HeldLease(coverage.import_lease(account))
    running = StatsImport.objects.create(
        account=account,
        since=midnight(4),
        until=midnight(3),
        state=StatsImport.State.LOADING,
        started_at=timezone.now(),
        run_started_at=timezone.now(),
        reached_at=midnight(4) + timedelta(hours=6),
        rows=1500,
    )
    page.get_by_text("1,500 rows read.").wait_for()
    assert page.locator("progress").first.get_attribute("value") == "25"
    assert page.locator(".mango-days__row--running").count() == 1
    assert page.get_by_role("button", name="Refresh now").is_disabled()

    StatsImport.objects.filter(pk=running.pk).update(
        state=StatsImport.State.DONE, complete_until=midnight(3), finished_at=timezone.now()
    )
    lease.release()
    page.get_by_text("nothing is missing.").wait_for()
    assert page.locator(".mango-days__row--gap, .mango-days__row--running").count() == 0
    assert page.get_by_role("button", name="Refresh now").is_enabled()


def test_without_the_script_the_page_reloads_itself(page: Any, account: Account) -> None:
    lease = HeldLease(coverage.import_lease(account))
    context = page.context.browser.new_context(java_script_enabled=False)
    context.add_cookies(page.context.cookies())
    plain = context.new_page()
    plain.goto(page.url)
    assert plain.get_by_text("An import begins or ends just now.").is_visible()
    lease.release()
    plain.get_by_text("Statistics have never been loaded yet.").wait_for()
    context.close()
