"""No server of the demo outlives it, whatever way it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from example_project.demo import children
from example_project.demo.children import Child, Children
from example_project.demo.failure import Failure

ROOT = Path(__file__).resolve().parent.parent.parent

QUIET = "import time\nprint('ready', flush=True)\ntime.sleep(600)\n"
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + QUIET
FALLEN = "import sys\nprint('starting', flush=True)\nsys.exit('no such port')\n"
PARENT = """
import re, sys, time
from example_project.demo.children import Child
child = Child("A server", ["actor"], {})
child.wait_for(re.compile("(ready)"), 30)
print(child._process.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def stage(tmp_path: Path) -> Mapping[str, str]:
    """An environment in which a module named ``actor`` can be run."""
    return {"PYTHONPATH": str(tmp_path)}


def write_actor(stage: Mapping[str, str], source: str) -> None:
    Path(stage["PYTHONPATH"], "actor.py").write_text(source, encoding="utf-8")


def wait_until_ready(child: Child) -> str:
    return child.wait_for(re.compile("^(ready)$"), 30)


def is_gone(pid: int) -> bool:
    """Whether a process ends within 20 seconds. A zombie waiting for its parent has ended."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_leaving_the_block_ends_the_children(stage: Mapping[str, str]) -> None:
    write_actor(stage, QUIET)
    with Children() as all_children:
        child = all_children.start("A server", ["actor"], stage)
        assert wait_until_ready(child) == "ready"
        assert all_children.fallen() is None
    assert child.exit_code == -signal.SIGTERM


def test_a_child_that_does_not_listen_is_killed(
    stage: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "GRACE", 0.2)
    write_actor(stage, DEAF)
    with Children() as all_children:
        child = all_children.start("A server", ["actor"], stage)
        wait_until_ready(child)
    assert child.exit_code == -signal.SIGKILL


def test_children_end_when_the_block_fails(stage: Mapping[str, str]) -> None:
    write_actor(stage, QUIET)
    started = []
    with pytest.raises(Failure, match="elsewhere"), Children() as all_children:
        started.append(all_children.start("A server", ["actor"], stage))
        wait_until_ready(started[0])
        raise Failure("something broke elsewhere")
    assert started[0].exit_code == -signal.SIGTERM


def test_a_fallen_child_says_why(stage: Mapping[str, str]) -> None:
    write_actor(stage, FALLEN)
    with Children() as all_children:
        child = all_children.start("The PBX", ["actor"], stage)
        with pytest.raises(Failure, match=r"The PBX ended \(exit code 1\): no such port"):
            wait_until_ready(child)
        with pytest.raises(Failure, match="The PBX ended"):
            child.wait_until(lambda: False, 30)
        assert all_children.fallen() is child


def test_a_server_that_never_gets_ready_is_not_waited_for(stage: Mapping[str, str]) -> None:
    write_actor(stage, QUIET)
    with Children() as all_children:
        child = all_children.start("The site", ["actor"], stage)
        with pytest.raises(Failure, match="The site was not ready within 0 seconds"):
            child.wait_for(re.compile("(never printed)"), 0.1)
        with pytest.raises(Failure, match="The site was not ready within 0 seconds"):
            child.wait_until(lambda: False, 0.1)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc to see processes")
def test_a_killed_demo_leaves_no_server_behind(stage: Mapping[str, str]) -> None:
    write_actor(stage, QUIET)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        cwd=ROOT,
        env={**os.environ, **stage},
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        server = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    assert is_gone(server)
