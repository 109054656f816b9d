"""Long work in a process of its own: it outlives who started it, and a failure is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from django_mango.models import Account, Call, Lease, StatsImport
from django_mango.services import catching_up, coverage, detached
from django_mango.services.errors import ImportRunning, NotStarted, TooSoon
from django_mango.services.leases import HeldLease

from .conftest import until

pytestmark = pytest.mark.django_db(transaction=True)

#: What the web server does: it starts the import and goes on.
SERVER = """
import sys, time, django
django.setup()
from django_mango.models import Account
from django_mango.services import catching_up
catching_up.start_refresh(Account.objects.get())
print("started", flush=True)
time.sleep(300)
"""


def is_over() -> bool:
    done = StatsImport.objects.filter(state=StatsImport.State.DONE)
    return done.exists() and not Lease.objects.filter(name__startswith="import:").exists()


@pytest.mark.usefixtures("child")
def test_the_newest_is_loaded_outside_this_process(account: Account) -> None:
    catching_up.start_refresh(account)
    assert until(is_over)
    assert Call.objects.count() > 10
    window = StatsImport.objects.get()
    assert window.until - window.since == timedelta(days=3)
    with pytest.raises(TooSoon):
        catching_up.start_refresh(account)


@pytest.mark.usefixtures("child")
def test_the_gaps_of_a_period_are_loaded_and_nothing_else(account: Account) -> None:
    now = timezone.now().replace(microsecond=0)
    begin, hole, end = (now - timedelta(hours=hours) for hours in (40, 30, 20))
    StatsImport.objects.create(
        account=account,
        since=hole,
        until=end,
        complete_until=end,
        state=StatsImport.State.DONE,
        started_at=now,
        finished_at=now,
    )
    catching_up.start_gaps(account, begin, end)
    assert until(lambda: StatsImport.objects.filter(state="done").count() == 2 and is_over())
    assert coverage.gaps(account, begin, end) == []
    assert StatsImport.objects.filter(since=begin, until=hole).exists()


@pytest.mark.usefixtures("child")
def test_it_outlives_the_web_server(account: Account) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.tasks.settings"},
        cwd=django_settings.BASE_DIR.parent,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"started\n"
        os.killpg(server.pid, signal.SIGKILL)
    assert until(is_over)
    assert Call.objects.count() > 10


def test_while_an_import_runs_nothing_is_started(account: Account) -> None:
    lease = HeldLease(coverage.import_lease(account))
    with pytest.raises(ImportRunning):
        catching_up.start_refresh(account)
    with pytest.raises(ImportRunning):
        catching_up.start_gaps(account, timezone.now() - timedelta(days=1), timezone.now())
    lease.release()
    assert not Lease.objects.exists()


def test_a_process_that_does_not_come_up_is_told(
    account: Account, settings: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.SETTINGS_MODULE = "no.such.settings"
    with pytest.raises(NotStarted):
        catching_up.start_refresh(account)
    assert "No module named 'no'" in capfd.readouterr().err


def test_settings_without_a_module_are_told(account: Account, settings: Any) -> None:
    settings.SETTINGS_MODULE = None
    with pytest.raises(NotStarted):
        catching_up.start_refresh(account)


def test_inside_another_server_the_interpreter_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/usr/bin/uwsgi")
    found = detached._python()
    answer = subprocess.run([found, "-c", "print(6 * 7)"], capture_output=True, check=True)
    assert answer.stdout.strip() == b"42"
    monkeypatch.setattr(sys, "exec_prefix", "/nowhere")
    with pytest.raises(NotStarted):
        detached._python()


@pytest.mark.usefixtures("child")
def test_ended_processes_are_collected(account: Account) -> None:
    catching_up.start_refresh(account)
    assert until(is_over)
    first = detached._started[-1]
    assert until(lambda: first.poll() is not None)
    now = timezone.now()
    catching_up.start_gaps(account, now - timedelta(hours=9), now - timedelta(hours=8))
    assert first not in detached._started
    last = detached._started[-1]
    assert until(lambda: last.poll() is not None)
    assert last.returncode == 0
