"""The pictures of the manual: the example CRM in a real browser, with the sandbox PBX behind it.

``python scripts/screenshots.py [NAME ...]`` writes ``docs/images/<name>-<language>.png``, all of
them or those named. Needs Playwright (the extra ``browser``) and Chromium, or another one named by
``CHROMIUM``. Everything else is made anew in a temporary directory and gone afterwards.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1280, "height": 800}
LANGUAGES = ("en", "ru")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS = 30_000
#: Larger pictures make the manual slow to open.
LARGEST_BYTES = 150_000
HISTORY_DAYS = 10

CLIENT = "Сергей Орлов"
CLIENT_NUMBER = "79161234567"
EXTENSION = "101"


@dataclass
class Studio:
    """The running site and PBX, and the browser of the person in the picture."""

    site: str
    pbx: Any
    browser: Any
    language: str

    @contextmanager
    def page_of(self, login: str, path: str) -> Iterator[Any]:
        """A page of the admin, opened by who logs in with his name as password."""
        context = self.browser.new_context(viewport=SIZE, locale=self.language)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto(f"{self.site}admin/login/?next=/admin/{path}")
        page.fill("#id_username", login)
        page.fill("#id_password", login)
        page.click("input[type=submit]")
        page.wait_for_load_state("networkidle")
        try:
            yield page
        finally:
            context.close()

    def take(self, page: Any, name: str) -> None:
        """One picture, whose size is looked after."""
        target = IMAGES / f"{name}-{self.language}.png"
        page.screenshot(path=target, animations="disabled", caret="hide")
        size = target.stat().st_size
        print(f"{target.relative_to(ROOT)}: {size // 1000} KB")
        if size > LARGEST_BYTES:
            raise SystemExit(f"{target.name} is too large for the manual.")


def contact(studio: Studio) -> None:
    """A client's page: a button beside each number, its hint, the calls of the client."""
    with studio.page_of("anna", contact_path()) as page:
        mark_as_seen(studio, page)
        # The hint a mouse sees is drawn by the system; this one shows to who comes by keyboard.
        page.locator("#id_mobile").focus()
        page.keyboard.press("Tab")
        page.locator(".mango-hint").wait_for()
        studio.take(page, "contact")


def strip(studio: Studio) -> None:
    """The two steps of a call, as its caller sees them."""
    with studio.page_of("anna", contact_path()) as page:
        mark_as_seen(studio, page)
        page.locator(".field-mobile button.mango-call--button").click()
        running = page.locator(".mango-strip__card--running")
        running.get_by_text(words("Hang up", studio.language)).wait_for()
        studio.take(page, "calling")
        running.get_by_text(words("talking", studio.language)).wait_for()
        page.wait_for_timeout(3000)
        studio.take(page, "strip")
        hang_up(studio, page)


def incoming(studio: Studio) -> None:
    """A client rings: his card with what the CRM knows of him."""
    with studio.page_of("anna", "crm/contact/") as page:
        mark_as_seen(studio, page)
        studio.pbx.incoming_call(CLIENT_NUMBER, to=EXTENSION)
        page.locator(".mango-strip__card--ringing").wait_for()
        studio.take(page, "incoming")
        page.locator(".mango-strip__card--running").wait_for()
        hang_up(studio, page)


def calls(studio: Studio) -> None:
    """The call log with the names of the clients."""
    with studio.page_of("maria", "django_mango/call/") as page:
        mark_as_seen(studio, page)
        page.locator("#toggle-nav-sidebar").click()  # room for all columns
        page.evaluate("scrollTo(0, 0)")
        studio.take(page, "calls")


def who_is_who(studio: Studio) -> None:
    """People of the PBX and users of the CRM, one of them to be confirmed."""
    with studio.page_of("maria", "django_mango/employee/who-is-who/") as page:
        studio.take(page, "who-is-who")


def completeness(studio: Studio) -> None:
    """Which days of statistics are loaded."""
    with studio.page_of("maria", "django_mango/statsimport/completeness/") as page:
        studio.take(page, "completeness")


def dial_pad(studio: Studio) -> None:
    """A number that belongs to nobody yet."""
    with studio.page_of("anna", "django_mango/call/pad/") as page:
        mark_as_seen(studio, page)
        for key in "84955550123":
            page.locator(f'[data-key="{key}"]').click()
        studio.take(page, "dial-pad")


PICTURES: dict[str, Callable[[Studio], None]] = {
    "contact": contact,
    "strip": strip,
    "incoming": incoming,
    "calls": calls,
    "who-is-who": who_is_who,
    "completeness": completeness,
    "dial-pad": dial_pad,
}


def words(text: str, language: str) -> str:
    """What a page says for a text of ours."""
    from django.utils import translation

    with translation.override(language):
        return translation.gettext(text)


def contact_path() -> str:
    from example_project.crm.models import Contact

    return f"crm/contact/{Contact.objects.get(name=CLIENT).pk}/change/"


def mark_as_seen(studio: Studio, page: Any) -> None:
    """Missed calls of the made-up history would cover the page."""
    seen = page.locator(".mango-strip").get_by_text(words("Seen", studio.language), exact=True)
    if seen.count():
        seen.click()
        seen.wait_for(state="detached")


def hang_up(studio: Studio, page: Any) -> None:
    """End the call, so that the next picture begins without it."""
    page.locator(".mango-strip").get_by_text(words("Hang up", studio.language)).click()
    if not studio.pbx.wait_idle():
        raise SystemExit("The call did not end.")


@contextmanager
def studios() -> Iterator[Callable[[str], Studio]]:
    """The sandbox PBX with some days of history, the example on it, and a browser."""
    from django_mango.testing import running_sandbox
    from example_project.demo.children import Children
    from example_project.demo.servers import Pbx, free_port, start_site

    port = free_port(0)
    webhook = f"http://127.0.0.1:{port}/mango/default"
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as room,
        running_sandbox(
            webhook=webhook, calls=150, days=HISTORY_DAYS, talk_seconds=600, enforce_limits=False
        ) as pbx,
        Children() as children,
        chromium() as browser,
    ):
        os.environ.update(
            EXAMPLE_DB=str(Path(room) / "pictures.sqlite3"),
            MANGO_API_URL=pbx.url,
            DJANGO_SETTINGS_MODULE="example_project.settings",
            # Playwright's event loop counts as running in this thread; it is idle meanwhile.
            DJANGO_ALLOW_ASYNC_UNSAFE="1",
        )
        fill()
        site = start_site(children, Pbx(pbx.url, port))
        yield lambda language: Studio(site, pbx, browser, language)


def fill() -> None:
    """A team with a month's memory; one employee still waits to be told who he is."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from django_mango.models import Employee

    call_command("migrate", verbosity=0)
    call_command("load_team", verbosity=0)
    Employee.objects.filter(user__username="petr").update(user=None)
    call_command("mango_sync", verbosity=0)
    now = timezone.now()
    # One day is left out, so that the picture has a gap to show.
    gap = now - timedelta(days=4)
    for since, until in (
        (now - timedelta(days=HISTORY_DAYS), gap - timedelta(days=1)),
        (gap, now),
    ):
        call_command("mango_import_stats", since=since, until=until, verbosity=0)


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser the browser tests take, too."""
    from playwright.sync_api import sync_playwright

    wanted = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not wanted:
        raise SystemExit("Chromium is needed: apt-get install chromium, or CHROMIUM=/path/to/it.")
    arguments = ["--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses to run as root with it
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=wanted, args=arguments)
        yield browser
        browser.close()


def main() -> None:
    names = sys.argv[1:] or list(PICTURES)
    if unknown := set(names) - set(PICTURES):
        raise SystemExit(
            f"Unknown: {', '.join(sorted(unknown))}. There are: {', '.join(PICTURES)}."
        )
    IMAGES.mkdir(exist_ok=True)
    with studios() as studio_in:
        for language in LANGUAGES:
            for name in names:
                PICTURES[name](studio_in(language))


if __name__ == "__main__":
    main()
