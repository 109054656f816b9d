"""A real browser on a real site with a real (sandbox) PBX behind it.

Needs Playwright for Python (the extra ``browser``) and Debian's Chromium, or another one named
by ``CHROMIUM``. Without them these tests are skipped, with the reason.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from django_mango.conf import DEFAULT_ALIAS
from django_mango.models import Account, Call, Employee
from django_mango.sandbox import Sandbox
from django_mango.services.caching import forget
from django_mango.testing import running_sandbox

from .csp import REPORTS

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = ("--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
#: Playwright waits so long for what is to appear; a busy machine is no failure.
PATIENCE_MS = 30_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A site in another thread sees committed data only."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser, started once for a module.

    Not for the session: as long as Playwright is there, its event loop counts as running in
    this thread, and tests of asynchronous code could not run theirs.
    """
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="needs Playwright: pip install -e .[browser]"
    )
    wanted = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if not wanted or not Path(wanted).exists():
        pytest.skip("needs Chromium: apt-get install chromium, or CHROMIUM=/path/to/it")
    arguments = [*_ARGUMENTS]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses to run as root with it
    with pytest.MonkeyPatch.context() as patch:
        # The ORM is used between the steps of that loop only.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        with sync_api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=wanted, args=arguments)
            yield browser
            browser.close()


@pytest.fixture
def expect(chromium: Any) -> Any:
    """Playwright's assertions, which wait for what is to appear."""
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE_MS)
    return expect


def eventually(is_so: Callable[[], bool], page: Any = None) -> None:
    """Wait until something is so; ``page`` goes on meanwhile."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while not is_so():
        assert time.monotonic() < end, "it never came so"
        if page is None:
            time.sleep(0.05)
        else:
            page.wait_for_timeout(50)


@dataclass
class Visitor:
    """A person with a browser of his own; what went wrong on his pages is remembered."""

    context: Any
    base: str
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: str) -> Any:
        """A page in a new tab."""
        page = self.context.new_page()
        page.goto(self.base + path)
        return page

    def log_in(self, user: User) -> None:
        """Be this user from the next page on."""
        client = Client()
        client.force_login(user)
        name = django_settings.SESSION_COOKIE_NAME
        cookie = {"name": name, "value": client.cookies[name].value, "url": self.base}
        self.context.add_cookies([cookie])

    def forgive(self, part: str) -> None:
        """Browsers note every refused request as an error: this test wanted it refused."""
        assert any(part in problem for problem in self.problems), self.problems
        self.problems[:] = [problem for problem in self.problems if part not in problem]

    def asked(self, part: str) -> int:
        """How many requests had ``part`` in their address so far."""
        return sum(part in url for url in self.requests)


@pytest.fixture
def site(transactional_db: None, settings: Any) -> Iterator[LiveServer]:
    """The test host with a strict policy; its strip asks often, so that tests need not wait.

    A server of its own: the one of pytest-django lives through all tests and reads the list
    of middleware only once.
    """
    settings.MIDDLEWARE = ["tests.browser.csp.StrictPolicy", *settings.MIDDLEWARE]
    settings.MANGO = {**settings.MANGO, "STRIP_POLL_SECONDS": 0.3, "CACHE_SECONDS": 0}
    REPORTS.clear()
    server = LiveServer("127.0.0.1")
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def is_foreign() -> Callable[[str | dict[str, Any]], bool]:
    """Whether a problem or a report of the policy is not ours: none, unless a file knows better."""
    return lambda _: False


@pytest.fixture
def visit(
    chromium: Any, site: Any, is_foreign: Callable[[str | dict[str, Any]], bool]
) -> Iterator[Callable[..., Visitor]]:
    """``visit(user, language="ru", dark=True)`` is a logged-in person's own browser.

    At the end of the test no page may have had an error, and no policy may have been violated.
    """
    visitors: list[Visitor] = []

    def start(user: User, *, language: str = "en", dark: bool = False, **options: Any) -> Visitor:
        context = chromium.new_context(
            locale=language, color_scheme="dark" if dark else "light", **options
        )
        context.set_default_timeout(PATIENCE_MS)
        visitor = Visitor(context, site.url)
        _watch(visitor)
        visitor.log_in(user)
        visitors.append(visitor)
        return visitor

    yield start
    problems = [problem for visitor in visitors for problem in visitor.problems]
    for visitor in visitors:
        visitor.context.close()
    # Only now: browsers send their reports when they find time.
    assert [problem for problem in problems if not is_foreign(problem)] == []
    assert [report for report in list(REPORTS) if not is_foreign(report)] == []


def _watch(visitor: Visitor) -> None:
    def on_console(message: Any) -> None:
        if message.type in ("error", "warning"):
            visitor.problems.append(f"{message.type}: {message.text} ({message.location})")

    visitor.context.on("console", on_console)
    visitor.context.on("weberror", lambda error: visitor.problems.append(str(error.error)))
    visitor.context.on("request", lambda request: visitor.requests.append(request.url))


@pytest.fixture
def team(db: None) -> dict[str, User]:
    """The people and customers of the example project, by login."""
    from example_project.crm.loading import load_team

    load_team(DEFAULT_ALIAS)
    return {user.username: user for user in User.objects.all()}


@pytest.fixture
def pbx(site: Any, settings: Any) -> Iterator[Sandbox]:
    """A PBX that tells the site of its calls; they go on until somebody ends them."""
    mango = settings.MANGO
    with running_sandbox(
        speed=1.5,
        talk_seconds=600,
        api_key=mango["API_KEY"],
        api_salt=mango["API_SALT"],
        enforce_limits=False,
        webhook=f"{site.url}/mango/default/",
    ) as running:
        settings.MANGO = {**mango, "API_URL": running.url}
        yield running


@pytest.fixture
def desk(team: dict[str, User], settings: Any) -> Callable[..., Call]:
    """``desk("anna", "e1", state=...)`` is a call at a person's telephone, without a PBX."""
    from tests.api.conftest import live_call, ring

    account = Account.objects.get(alias=DEFAULT_ALIAS)

    def begin(login: str, entry: str, **fields: Any) -> Call:
        employee = Employee.objects.get(user=team[login])
        part = fields.pop("part", {})
        call = live_call(account, entry, **fields)
        ring(call, employee, employee.extension_at(), **part)
        forget()
        return call

    return begin
