"""The recipes of the manual, carried out as far as this machine can."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from configparser import ConfigParser
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
import pytest
from django.core import mail
from django.utils import timezone

from django_mango.models import Account, Call, StatsImport
from django_mango.services.staleness import raise_alarm
from django_mango.signals import import_overdue

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parent.parent.parent
#: As a shell takes it: the path may have blanks.
PYTHON = shlex.quote(sys.executable)
PREFIX = "cd /srv/crm && venv/bin/python manage.py "
#: minute, hour, day, month, weekday: what cron(8) and crontab(5) know.
FIELD = r"(?:\*|\d+(?:-\d+)?)(?:/\d+)?(?:,\d+)*"
CRON = re.compile(rf"^((?:{FIELD}\s+){{5}})(\S.*)$")


def blocks(name: str, language: str) -> list[str]:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


CRON_LINES = [
    line
    for name in ("scheduling.md", "commands.md")
    for block in blocks(name, "cron")
    for line in block.splitlines()
]
UNITS = blocks("scheduling.md", "ini")


def run(command: str) -> subprocess.CompletedProcess[str]:
    """A command line of the manual, by a shell as cron does, in this project."""
    return subprocess.run(
        command,
        shell=True,
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.tasks.settings"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_manual_has_recipes() -> None:
    assert len(CRON_LINES) >= 3
    assert len(UNITS) == 2


@pytest.mark.usefixtures("child")
@pytest.mark.parametrize("line", CRON_LINES)
def test_each_line_of_cron_does_its_work_and_says_nothing(line: str, account: Account) -> None:
    found = CRON.match(line)
    assert found, "not five fields and a command"
    command = found[2]
    assert command.startswith(PREFIX)
    ran = run(f"{PYTHON} -m django {command.removeprefix(PREFIX)}")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert Call.objects.exists() is ("mango_import_stats" in command)
    assert not StatsImport.objects.exclude(state=StatsImport.State.DONE).exists()


def unit(text: str) -> ConfigParser:
    parser = ConfigParser(interpolation=None, delimiters="=")
    parser.optionxform = str  # type: ignore[assignment,method-assign] # systemd's names have capitals
    parser.read_string(text)
    return parser


@pytest.mark.usefixtures("child")
def test_the_service_of_systemd_imports(account: Account) -> None:
    command = unit(UNITS[0])["Service"]["ExecStart"]
    program = "/srv/crm/venv/bin/python manage.py "
    assert command.startswith(program)
    ran = run(f"{PYTHON} -m django {command.removeprefix(program)}")
    assert ran.returncode == 0
    assert re.search(r"^1/1 .*: \d+ rows?, new \d+", ran.stdout, re.M)
    assert Call.objects.exists()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    service, timer = UNITS
    # The programs of the manual are not on this machine.
    service = service.replace("/srv/crm/venv/bin/python", f'"{sys.executable}"')
    service = service.replace("WorkingDirectory=/srv/crm", f"WorkingDirectory={tmp_path}")
    service = service.replace("User=crm", "User=root")
    (tmp_path / "mango-import.service").write_text(service)
    (tmp_path / "mango-import.timer").write_text(timer)
    ran = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / "mango-import.timer"],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in ran.stderr.splitlines() if "mango-import" in line]
    assert complaints == []
    calendars = [
        unit(timer)["Timer"]["OnCalendar"],
        *re.findall(
            r"`OnCalendar=([^`]+)`", (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")
        ),
    ]
    assert len(calendars) == 2
    for calendar in calendars:
        subprocess.run(["systemd-analyze", "calendar", calendar], check=True, capture_output=True)


def test_the_receiver_of_the_alarm_writes_a_letter(account: Account, settings: Any) -> None:
    settings.ADMINS = ["a@crm.example"] if django.VERSION >= (6, 0) else [("A", "a@crm.example")]
    if django.VERSION >= (6, 1):  # the old single backend is deprecated there
        backend = "django.core.mail.backends.locmem.EmailBackend"
        settings.MAILERS = {"default": {"BACKEND": backend}}
    until = timezone.now() - timedelta(hours=30)
    StatsImport.objects.create(
        account=account,
        since=until - timedelta(hours=1),
        until=until,
        complete_until=until,
        state=StatsImport.State.DONE,
        started_at=until,
    )
    (code,) = [one for one in blocks("scheduling.md", "python") if "import_overdue" in one]
    scope: dict[str, Any] = {}
    exec(code, scope)  # the manual is ours
    try:
        assert raise_alarm("default")
    finally:
        import_overdue.disconnect(scope["wake_up"])
    (letter,) = mail.outbox
    assert letter.subject.endswith("Telephony: default")
    assert letter.body.startswith("Statistics are loaded up to ")


def test_the_hook_of_the_manual_is_python() -> None:
    (code,) = [one for one in blocks("scheduling.md", "python") if "django_rq" in one]
    scope: dict[str, Any] = {}
    enqueued: list[tuple[Any, ...]] = []

    class Queue:  # the package of the host; only its call is looked at
        @staticmethod
        def enqueue(*what: Any) -> None:
            enqueued.append(what)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "django_rq", Queue)  # type: ignore[arg-type]
        exec(code, scope)  # the manual is ours
        scope["enqueue"]("a", {"b": 1})
    assert enqueued == [("django_mango.tasks.run", "a", {"b": 1})]
