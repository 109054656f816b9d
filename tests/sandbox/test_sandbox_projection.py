"""One call, whichever source tells it: events, summary and statistics of the sandbox agree.

The sandbox and the projection were written apart, on the same documents; where
they disagree one of them has misread.
"""

import json

import pytest

from django_mango.protocol.encoding import compact_json
from django_mango.protocol.extended_records import ExtendedRecord, rows_of
from django_mango.protocol.notifications import read
from django_mango.protocol.projection import Address, Directory, Facts, project
from django_mango.protocol.statistics import OUR_FIELDS, Record, read_rows
from django_mango.sandbox import staff
from django_mango.sandbox.rows import csv_lines

DIRECTORY = Directory(
    Address(kind, value, person.user_id)
    for person in staff.EMPLOYEES
    for kind, value in (
        ("extension", person.extension),
        ("sip", person.sip),
        ("number", f"+{person.mobile}"),
        ("user", str(person.user_id)),
    )
)


def callback(number, hang_up_after=None):
    def act(bench):
        bench.call(number)
        if hang_up_after is not None:
            bench.pbx.play(hang_up_after)
            leg = bench.events()[-1]["call_id"]
            bench.post("commands/call/hangup", {"call_id": leg})

    return act


def incoming(to, outcome):
    return lambda bench: bench.pbx.incoming_call("79161234567", to=to, outcome=outcome)


def transferred(method):
    def act(bench):
        bench.pbx.incoming_call("79161234567", to="101")
        bench.pbx.play(10)
        wish = {"method": method, "to_number": "102", "initiator": "101"}
        bench.post("commands/transfer", {"call_id": bench.events()[-1]["call_id"], **wish})

    return act


def tell(bench):
    """The call as told by its events, summary, rows, extended statistics, and by all of them."""
    bench.pbx.play()
    (summary,) = bench.events("events/summary")
    events = tuple(read("events/call", compact_json(event)) for event in bench.events())
    summaries = (read("events/summary", compact_json(summary)),)
    text = "".join(csv_lines(bench.pbx.engine.rows(), OUR_FIELDS)).encode()
    records = tuple(read_rows([text]))
    assert all(isinstance(record, Record) for record in records)
    (told,) = bench.pbx.engine.conversations()
    extended = tuple(rows_of(json.loads(json.dumps(told.as_json())), 1))
    assert all(isinstance(one, ExtendedRecord) for one in extended)

    def by(**facts):
        entry_id = summary["entry_id"]
        commands = {"c1": "callback"}
        return project(Facts(entry_id, commands=commands, directory=DIRECTORY, **facts))

    return (
        by(events=events),
        by(summaries=summaries),
        by(records=records),
        by(extended=extended),
        by(events=events, summaries=summaries, records=records, extended=extended),
    )


def essence(call):
    return (
        call.direction,
        call.state,
        call.outcome,
        call.client_number,
        call.started_at,
        call.answered_at,
        call.ended_at,
    )


@pytest.mark.parametrize(
    ("act", "direction", "outcome"),
    [
        (callback("79161234567"), "outgoing", "answered"),
        (callback("79161234501"), "outgoing", "busy"),
        (callback("79161234502"), "outgoing", "no_answer"),
        (callback("79161234504"), "outgoing", "failed"),
        (callback("79161234507"), "outgoing", "answered"),
        (callback("102"), "internal", "answered"),
        (callback("79161234567", hang_up_after=4), "outgoing", "cancelled"),
        (callback("79161234567", hang_up_after=10), "outgoing", "answered"),
        (incoming("301", "answered"), "incoming", "answered"),
        (incoming("301", "missed"), "incoming", "missed"),
        (incoming("301", "busy"), "incoming", "missed"),
        (incoming("101", "answered"), "incoming", "answered"),
        (incoming("101", "missed"), "incoming", "missed"),
        (incoming("101", "ivr"), "incoming", "missed"),
        (transferred("blind"), "incoming", "answered"),
        (transferred("hold"), "incoming", "answered"),
    ],
)
def test_every_source_tells_the_same_call(bench, act, direction, outcome):
    act(bench)
    by_events, by_summary, by_records, by_extended, by_all = tell(bench)
    assert (by_all.direction, by_all.outcome) == (direction, outcome)
    assert essence(by_events) == essence(by_summary) == essence(by_records) == essence(by_all)
    assert essence(by_extended) == essence(by_all)
    assert by_extended.is_final
    assert by_summary.is_final
    assert by_records.is_final
    assert not by_events.is_final  # a summary or the statistics must confirm it


@pytest.mark.parametrize("number", ["79161234503", "79161234506"])
def test_a_callback_whose_client_never_rang_is_cancelled(bench, number):
    """Its only row cannot be told from a missed call: events and the command can (Q67)."""
    callback(number)(bench)
    by_events, _, _, by_extended, by_all = tell(bench)
    assert (by_events.direction, by_events.outcome) == ("outgoing", "cancelled")
    assert essence(by_events) == essence(by_extended) == essence(by_all)
