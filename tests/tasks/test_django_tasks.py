"""The jobs under Django's tasks: done at once, and by a worker where its package is there."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import django
import pytest

from django_mango.models import Account, Call, Recording, StatsImport
from django_mango.sandbox import Sandbox
from django_mango.services import background, recordings

from .conftest import until

if django.VERSION < (6, 0) and importlib.util.find_spec("django_tasks") is None:
    pytest.skip("needs Django 6.0 or the package django-tasks", allow_module_level=True)

pytestmark = pytest.mark.django_db(transaction=True)

#: What a button of the admin does.
BUTTON = """
import django
django.setup()
from django_mango.models import Account
from django_mango.services import catching_up
catching_up.start_refresh(Account.objects.get())
"""
ROOT = Path(__file__).resolve().parent.parent.parent
HERE = "django.tasks.backends" if django.VERSION >= (6, 0) else "django_tasks.backends"


@pytest.fixture
def tasks(settings: Any, pbx: Sandbox) -> Any:
    settings.TASKS = {"default": {"BACKEND": f"{HERE}.immediate.ImmediateBackend"}}
    settings.MANGO = {**settings.MANGO, "TASKS": "django", "API_URL": pbx.url}
    from django_mango.tasks import by_django

    return by_django


def test_the_example_of_the_manual(tasks: Any, account: Account) -> None:
    text = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")
    code = text.partition("## Django's tasks")[2].partition("```python\n")[2].partition("```")[0]
    exec(code, {})  # the manual is ours
    assert Call.objects.count() > 10
    assert not StatsImport.objects.exclude(state=StatsImport.State.DONE).exists()


def test_outcomes_and_failures_are_told(tasks: Any, account: Account, pbx: Sandbox) -> None:
    done = tasks.sweep.enqueue()
    assert (done.status, done.return_value) == ("SUCCESSFUL", {"default": 0})
    pbx.stop()
    failed = tasks.import_latest.enqueue(account="default")
    assert failed.status == "FAILED"
    assert failed.errors[0].exception_class.__name__ == "ImportIncomplete"


def test_what_follows_a_call_is_a_task(tasks: Any, account: Account) -> None:
    call = Call.objects.create(account=account, entry_id="1")
    Recording.objects.create(account=account, recording_id="r", entry_id="1")
    background.later(recordings.join_calls, account=account, entry_ids={"1"})
    assert Recording.objects.get().call_id == call.pk


@pytest.mark.skipif(
    importlib.util.find_spec("django_tasks_db") is None, reason="needs the package django-tasks-db"
)
def test_a_worker_does_the_import_of_a_button(
    account: Account, child: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host in processes of its own: the package's admin is nothing for other tests."""
    monkeypatch.setenv("CHILD_TASKS", "django")
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.tasks.settings"}
    django_admin = [sys.executable, "-m", "django"]
    subprocess.run(
        [*django_admin, "migrate", "django_tasks_database", "-v", "0"],
        cwd=ROOT,
        env=env,
        check=True,
    )
    subprocess.run([sys.executable, "-c", BUTTON], cwd=ROOT, env=env, check=True)
    assert not StatsImport.objects.exists()
    with subprocess.Popen(
        [*django_admin, "db_worker", "--interval", "0.1"], cwd=ROOT, env=env
    ) as worker:
        try:
            done = StatsImport.objects.filter(state=StatsImport.State.DONE)
            assert until(done.exists)
        finally:
            worker.terminate()
