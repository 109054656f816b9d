"""The demo as a user runs it: it calls, imports, serves, and leaves nothing behind."""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
#: No server answers on the ports of an ended demo.
PORT = re.compile(r"http://127\.0\.0\.1:(\d+)/")


@contextmanager
def demo(*options: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A running demo; whatever the test did, it is ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "example_project.demo", *options],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    with process:
        try:
            yield process
        finally:
            # Only what a failed test leaves; the demo takes its servers with it.
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def printed_until(process: subprocess.Popen[str], end: str) -> str:
    lines = []
    for line in process.stdout or ():
        lines.append(line)
        if line.startswith(end):
            return "".join(lines)
    raise AssertionError("the demo ended early:\n" + "".join(lines))


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Browser:
    """Just enough of one: cookies, forms with their CSRF token."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._cookies = http.cookiejar.CookieJar()
        cookies = urllib.request.HTTPCookieProcessor(self._cookies)
        # No proxy: the site is on this machine.
        self._opener = urllib.request.build_opener(cookies, urllib.request.ProxyHandler({}))

    def get(self, path: str) -> str:
        with self._opener.open(self._site + path, timeout=30) as answer:
            return str(answer.read().decode())

    def log_in(self, username: str, password: str) -> str:
        self.get("admin/login/")
        token = next(one.value for one in self._cookies if one.name == "csrftoken")
        form = {"username": username, "password": password, "csrfmiddlewaretoken": token}
        body = urllib.parse.urlencode(form).encode()
        with self._opener.open(self._site + "admin/login/?next=/admin/", body, timeout=30) as page:
            return str(page.read().decode())


def test_it_calls_imports_serves_and_ends(tmp_path: Path) -> None:
    with demo("--speed", "20", TMPDIR=str(tmp_path)) as process:
        printed = printed_until(process, "Serving")
        assert "outcome      answered" in printed
        assert re.findall(r"known from +(.+)", printed) == ["summary,basic,events"]
        first, second = re.findall(r"stored now +(\d+) rows of statistics, (\d+) calls", printed)
        assert int(first[1]) > 300
        # Notifications told of the new call; statistics add rows to it, not a second call.
        assert int(second[1]) == int(first[1]) + 1
        assert int(second[0]) > int(first[0])
        assert "+7 916 123-45-67" in printed
        assert "demo-salt" not in printed
        site = re.search(r"address +(\S+)admin/", printed)
        assert site
        browser = Browser(site.group(1))
        assert "Анна" in browser.log_in("anna", "anna")
        assert "Сергей Орлов" in browser.get("admin/crm/contact/")
        browser.get("admin/django_mango/call/")
        ports = {int(port) for port in PORT.findall(printed)}
        assert len(ports) == 2, "the site and the PBX"
        assert all(is_open(port) for port in ports)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert not any(is_open(port) for port in ports)
    assert list(tmp_path.iterdir()) == []


def test_it_ends_with_what_it_started_when_terminated_early(tmp_path: Path) -> None:
    with demo("--once", TMPDIR=str(tmp_path)) as process:
        printed_until(process, "== Creating the database")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with demo("--once", "--port", str(port)) as process:
            output = process.communicate(timeout=60)[0]
            assert process.returncode == 1
    (line,) = output.splitlines()
    assert line.startswith(f"The demo failed: port {port} cannot be used")


def test_a_pbx_that_cannot_start_is_one_line(tmp_path: Path) -> None:
    # Ends before it begins, as in a broken installation.
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nif 'django_mango.sandbox' in sys.argv:\n    sys.exit('no sandbox here')\n"
    )
    with demo("--once", PYTHONPATH=str(tmp_path)) as process:
        output = process.communicate(timeout=60)[0]
        assert process.returncode == 1
    (line,) = output.splitlines()
    assert line.startswith("The demo failed: The sandbox PBX ended (exit code 1): ")
    assert line.endswith("no sandbox here")
