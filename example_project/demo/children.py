"""Child processes that never outlive the demo."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from .failure import Failure

ROOT = Path(__file__).resolve().parent.parent.parent
#: Seconds a child has to end by itself when asked.
GRACE = 5.0


class Child:
    """One server of the demo, in a process group of its own; its output is kept for reports."""

    def __init__(self, title: str, command: list[str], environment: Mapping[str, str]) -> None:
        self.title = title
        self._last_lines: deque[str] = deque(maxlen=20)
        self._changed = threading.Condition()
        self._closed = False
        # A group of its own, so that Ctrl-C reaches the demo alone, which then ends all in order.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "example_project.demo.leash", *command],
            cwd=ROOT,
            env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    def wait_for(self, pattern: re.Pattern[str], seconds: float) -> str:
        """Group 1 of ``pattern`` in a line printed within ``seconds``; else ``Failure``."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                for line in self._last_lines:
                    if found := pattern.search(line):
                        return found.group(1)
                remaining = deadline - time.monotonic()
                if self._closed or remaining <= 0:
                    break
                self._changed.wait(remaining)
        raise self._not_ready(seconds)

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait so many seconds until ``condition`` holds; else ``Failure``."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self.exit_code is not None or time.monotonic() > deadline:
                raise self._not_ready(seconds)
            time.sleep(0.1)

    def _not_ready(self, seconds: float) -> Failure:
        if self._closed or self.exit_code is not None:
            return self.ended()
        return Failure(f"{self.title} was not ready within {seconds:.0f} seconds")

    def ended(self) -> Failure:
        """Why the demo cannot go on: this child is gone. Its last line usually says why."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE)
        self._reader.join(GRACE)
        said = next((line for line in reversed(self._last_lines) if line.strip()), "no output")
        return Failure(f"{self.title} ended (exit code {self.exit_code}): {said.strip()}")

    def ask_to_end(self) -> None:
        self._signal(signal.SIGTERM)

    def end(self, seconds: float) -> None:
        """Wait so many seconds, then kill the group."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()
        # What the child may have started itself shares its group.
        self._signal(signal.SIGKILL)
        self._reader.join(GRACE)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _read(self) -> None:
        for line in self._process.stdout or ():
            with self._changed:
                self._last_lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class Children:
    """All children; leaving the ``with`` block ends them, the last started first."""

    def __init__(self) -> None:
        self._all: list[Child] = []

    def start(self, title: str, command: list[str], environment: Mapping[str, str]) -> Child:
        child = Child(title, command, environment)
        self._all.append(child)
        return child

    def fallen(self) -> Child | None:
        """A child that has ended although nobody asked it to."""
        return next((child for child in self._all if child.exit_code is not None), None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in reversed(self._all):
            child.ask_to_end()
        deadline = time.monotonic() + GRACE
        for child in reversed(self._all):
            child.end(max(0.0, deadline - time.monotonic()))
