"""Whatever of a call's notifications is lost: the rest and the statistics make the same call.

Every kind of call of the chaos benchmark, played by the sandbox without any disturbance; then
all parts of its notifications (of the longest calls many, drawn by chance) are projected
together with its rows. This is more than chaos does: it tries what chaos would need years for.
"""

import random
from collections import defaultdict

import pytest

from benchmarks.chaos_calls import KINDS, Player
from django_mango.protocol.notifications import CallEvent, Summary, read
from django_mango.protocol.projection import Address, Directory, Facts, project
from django_mango.protocol.statistics import OUR_FIELDS, read_rows
from django_mango.sandbox import staff
from django_mango.sandbox.rows import csv_lines

DIRECTORY = Directory(
    Address(kind, value, person.user_id)
    for person in staff.EMPLOYEES
    for kind, value in (
        ("extension", person.extension),
        ("sip", person.sip),
        ("number", f"+{person.mobile}"),
    )
)
#: All parts are tried of a call with at most so many notifications, of others so many parts.
_ALL_OF, _PARTS = 8, 250
#: Their rows alone are those of an incoming call: one leg from the client to our person.
#: A single notification tells the truth; nothing is matched by number and time.
UNKNOWN_TO_ROWS = {
    "callback, the employee does not answer",
    "callback, the employee rejects",
    "callback, cut while the employee rings",
    "callback, cut before the client rings",
    "callback of another system, the employee rejects",
}


@pytest.fixture(scope="module")
def played():
    """One call of each kind by its kind: id, notifications, rows; and our commands."""
    traffic = Player(3, chaos=False, name="own").play(len(KINDS))
    told, rows = defaultdict(list), defaultdict(list)
    for delivery in traffic.deliveries:
        if delivery.kind in ("events/call", "events/summary"):
            value = read(delivery.kind, delivery.text.decode())
            told[value.entry_id].append(value)
    text = "".join(csv_lines(traffic.pbx.engine.rows(), OUR_FIELDS)).encode()
    for row in read_rows([text]):
        rows[row.entry_id].append(row)
    commands = {command_id: "callback" for command_id, _number in traffic.commands}
    return {
        kind: (entry_id, told[entry_id], rows[entry_id], commands)
        for entry_id, kind in traffic.story.items()
    }


def call_of(entry_id, told, rows, commands):
    """What must be equal, from some notifications and all rows."""
    call = project(
        Facts(
            entry_id,
            events=tuple(one for one in told if isinstance(one, CallEvent)),
            summaries=tuple(one for one in told if isinstance(one, Summary)),
            records=tuple(rows),
            commands=commands,
            directory=DIRECTORY,
        )
    )
    return {
        "direction": call.direction,
        "state": call.state,
        "outcome": call.outcome,
        "client": call.client_number,
        "line": call.line_number,
        "times": (call.started_at, call.answered_at, call.ended_at),
        "durations": (call.wait_seconds, call.talk_seconds),
        "reason": call.disconnect_reason,
        "extension": call.extension if call.answered_at else "",
    }


def parts_of(count, dice):
    if count <= _ALL_OF:
        return range(2**count)
    return {0, *(2**count - 1 - 2**one for one in range(count))} | {
        dice.getrandbits(count) for _ in range(_PARTS)
    }


@pytest.mark.parametrize("kind", KINDS)
def test_any_part_of_the_notifications_makes_the_same_call(played, kind):
    entry_id, told, rows, commands = played[kind]
    whole = call_of(entry_id, told, rows, commands)
    assert whole["state"] == "finished"
    for part in parts_of(len(told), random.Random(kind)):
        kept = [one for number, one in enumerate(told) if part >> number & 1]
        if kept or kind not in UNKNOWN_TO_ROWS:
            assert call_of(entry_id, kept, rows, commands) == whole, kept


@pytest.mark.parametrize("kind", sorted(UNKNOWN_TO_ROWS))
def test_rows_alone_of_a_callback_without_client_read_as_an_incoming_call(played, kind):
    """The table says so; a rule that could tell more would make this kind an ordinary one."""
    entry_id, told, rows, commands = played[kind]
    assert call_of(entry_id, told, rows, commands)["outcome"] == "cancelled"
    assert len(rows) == 1
    assert call_of(entry_id, [], rows, commands)["direction"] == "incoming"
