"""The exchange: live calls, their scripts, and the commands that start and end them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from . import rules, scripts, staff, transfers
from .calls import INCOMING, INTERNAL, OUTGOING, QUEUE, Conversation, Emit, Leg
from .clock import Clock
from .conversations import Conversation as Told
from .conversations import conversation_of
from .rows import Party, Row
from .scheduler import Scheduler
from .scripts import IncomingPlan, Outcome, Script

DONE, IMPOSSIBLE, ENDED, RECORDING = 1000, 4100, 4101, 4102

Test = Callable[[Conversation, Leg], bool]
LegScript = Callable[[Conversation, Leg], Script]

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
            self._play(call, scripts.callback(call, plan))
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
        with self._lock:
            callee = Party(extension=acd_group) if acd_group else members[0]
            call = self._conversation(INCOMING, caller, callee, line)
            if talk_seconds is not None:
                call.talk_seconds = talk_seconds
            plan = IncomingPlan(tuple(members), outcome, acd_group)
            self._play(call, scripts.incoming(call, plan))
            return call.entry_id

    def hang_up(self, call_id: str) -> int:
        """End a leg: 1000, 4100 in a queue, 4101 if it is over or unknown (§3.2.3)."""
        return self.take_over(call_id, _can_be_cut, transfers.cut)

    def take_over(self, call_id: str, may: Test, script: LegScript) -> int:
        """Let a command's script go on in place of the one that plays the leg's call.

        1000, 4100 when the leg is not in a state for the command, 4101 when it is
        over or unknown. The script's first step is done before this returns.
        """
        with self._lock:
            found = self._open_leg(call_id)
            if found is None:
                return ENDED
            call, leg = found
            if not may(call, leg):
                return IMPOSSIBLE
            self._playing[call.entry_id][1].close()
            self._play(call, script(call, leg))
            return DONE

    def record(self, call_id: str, command_id: str | None) -> int:
        """Record a talk: 1000, 4100 without a talk, 4101 if it is over, 4102 if it is recorded."""
        with self._lock:
            found = self._open_leg(call_id)
            if found is None:
                return ENDED
            call, leg = found
            if not leg.talks or leg.recording:
                return RECORDING if leg.recording else IMPOSSIBLE
            call.start_recording(leg, command_id)
            return DONE

    def parties(self, call_id: str) -> tuple[Party, Party] | None:
        """Caller and callee of an open leg; None when it is over or unknown."""
        with self._lock:
            found = self._open_leg(call_id)
            return (found[1].source, found[1].target) if found else None

    def _open_leg(self, call_id: str) -> tuple[Conversation, Leg] | None:
        for call, _ in self._playing.values():
            for leg in call.open_legs():
                if leg.call_id == call_id:
                    return call, leg
        return None

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

    def conversations(self) -> list[Told]:
        """Conversations that are over, in the order they began."""
        with self._lock:
            found: dict[str, list[Row]] = {}
            for row in self._rows:
                if row.entry_id not in self._playing:
                    found.setdefault(row.entry_id, []).append(row)
        return sorted(map(conversation_of, found.values()), key=lambda one: one.start)

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
            talk_seconds=self._talk_seconds,
        )

    def _play(self, call: Conversation, script: Script) -> None:
        self._playing[call.entry_id] = (call, script)
        self._step(call, script)

    def _step(self, call: Conversation, script: Script) -> None:
        with self._lock:
            if not self._is_played(call, script):
                return  # a hang-up has put another script in its place
            try:
                seconds = next(script)
            except StopIteration:
                del self._playing[call.entry_id]
                return
        self._scheduler.after(
            seconds / self._speed,
            lambda: self._step(call, script),
            lambda: self._is_played(call, script),
        )

    def _is_played(self, call: Conversation, script: Script) -> bool:
        return self._playing.get(call.entry_id, (None, None))[1] is script

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


def _can_be_cut(_call: Conversation, leg: Leg) -> bool:
    return leg.location != QUEUE


def _snapshot(call: Conversation) -> dict[str, object]:
    return {
        "entry_id": call.entry_id,
        "command_id": call.command_id,
        "legs": [
            {"call_id": leg.call_id, "state": leg.state, "location": leg.location}
            for leg in call.open_legs()
        ],
    }
