"""The whole fake PBX: its rooms put together, started and stopped as one."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

from django_mango.protocol.signing import Credentials

from . import staff
from .call_reports import CallReports
from .clock import Clock
from .commands import Commands
from .control import Control
from .courier import Chaos, Courier, Post
from .engine import Engine
from .history import History
from .leg_commands import LegCommands
from .options import SandboxOptions
from .recordings import Recordings
from .reports import Reports
from .scheduler import Scheduler, play
from .scripts import Outcome
from .server import Server
from .switchboard import Switchboard


class Sandbox:
    """A PBX on loopback: ``Sandbox(SandboxOptions(port=0))``, then ``start()`` and ``stop()``.

    Also a context manager. Without ``start()`` nothing listens and nothing moves
    by itself: with a ``ManualClock`` a test calls ``switchboard.handle()`` and
    ``play()`` and sees a whole call in no time.
    """

    def __init__(
        self,
        options: SandboxOptions | None = None,
        *,
        clock: Clock | None = None,
        post: Post | None = None,
    ) -> None:
        self.options = options = options or SandboxOptions()
        self.credentials = Credentials(options.api_key, options.api_salt)
        self._clock = clock = clock or Clock()
        self._calls = Scheduler(clock, "sandbox-calls")
        self._reports_due = Scheduler(clock, "sandbox-reports")
        self._mail = Scheduler(clock, "sandbox-webhooks")
        self.courier = Courier(
            self.credentials,
            self._mail,
            webhook=options.webhook,
            chaos=Chaos(options.seed) if options.chaos else None,
            post=post,
        )
        self.engine = Engine(
            clock,
            self._calls,
            self.courier.send,
            speed=options.speed,
            talk_seconds=options.talk_seconds,
            records_talks=options.record,
        )
        self.history = History(
            options.seed,
            options.calls,
            options.days,
            clock.now() if options.history_end is None else options.history_end,
        )
        self._control = Control(self.engine)
        self.switchboard = self._build_switchboard()
        self._server: Server | None = None

    @property
    def url(self) -> str:
        """Base address of the API, with its slash at the end: ``http://127.0.0.1:8765/vpbx/``."""
        if self._server is None:
            raise RuntimeError("the sandbox is not started")
        host = self.options.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self._server.port}/vpbx/"

    def start(self) -> Self:
        """Listen and play. Raises ``OSError`` when the port is taken."""
        self._server = Server(self.options.host, self.options.port, self.switchboard.handle)
        for scheduler in (self._calls, self._reports_due, self._mail):
            scheduler.start()
        self._server.start()
        return self

    def stop(self) -> None:
        """End every thread; calls that go on and notifications on their way are dropped."""
        if self._server is None:
            return
        self._server.stop()
        for scheduler in (self._calls, self._reports_due, self._mail):
            scheduler.stop()
        self._server = None

    def set_webhook(self, url: str) -> None:
        """Send notifications to this address from now on; empty: nowhere."""
        self.courier.webhook = url

    def incoming_call(
        self,
        from_number: str,
        *,
        to: str = staff.SALES.extension,
        outcome: str = Outcome.ANSWERED,
        line: str = "",
        talk_seconds: float | None = None,
    ) -> str:
        """Let a client call; the ``entry_id``.

        ``from_number`` is digits, empty for a hidden number. ``to`` is an
        extension or a group, ``outcome`` one of ``answered``, ``missed``, ``busy``,
        ``ivr``. Raises ``ValueError`` when one of them does not exist.
        """
        return self._control.incoming(
            from_number, to=to, outcome=outcome, line=line, talk_seconds=talk_seconds
        )

    @property
    def notifications(self) -> list[tuple[str, dict[str, object]]]:
        """Everything sent so far as (kind, payload), with or without a webhook."""
        return list(self.courier.journal)

    def play(self, seconds: float | None = None) -> None:
        """On a ``ManualClock``: play calls and deliveries to their end, or for some seconds."""
        until = None if seconds is None else self._clock.monotonic() + seconds
        play(self._clock, (self._calls, self._reports_due, self._mail), until)

    def wait_idle(self, timeout: float = 30.0) -> bool:
        """Wait until no call goes on and every notification is delivered; whether it came so."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self._calls.is_idle() and self._mail.is_idle():
                return True
            time.sleep(0.01)
        return False

    def _build_switchboard(self) -> Switchboard:
        options, engine = self.options, self.engine
        reports = Reports(
            self._clock,
            (self.history.rows, lambda _since, _until: engine.rows()),
            self._notify_in_real_time,
            seed=options.seed,
            delay=options.statistics_delay,
        )
        call_reports = CallReports(
            self._clock,
            (self.history.conversations, lambda _since, _until: engine.conversations()),
            seed=options.seed,
            delay=options.statistics_delay,
        )
        commands = Commands(engine, async_results=options.async_results)
        return Switchboard(
            self.credentials,
            self._clock,
            commands=commands,
            leg_commands=LegCommands(engine, commands.finish, self._clock),
            reports=reports,
            call_reports=call_reports,
            recordings=Recordings(
                lambda known: engine.has_recording(known) or self.history.has_recording(known)
            ),
            control=self._control,
            enforce_limits=options.enforce_limits,
        )

    def _notify_in_real_time(self, seconds: float, kind: str, payload: dict[str, object]) -> None:
        self._reports_due.after(seconds, lambda: self.courier.send(kind, payload))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Sandbox {self.options!r}>"


def sandbox(**options: Any) -> Sandbox:
    """A sandbox from options by name; a free port unless one is given."""
    return Sandbox(SandboxOptions(**{"port": 0, **options}))
