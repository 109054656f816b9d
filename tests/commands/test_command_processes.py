"""The commands as cron and people run them: real processes, real exit codes, a real Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from django_mango.models import Call, CallRecord, Command, Employee, Lease, StatsImport
from django_mango.sandbox import Sandbox
from django_mango.testing import running_sandbox

ROOT = Path(__file__).resolve().parent.parent.parent
TIMEOUT = 60
Start = Callable[..., "subprocess.Popen[str]"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts ``python -m django COMMAND``; nothing is left running."""
    children: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "django", *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.commands.child_settings",
                "CHILD_DATABASE": str(connection.settings_dict["NAME"]),
                "PYTHONUNBUFFERED": "1",
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        return child

    yield begin
    for child in children:
        child.kill()
        child.communicate()


@pytest.fixture
def shell(start: Start) -> Callable[..., tuple[int, str, str]]:
    """Runs a command to its end: exit code, stdout, stderr."""

    def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
        child = start(*arguments, **environment)
        out, err = child.communicate(timeout=TIMEOUT)
        assert "Traceback" not in err
        assert "test-salt" not in out + err
        return child.returncode, out, err

    return run


def test_an_import_ends_with_0_and_its_totals(shell: Callable[..., Any], pbx: Sandbox) -> None:
    code, out, err = shell("mango_import_stats", "--since", "30d", CHILD_API_URL=pbx.url)

    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith("default: windows ")
    assert Call.objects.count() == 60
    assert CallRecord.objects.count() > 60


def test_a_pbx_that_refuses_ends_with_1_and_one_line(shell: Callable[..., Any]) -> None:
    with running_sandbox(api_key="another") as other:
        code, out, err = shell("mango_import_stats", "--since", "1d", CHILD_API_URL=other.url)

    assert code == 1
    assert len(err.splitlines()) == 1
    assert "1 of 1 window failed" in err
    assert "failed" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("mango_import_stats", "--since", "1d", "--until", "2d"),
        ("mango_import_stats", "--since", "soon"),
        ("mango_import_stats", "--account", "nobody"),
        ("mango_call", "89161234567"),
        ("mango_call", "89161234567", "--user", "nobody"),
        ("mango_hangup", "777"),
        ("mango_hangup",),
        ("mango_sandbox", "--host", "10.0.0.1"),
    ],
)
def test_what_cannot_be_tried_ends_with_2(
    shell: Callable[..., Any], arguments: tuple[str, ...]
) -> None:
    code, out, err = shell(*arguments)

    assert (code, out) == (2, "")
    # argparse says how the command is used first, ours is one line.
    assert len([line for line in err.splitlines() if "rror: " in line]) == 1


def test_wrong_settings_and_no_tables_end_with_2(shell: Callable[..., Any], tmp_path: Path) -> None:
    code, _out, err = shell("mango_import_stats", CHILD_BROKEN="1")
    assert code == 2
    assert "django_mango.E003" in err
    assert "only-the-key" not in err

    if connection.vendor == "sqlite":
        code, _out, err = shell(
            "mango_import_stats", CHILD_DATABASE=str(tmp_path / "empty.sqlite3")
        )
        assert code == 2
        assert err.splitlines() == [
            "CommandError: The database refused: no such table: django_mango_account"
        ]


def test_a_call_is_placed_waited_for_and_ended_from_two_shells(
    shell: Callable[..., Any], start: Start, office: Sandbox, anna: Employee
) -> None:
    waiting = start(
        "mango_call", "89161234508", "--user", "anna", "--wait", "50", CHILD_API_URL=office.url
    )
    assert waiting.stdout is not None
    assert waiting.stdout.readline().startswith("Command ")
    while not Call.objects.filter(state=Call.State.TALKING).exists():
        assert waiting.poll() is None

    ended = shell("mango_hangup", "--extension", "101", CHILD_API_URL=office.url)
    out, err = waiting.communicate(timeout=TIMEOUT)

    assert ended == (0, "The call is being ended.\n", "")
    assert (waiting.returncode, err) == (0, "")
    assert out.splitlines()[-1].startswith("outgoing, +7 916 123-45-08, answered, ")
    assert list(Command.objects.order_by("pk").values_list("kind", flat=True)) == [
        "callback",
        "hangup",
    ]


class SilentPbx:
    """Takes requests and never answers."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.asked = threading.Event()
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/vpbx/"

    def _listen(self) -> None:
        while True:
            try:
                taken, _address = self._listener.accept()
            except OSError:
                return
            self._held.append(taken)
            taken.recv(1)
            self.asked.set()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for one in self._held:
            one.close()


@pytest.fixture
def silent() -> Iterator[SilentPbx]:
    pbx = SilentPbx()
    yield pbx
    pbx.close()


def test_of_two_at_once_one_works_and_the_other_says_who(
    start: Start, shell: Callable[..., Any], silent: SilentPbx, pbx: Sandbox
) -> None:
    urls = {"CHILD_API_URL": silent.url, "CHILD_SECOND_URL": pbx.url}
    first = start("mango_import_stats", "--account", "default", "--since", "30d", **urls)
    assert silent.asked.wait(TIMEOUT)

    second = shell("mango_import_stats", "--account", "default", "--since", "last", **urls)
    quiet = shell("mango_import_stats", "--account", "default", "--verbosity", "0", **urls)
    other = shell("mango_import_stats", "--account", "second", "--since", "30d", **urls)

    assert second[0] == 0
    assert f"{socket.gethostname()[:40]}, process {first.pid}" in second[1]
    assert second[2] == ""
    assert quiet == (0, "", "")
    assert other[0] == 0
    assert Call.objects.filter(account__alias="second").count() == 60
    # Killed, it leaves a lease that runs out, and a window that the next one closes.
    first.kill()
    first.wait(TIMEOUT)
    assert "process" in shell("mango_import_stats", "--account", "default", "--resume", **urls)[1]
    assert Lease.objects.update(until=timezone.now()) == 1
    urls["CHILD_API_URL"] = pbx.url
    code, out, err = shell("mango_import_stats", "--account", "default", "--resume", **urls)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith("default: windows 2, ")
    assert Call.objects.filter(account__alias="default").count() == 60
    again = shell("mango_import_stats", "--account", "default", "--resume", **urls)
    assert again == (0, "default: nothing is left to load.\n", "")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_is_one_line_and_leaves_nothing_locked(
    start: Start, silent: SilentPbx, number: int, code: int
) -> None:
    child = start("mango_import_stats", "--since", "1d", CHILD_API_URL=silent.url)
    assert silent.asked.wait(TIMEOUT)
    child.send_signal(number)
    _out, err = child.communicate(timeout=TIMEOUT)

    assert child.returncode == code
    assert err.splitlines() == [
        "CommandError: Interrupted. What was read is stored; run the command again to go on."
    ]
    assert not Lease.objects.exists()
    window = StatsImport.objects.get()
    assert (window.state, window.problem) == ("failed", "interrupted")


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal of POSIX")
def test_ctrl_c_while_waiting_leaves_the_call_alone(
    start: Start, pbx: Sandbox, anna: Employee
) -> None:
    child = start(
        "mango_call", "89161234507", "--user", "anna", "--wait", "50", CHILD_API_URL=pbx.url
    )
    assert child.stdout is not None
    for _line in range(2):
        assert child.stdout.readline()
    child.send_signal(signal.SIGINT)
    _out, err = child.communicate(timeout=TIMEOUT)

    assert child.returncode == 130
    assert err.splitlines() == ["CommandError: Interrupted. A call that was placed goes on."]
    assert Command.objects.get().status == Command.Status.ACCEPTED


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_sandbox_runs_with_the_keys_of_the_settings(
    start: Start, run: Callable[..., Any], settings: Any, anna: Employee, number: int
) -> None:
    child = start("mango_sandbox", "--port", "0", "--calls", "40", "--days", "20")
    assert child.stdout is not None
    ready = child.stdout.readline()
    assert ready.startswith("Mango sandbox is ready: http://127.0.0.1:")
    assert ready.endswith("/vpbx/ (key test-key)\n")

    settings.MANGO = {**settings.MANGO, "API_URL": ready.split()[4]}
    assert run("mango_call", "89161234507", "--user", "anna").code == 0
    child.send_signal(number)
    out, err = child.communicate(timeout=TIMEOUT)

    assert (child.returncode, out, err) == (0, "", "")


def test_a_port_that_is_taken_ends_with_2(shell: Callable[..., Any]) -> None:
    with running_sandbox() as other:
        port = other.url.rsplit(":", 1)[1].split("/")[0]
        code, out, err = shell("mango_sandbox", "--port", port)

    assert (code, out) == (2, "")
    assert f"cannot listen on 127.0.0.1:{port}" in err
