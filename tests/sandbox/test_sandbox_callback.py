"""A callback played through both legs, notification by notification (11.7.2, Q65, Q67)."""

import pytest

SMIRNOVA = {"extension": "101", "number": "sip:smirnova@romashka.mangosip.ru"}
CLIENT = {"number": "79161234567"}
START = 1_748_090_923

RING = [(1, "Appeared"), (1, "Disconnected")]
HANDED_OVER = [(1, "Appeared"), (1, "Connected"), (1, "Disconnected")]
TALK = [*HANDED_OVER, (2, "Appeared"), (2, "Connected"), (2, "Disconnected")]
NO_TALK = [*HANDED_OVER, (2, "Appeared"), (2, "Disconnected")]


def test_every_notification_of_an_answered_callback_in_order(bench, read_json):
    assert read_json(bench.call("79161234567")) == {"result": 1000}
    bench.pbx.play()

    kinds = [kind for kind, _ in bench.pbx.notifications]
    assert kinds == ["result/callback", *["events/call"] * 6, "events/summary"]
    assert bench.pbx.notifications[0][1] == {"command_id": "c1", "result": "1000"}
    assert bench.states() == TALK

    events = bench.events()
    first, second = events[0]["call_id"], events[3]["call_id"]
    assert first != second
    assert {event["entry_id"] for event in events} == {events[0]["entry_id"]}
    assert {event["command_id"] for event in events} == {"c1"}
    assert {event["callback_initiator"] for event in events} == {"API"}
    assert {event["location"] for event in events} == {"abonent"}
    assert [event["seq"] for event in events] == [1, 2, 3, 1, 2, 3]
    assert [event["timestamp"] - START for event in events] == [0, 2, 3, 3, 7, 27]
    # The employee is the callee of the first leg and the caller of the second (T-38).
    for event in events[:3]:
        assert (event["from"], event["to"]) == (CLIENT, SMIRNOVA)
    for event in events[3:]:
        assert event["from"] == {**SMIRNOVA, "taken_from_call_id": first}
        assert event["to"] == CLIENT
    assert [event.get("disconnect_reason") for event in events] == [
        None, None, 1000, None, None, 1120,
    ]  # fmt: skip


def test_the_summary_of_an_answered_callback(bench):
    bench.call("79161234567")
    bench.pbx.play()
    (summary,) = bench.events("events/summary")
    assert summary == {
        "entry_id": bench.events()[0]["entry_id"],
        "call_direction": 2,
        "from": SMIRNOVA,
        "to": CLIENT,
        "line_number": "74951234567",
        "create_time": START,
        "forward_time": START,
        "talk_time": START + 7,
        "end_time": START + 27,
        "entry_result": 1,
        "disconnect_reason": 1120,
    }


@pytest.mark.parametrize(
    ("ending", "states", "reason"),
    [
        ("01", NO_TALK, 1121),
        ("02", NO_TALK, 1111),
        ("03", RING, 1111),
        ("04", NO_TALK, 1133),
        ("05", NO_TALK, 1122),
        ("06", RING, 1122),
        ("07", TALK, 1110),
        ("08", TALK, 1120),
        ("67", TALK, 1120),
    ],
)
def test_the_last_two_digits_decide(bench, ending, states, reason):
    bench.call(f"791612345{ending}")
    bench.pbx.play()
    assert bench.states() == states
    (summary,) = bench.events("events/summary")
    talked = states == TALK
    assert summary["disconnect_reason"] == reason
    assert (summary["talk_time"] > 0, summary["entry_result"]) == (talked, int(talked))


def test_a_refusal_by_billing_makes_no_call(bench, read_json):
    assert read_json(bench.call("79161234509")) == {"result": 2240}
    bench.pbx.play()
    assert bench.pbx.notifications == [("result/callback", {"command_id": "c1", "result": "2240"})]


def test_results_can_come_only_afterwards(make_bench, read_json):
    bench = make_bench(async_results=True)
    assert read_json(bench.call("79161234509")) == {"result": 1000}
    bench.pbx.play()
    assert bench.events("result/callback") == [{"command_id": "c1", "result": "2240"}]


def test_without_a_command_id_none_is_made_up(bench):
    payload = {"from": {"extension": "0511"}, "to_number": "79161234567"}
    bench.post("commands/callback", payload)
    bench.pbx.play()
    assert bench.events("result/callback") == [{"result": "1000"}]
    assert not any("command_id" in event for event in bench.events())
    assert bench.events()[0]["to"]["extension"] == "0511"  # text, with its zero (Q84)


def test_the_employee_can_be_rung_at_another_number(bench):
    source = {"extension": "101", "number": "79990001122"}
    bench.post("commands/callback", {"from": source, "to_number": "79161234567"})
    bench.pbx.play()
    assert bench.events()[0]["to"] == source


def test_the_number_is_converted_by_the_rules_of_the_country(bench):
    bench.call("8 (916) 123-45-67")
    bench.pbx.play()
    assert bench.events()[0]["from"] == CLIENT


def test_a_colleague_called_by_extension_is_an_internal_call(bench):
    bench.call("102")
    bench.pbx.play()
    colleague = {"extension": "102", "number": "sip:ivanov@romashka.mangosip.ru"}
    assert bench.events()[0]["from"] == colleague
    (summary,) = bench.events("events/summary")
    assert (summary["call_direction"], summary["to"]) == (0, colleague)
    assert "line_number" not in summary


def test_an_unknown_short_number_does_not_exist(bench):
    bench.call("777")
    bench.pbx.play()
    assert bench.events("events/summary")[0]["disconnect_reason"] == 1133


def test_speed_divides_the_seconds_of_the_call(make_bench):
    bench = make_bench(speed=10, talk_seconds=100)
    bench.call("79161234567")
    bench.pbx.play()
    (summary,) = bench.events("events/summary")
    assert summary["end_time"] - summary["talk_time"] == 10


def test_both_legs_become_rows(bench):
    bench.call("79161234567")
    bench.pbx.play()
    fields = "entry_id,start,answer,finish,from_extension,from_number,to_extension,to_number"
    rows = bench.report(fields=f"{fields},disconnect_reason,line_number,location")
    entry = bench.events()[0]["entry_id"]
    sip = SMIRNOVA["number"]
    assert [row.split(";") for row in rows] == [
        [entry, f"{START}", f"{START + 2}", f"{START + 3}", "", "79161234567", "101", sip,
         "1000", "74951234567", "abonent"],
        [entry, f"{START + 3}", f"{START + 7}", f"{START + 27}", "101", sip, "", "79161234567",
         "1120", "74951234567", "abonent"],
    ]  # fmt: skip


def test_calls_at_the_same_time_do_not_mix(bench):
    bench.call("79161234567", command_id="a")
    bench.call("79037654321", extension="102", command_id="b")
    bench.pbx.play()
    by_command = {event["command_id"]: event["entry_id"] for event in bench.events()}
    assert len(set(by_command.values())) == 2
    for summary in bench.events("events/summary"):
        assert summary["entry_id"] in by_command.values()
    assert len(bench.events("events/summary")) == 2


def test_recorded_talks_report_their_recording(make_bench, read_json):
    bench = make_bench(record=True)
    bench.call("79161234567")
    bench.pbx.play()
    started, completed = bench.events("events/recording")
    assert (started["recording_state"], completed["recording_state"]) == ("Started", "Completed")
    assert (completed["extension"], completed["completion_code"]) == ("101", 1000)
    (added,) = bench.events("events/record/added")
    assert added["user_id"] == 300100101
    assert added["recording_id"] == started["recording_id"]
    assert bench.report(fields="records")[1:] == [f"[{started['recording_id']}]"]
    link = {"recording_id": started["recording_id"], "action": "play"}
    assert bench.post("queries/recording/post", link).status == 302
