"""Jobs due later, run one after another: by a thread, or by a test that owns the clock."""

from __future__ import annotations

import heapq
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .clock import Clock, ManualClock


@dataclass(order=True, slots=True)
class _Job:
    due: float
    number: int
    run: Callable[[], None] = field(compare=False)
    is_wanted: Callable[[], bool] = field(compare=False)


class Scheduler:
    """A queue of jobs ordered by the moment they are due, then by the order they were given in.

    ``start()`` runs them in one thread. Without it nothing runs by itself:
    ``run_due()`` runs what is due, and ``play()`` moves a ``ManualClock`` from job to
    job until nothing is left.
    """

    def __init__(self, clock: Clock, name: str = "sandbox") -> None:
        self._clock = clock
        self._name = name
        self._jobs: list[_Job] = []
        self._given = 0
        self._running = 0
        self._changed = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def after(
        self,
        seconds: float,
        run: Callable[[], None],
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """Run ``run`` once, ``seconds`` from now (0: as soon as its turn comes).

        A job that is not wanted any more does nothing and is not waited for.
        """
        with self._changed:
            self._given += 1
            due = self._clock.monotonic() + max(0.0, seconds)
            heapq.heappush(self._jobs, _Job(due, self._given, run, is_wanted))
            self._changed.notify_all()

    def next_due(self) -> float | None:
        """Monotonic moment of the next job, None when there is none."""
        with self._changed:
            return self._jobs[0].due if self._jobs else None

    def is_idle(self) -> bool:
        """Whether nothing runs and nothing that is still wanted waits."""
        with self._changed:
            return not self._running and not any(job.is_wanted() for job in self._jobs)

    def run_due(self) -> int:
        """Run every job that is due now, also those that become due meanwhile; how many ran."""
        done = 0
        while job := self._take_due():
            self._execute(job)
            done += 1
        return done

    def start(self) -> None:
        """Run jobs in a thread of their own until ``stop()``."""
        self._stopping = False
        self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Forget what waits and end the thread, at most ``timeout`` seconds later."""
        with self._changed:
            self._stopping = True
            self._jobs.clear()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None

    def _serve(self) -> None:
        while self._wait_for_due():
            self.run_due()

    def _wait_for_due(self) -> bool:
        with self._changed:
            while not self._stopping:
                if not self._jobs:
                    self._changed.wait()
                    continue
                left = self._jobs[0].due - self._clock.monotonic()
                if left <= 0:
                    return True
                self._changed.wait(left)
            return False

    def _take_due(self) -> _Job | None:
        with self._changed:
            if not self._jobs or self._jobs[0].due > self._clock.monotonic():
                return None
            self._running += 1
            return heapq.heappop(self._jobs)

    def _execute(self, job: _Job) -> None:
        try:
            job.run()
        except Exception:  # noqa: BLE001 - one broken job must not silence the whole PBX
            traceback.print_exc(file=sys.stderr)
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()


def play(clock: Clock, schedulers: Sequence[Scheduler], until: float | None = None) -> None:
    """Run all jobs in the order they are due, at most up to the monotonic moment ``until``.

    Needs a ``ManualClock``, which is moved from job to job and, at last, to ``until``.
    """
    if not isinstance(clock, ManualClock):
        raise TypeError("only a ManualClock can be played")
    while True:
        moments = [due for one in schedulers if (due := one.next_due()) is not None]
        if not moments or (until is not None and min(moments) > until):
            break
        clock.advance(max(0.0, min(moments) - clock.monotonic()))
        for scheduler in schedulers:
            scheduler.run_due()
    if until is not None:
        clock.advance(max(0.0, until - clock.monotonic()))
