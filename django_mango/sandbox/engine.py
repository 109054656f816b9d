"""The exchange: live calls, their scripts, and the commands that start and end them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from . import rules, scripts, staff
from .calls import INCOMING, INTERNAL, OUTGOING, QUEUE, Conversation, Emit
from .clock import Clock
from .rows import Party, Row
from .scheduler import Scheduler
from .scripts import IncomingPlan, Outcome, Script

DONE, IMPOSSIBLE, ENDED = 1000, 4100, 4101
BY_EXTERNAL_SYSTEM = 1181
#: A command's result leaves a moment after the answer to the command, in call seconds.
RESULT_DELAY = 0.2
#: A recording is stored in the cloud this long after its talk, in call seconds (Q76).
STORING = 5.0


@dataclass(frozen=True, slots=True)
class Callback:
    """A checked callback command: both parties are known, the line is one of ours."""

    employee: Party
    destination: Party
    line: str
    internal: bool
    command_id: str | None


class Engine:
    """Plays calls. Safe to use from any thread; everything happens under one lock."""

    def __init__(
        self,
        clock: Clock,
        scheduler: Scheduler,
        emit: Emit,
        *,
        speed: float = 1.0,
        talk_seconds: float = 20.0,
        records_talks: bool = False,
    ) -> None:
        self._clock = clock
        self._scheduler = scheduler
        self._emit = emit
        self._speed = speed
        self._talk_seconds = talk_seconds
        self._records_talks = records_talks
        self._lock = threading.RLock()
        self._playing: dict[str, tuple[Conversation, Script]] = {}
        self._rows: list[Row] = []
        self._recordings: set[str] = set()
        # Ten ids a second are enough for people, and a restarted sandbox never
        # gives an id a second time: a CRM would take two calls for one.
        self._last_entry = int(clock.now() * 10)

    def callback(self, command: Callback) -> int:
        """Start a callback; its result code (1000, or 2240 by the rules)."""
        plan = rules.plan_for(command.destination)
        if plan.refused:
            return plan.refused
        with self._lock:
            call = self._conversation(
                INTERNAL if command.internal else OUTGOING,
                command.employee,
                command.destination,
                command.line,
            )
            call.command_id = command.command_id
            call.initiator = "API"
            self._play(call, scripts.callback(call, plan, self._talk_seconds))
        return DONE

    def incoming(
        self,
        caller: Party,
        line: str,
        members: Sequence[Party],
        outcome: Outcome,
        *,
        acd_group: str = "",
        talk_seconds: float | None = None,
    ) -> str:
        """Let a client call; the ``entry_id``. A missed group call names the group (§3.1.6)."""
        talk = self._talk_seconds if talk_seconds is None else talk_seconds
        with self._lock:
            callee = Party(extension=acd_group) if acd_group else members[0]
            call = self._conversation(INCOMING, caller, callee, line)
            plan = IncomingPlan(tuple(members), outcome, talk, acd_group)
            self._play(call, scripts.incoming(call, plan))
            return call.entry_id

    def hang_up(self, call_id: str) -> int:
        """End a leg, and with it the call: 1000, 4100 in a queue, 4101 if it is over (§3.2.3).

        Of several telephones that ring, ending one ends the call: a PBX would go
        on ringing the others.
        """
        with self._lock:
            for call, script in self._playing.values():
                for leg in call.open_legs():
                    if leg.call_id != call_id:
                        continue
                    if leg.location == QUEUE:
                        return IMPOSSIBLE
                    script.close()
                    call.break_off(leg, BY_EXTERNAL_SYSTEM)
                    self._play(call, scripts.closing(call))
                    return DONE
        return ENDED

    def report(self, kind: str, payload: dict[str, object]) -> None:
        """Send a command's result (``result/...``) a moment later."""
        self.after(RESULT_DELAY, kind, payload)

    def after(self, seconds: float, kind: str, payload: dict[str, object]) -> None:
        """Send a notification after some seconds of the call."""
        self._scheduler.after(seconds / self._speed, lambda: self._emit(kind, payload))

    def rows(self) -> list[Row]:
        """Rows of the legs that have ended, in the order they began."""
        with self._lock:
            return sorted(self._rows, key=lambda row: (row.start, row.entry_id))

    def has_recording(self, recording_id: str) -> bool:
        """Whether a call played here left this recording."""
        with self._lock:
            return recording_id in self._recordings

    def live_calls(self) -> list[dict[str, object]]:
        """What goes on now: one mapping a call, with its open legs."""
        with self._lock:
            return [_snapshot(call) for call, _ in self._playing.values()]

    def _conversation(
        self, direction: int, caller: Party, callee: Party, line: str
    ) -> Conversation:
        self._last_entry = max(self._last_entry + 1, int(self._clock.now() * 10))
        return Conversation(
            entry=self._last_entry,
            clock=self._clock,
            emit=self._emit,
            record=self._store,
            direction=direction,
            caller=caller,
            callee=callee,
            line=line,
            records_talks=self._records_talks,
        )

    def _play(self, call: Conversation, script: Script) -> None:
        self._playing[call.entry_id] = (call, script)
        self._step(call, script)

    def _step(self, call: Conversation, script: Script) -> None:
        with self._lock:
            if self._playing.get(call.entry_id, (None, None))[1] is not script:
                return  # a hang-up has put another script in its place
            try:
                seconds = next(script)
            except StopIteration:
                del self._playing[call.entry_id]
                return
        self._scheduler.after(seconds / self._speed, lambda: self._step(call, script))

    def _store(self, row: Row) -> None:
        self._rows.append(row)
        for recording_id in row.records:
            self._recordings.add(recording_id)
            self.after(STORING, "events/record/added", self._stored(row, recording_id))

    def _stored(self, row: Row, recording_id: str) -> dict[str, object]:
        """§3.1.8: the employee is named by id; no call and no extension."""
        person = staff.employee_by_extension(row.to_extension or row.from_extension)
        return {
            "entry_id": row.entry_id,
            "product_id": 300022532,
            "user_id": person.user_id if person else -1,
            "timestamp": row.finish,
            "recording_id": recording_id,
        }


def _snapshot(call: Conversation) -> dict[str, object]:
    return {
        "entry_id": call.entry_id,
        "command_id": call.command_id,
        "legs": [
            {"call_id": leg.call_id, "state": leg.state, "location": leg.location}
            for leg in call.open_legs()
        ],
    }
