"""Incoming calls on demand, and the sandbox's own door (§3.1.2, §3.1.6, Q61, T-20)."""

import json

import pytest

from django_mango.sandbox.answers import Request


def locations(bench):
    return [(event["location"], event["call_state"]) for event in bench.events()]


def test_a_group_call_goes_through_menu_queue_and_telephones(bench):
    entry_id = bench.pbx.incoming_call("79161234567", to="301")
    bench.pbx.play()
    events = bench.events()
    assert {event["entry_id"] for event in events} == {entry_id}
    assert not any("command_id" in event for event in events)
    assert locations(bench) == [
        ("ivr", "Appeared"),
        ("ivr", "Disconnected"),
        ("queue", "Appeared"),
        *[("abonent", "Appeared")] * 3,
        ("queue", "Disconnected"),
        ("abonent", "Connected"),
        *[("abonent", "Disconnected")] * 3,
    ]
    menu, queue, ringing = events[0], events[2], events[3]
    assert "taken_from_call_id" not in menu["from"]
    assert queue["from"]["taken_from_call_id"] == menu["call_id"]
    assert ringing["from"]["taken_from_call_id"] == queue["call_id"]
    assert ringing["to"] == {
        "extension": "101",
        "number": "sip:smirnova@romashka.mangosip.ru",
        "line_number": "74951234567",
        "acd_group": "301",
    }
    (summary,) = bench.events("events/summary")
    assert (summary["call_direction"], summary["entry_result"]) == (1, 1)
    assert summary["to"]["extension"] == "101"
    assert summary["create_time"] < summary["forward_time"] < summary["talk_time"]
    assert len(bench.report()) == 5  # menu, queue, three telephones (Q31)


def test_a_missed_group_call_names_the_group_without_a_number(bench):
    bench.pbx.incoming_call("79161234567", to="301", outcome="missed")
    bench.pbx.play()
    (summary,) = bench.events("events/summary")
    assert summary["to"] == {"extension": "301"}
    assert (summary["talk_time"], summary["forward_time"], summary["entry_result"]) == (0, 0, 0)
    assert not any(event["call_state"] == "Connected" for event in bench.events())


def test_a_missed_direct_call_names_who_missed_it(bench):
    bench.pbx.incoming_call("79161234567", to="102", outcome="missed")
    bench.pbx.play()
    assert bench.events("events/summary")[0]["to"]["extension"] == "102"
    assert "queue" not in {event["location"] for event in bench.events()}


def test_a_busy_employee(bench):
    bench.pbx.incoming_call("79161234567", to="102", outcome="busy")
    bench.pbx.play()
    assert bench.events("events/summary")[0]["disconnect_reason"] == 1121


def test_a_call_that_ends_in_the_menu_has_no_callee_and_calls_itself_successful(bench):
    bench.pbx.incoming_call("79161234567", outcome="ivr")
    bench.pbx.play()
    (summary,) = bench.events("events/summary")
    assert (summary["to"], summary["talk_time"]) == ({}, 0)
    assert (summary["disconnect_reason"], summary["entry_result"]) == (1170, 1)
    assert [row.split(";")[-1] for row in bench.report()] == ["ivr"]


def test_a_hidden_number_is_absent(bench):
    bench.pbx.incoming_call("", to="101")
    bench.pbx.play()
    assert "number" not in bench.events()[0]["from"]
    assert bench.events("events/summary")[0]["from"] == {}


@pytest.mark.parametrize(
    "wish", [{"to": "999"}, {"outcome": "lost"}, {"line": "74950000000"}, {"talk_seconds": -1}]
)
def test_nobody_to_call_is_an_error(bench, wish):
    with pytest.raises(ValueError):
        bench.pbx.incoming_call("79161234567", **wish)


@pytest.mark.parametrize(
    "body",
    [
        b'{"from":"+79161234567","to":"101","outcome":"answered","talk_seconds":7}',
        b"from=79161234567&to=101&outcome=answered&talk_seconds=7",
    ],
)
def test_the_door_takes_json_and_forms(bench, read_json, body):
    answer = bench.pbx.switchboard.handle(Request("POST", "/sandbox/incoming", body))
    assert answer.status == 200
    calls = read_json(bench.pbx.switchboard.handle(Request("GET", "/sandbox/calls")))["calls"]
    assert [call["entry_id"] for call in calls] == [read_json(answer)["entry_id"]]
    bench.pbx.play()
    (summary,) = bench.events("events/summary")
    assert summary["from"] == {"number": "79161234567"}
    assert summary["end_time"] - summary["talk_time"] == 7


@pytest.mark.parametrize(
    "body", [b'{"to":"999"}', b"{", b"\xff", json.dumps({"talk_seconds": "x"}).encode()]
)
def test_the_door_says_400_to_nonsense(bench, body):
    answer = bench.pbx.switchboard.handle(Request("POST", "/sandbox/incoming", body))
    assert answer.status == 400
