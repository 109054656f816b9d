"""The jobs under Celery: a real worker, a real broker, the schedule of the manual."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from django_mango.models import Account, Call, Employee, Recording, StatsImport
from django_mango.sandbox import Sandbox
from django_mango.services import background, catching_up, recordings

from .conftest import until

celery = pytest.importorskip("celery", reason="needs the package celery")
redis = pytest.importorskip("redis", reason="needs the package redis")

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parent.parent.parent
BROKER = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/13")


#: A process of the host, whose broker is away.
HOST = """
import django
django.setup()
from tests.tasks.celery_app import app
from django_mango.models import Account
from django_mango.services import background, recordings
account = Account.objects.get()
background.later(recordings.join_calls, account=account, entry_ids={"1"})
"""


#: A worker that has just looked for its tasks.
NAMES = """
from tests.tasks.celery_app import app
app.loader.import_default_modules()
print(*app.tasks)
"""


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> str:
    try:
        redis.Redis.from_url(BROKER, socket_connect_timeout=2).ping()
    except redis.exceptions.RedisError as error:
        pytest.skip(f"needs Redis at {BROKER}: {error}")
    monkeypatch.setenv("CHILD_BROKER", BROKER)
    monkeypatch.setenv("CHILD_QUEUE", f"mango-test-{uuid.uuid4().hex}")
    return BROKER


@pytest.fixture
def app(broker: str) -> Iterator[Any]:
    """The host's Celery in this process, which only sends."""
    from .celery_app import app as host

    was = host.conf.task_default_queue
    host.conf.update(broker_url=broker, task_default_queue=os.environ["CHILD_QUEUE"])
    yield host
    redis.Redis.from_url(broker).delete(os.environ["CHILD_QUEUE"])
    host.conf.task_default_queue = was


@pytest.fixture
def worker(app: Any, child: None) -> Iterator[subprocess.Popen[bytes]]:
    """A worker as a process of its own, on the database and the PBX of this test."""
    command = [sys.executable, "-m", "celery", "-A", "tests.tasks.celery_app", "worker"]
    command += ["--pool", "solo", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.tasks.settings"},
        stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate()


def schedule() -> dict[str, Any]:
    """The schedule of the manual."""
    text = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(CELERY_BEAT_SCHEDULE = .*?)```", text, re.S)
    assert found
    scope: dict[str, Any] = {}
    exec(found[1], scope)  # the manual is ours
    return scope["CELERY_BEAT_SCHEDULE"]  # type: ignore[no-any-return]


def test_beat_takes_the_schedule_and_the_worker_does_what_it_names(
    app: Any, worker: Any, account: Account, pbx: Sandbox
) -> None:
    from celery.beat import Scheduler

    app.conf.beat_schedule = schedule()
    beat = Scheduler(app=app)
    assert {entry.task for entry in beat.schedule.values() if entry.task[:6] != "celery"} >= {
        "django_mango.import_latest",
        "django_mango.import_gaps",
        "django_mango.sweep",
    }
    for entry in schedule().values():
        answer = app.send_task(entry["task"])
        outcome = answer.get(timeout=60)
        assert set(outcome) == {"default"}
    assert Employee.objects.filter(account=account, is_active=True).count() > 3
    assert Call.objects.count() > 10
    assert StatsImport.objects.filter(state=StatsImport.State.DONE).exists()


def test_a_failed_import_is_a_failed_task(
    app: Any, worker: Any, account: Account, pbx: Sandbox
) -> None:
    pbx.stop()
    answer = app.send_task("django_mango.import_latest", kwargs={"account": "default"})
    with pytest.raises(Exception, match=r"."):
        answer.get(timeout=60)
    assert answer.state == "FAILURE"
    assert StatsImport.objects.get().state == StatsImport.State.FAILED


def test_what_follows_a_call_is_done_by_the_worker(
    app: Any, worker: Any, account: Account, settings: Any, tmp_path: Path
) -> None:
    """The worker joins the recording to its call: what it was given has travelled."""
    call = Call.objects.create(account=account, entry_id="1")
    Recording.objects.create(account=account, recording_id="r", entry_id="1")
    settings.MANGO = {**settings.MANGO, "TASKS": "celery"}
    background.later(recordings.join_calls, account=account, entry_ids={"1"})
    assert until(lambda: Recording.objects.get().call_id == call.pk)


def test_without_the_broker_the_work_is_done_here(
    account: Account, child: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of its own, because this one is connected to the broker already."""
    call = Call.objects.create(account=account, entry_id="1")
    Recording.objects.create(account=account, recording_id="r", entry_id="1")
    monkeypatch.setenv("CHILD_TASKS", "celery")
    monkeypatch.setenv("CHILD_BROKER", "redis://127.0.0.1:9/0")
    ran = subprocess.run(
        [sys.executable, "-c", HOST],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.tasks.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert Recording.objects.get().call_id == call.pk
    assert "the queue did not take" in ran.stderr


def test_an_import_by_a_button_goes_to_the_worker(
    app: Any, worker: Any, account: Account, settings: Any
) -> None:
    settings.MANGO = {**settings.MANGO, "TASKS": "celery"}
    catching_up.start_refresh(account)
    assert until(lambda: StatsImport.objects.filter(state=StatsImport.State.DONE).exists())


def test_every_task_has_its_name(child: None) -> None:
    """As a worker finds them: in a process that knows Celery from the beginning."""
    told = subprocess.run(
        [sys.executable, "-c", NAMES],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.tasks.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert {name for name in told.stdout.split() if name.startswith("django_mango.")} == {
        "django_mango.import_latest",
        "django_mango.import_gaps",
        "django_mango.sweep",
        "django_mango.sync_staff",
        "django_mango.run",
    }
