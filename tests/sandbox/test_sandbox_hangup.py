"""A hang-up in every phase of a call (§3.2.3, Q88)."""

import pytest

CALLBACK = [(1, "Appeared"), (1, "Connected"), (1, "Disconnected"), (2, "Appeared")]


def hang_up(bench, call_id):
    return bench.post("commands/call/hangup", {"command_id": "h1", "call_id": call_id})


def newest_leg(bench):
    return bench.events()[-1]["call_id"]


@pytest.mark.parametrize(
    ("seconds", "states", "talked"),
    [
        (1.0, [*CALLBACK[:1], (1, "Disconnected")], False),
        (2.7, [*CALLBACK[:2], (1, "Disconnected")], False),
        (4.0, [*CALLBACK, (2, "Disconnected")], False),
        (10.0, [*CALLBACK, (2, "Connected"), (2, "Disconnected")], True),
    ],
)
def test_a_hang_up_ends_the_callback_in_any_phase(bench, read_json, seconds, states, talked):
    bench.call("79161234567")
    bench.pbx.play(seconds)
    assert read_json(hang_up(bench, newest_leg(bench))) == {"result": 1000}
    bench.pbx.play()

    assert bench.states() == states
    assert bench.events()[-1]["disconnect_reason"] == 1181
    (summary,) = bench.events("events/summary")
    assert (summary["disconnect_reason"], summary["entry_result"]) == (1181, int(talked))
    assert bench.events("result/call/hangup") == [{"command_id": "h1", "result": "1000"}]
    assert bench.pbx.engine.live_calls() == []
    assert bench.report(fields="disconnect_reason")[-1] == "1181"


def test_a_call_that_is_over_is_4101_in_the_answer_and_in_the_result(bench, read_json):
    bench.call("79161234567")
    bench.pbx.play()
    assert read_json(hang_up(bench, newest_leg(bench))) == {"result": 4101}
    bench.pbx.play()
    assert bench.events("result/call/hangup") == [{"command_id": "h1", "result": "4101"}]
    assert len(bench.events("events/summary")) == 1


def test_with_results_afterwards_the_answer_only_says_accepted(make_bench, read_json):
    bench = make_bench(async_results=True)
    assert read_json(hang_up(bench, "unknown")) == {"result": 1000}
    bench.pbx.play()
    assert bench.events("result/call/hangup") == [{"command_id": "h1", "result": "4101"}]


def test_the_first_leg_of_a_callback_is_over_once_the_second_rings(bench, read_json):
    bench.call("79161234567")
    bench.pbx.play(4.0)
    assert read_json(hang_up(bench, bench.events()[0]["call_id"])) == {"result": 4101}
    assert len(bench.pbx.engine.live_calls()) == 1


def test_a_second_hang_up_finds_the_call_over(bench, read_json):
    bench.call("79161234567")
    bench.pbx.play(10.0)
    leg = newest_leg(bench)
    assert read_json(hang_up(bench, leg))["result"] == 1000
    assert read_json(hang_up(bench, leg))["result"] == 4101
    bench.pbx.play()
    assert len(bench.events("events/summary")) == 1


def test_the_menu_can_be_hung_up_and_a_queue_cannot(bench, read_json):
    bench.pbx.incoming_call("79161234567", to="301")
    assert bench.events()[-1]["location"] == "ivr"
    bench.pbx.play(3.5)
    queue = bench.events()[-1]
    assert queue["location"] == "queue"
    assert read_json(hang_up(bench, queue["call_id"])) == {"result": 4100}

    bench.pbx.incoming_call("79037654321", to="101")
    assert read_json(hang_up(bench, newest_leg(bench))) == {"result": 1000}
    bench.pbx.play()
    ended = [one for one in bench.events("events/summary") if one["from"]["number"][-1] == "1"]
    assert [(one["to"], one["disconnect_reason"]) for one in ended] == [({}, 1181)]


def test_a_ringing_group_is_ended_as_a_whole(bench, read_json):
    bench.pbx.incoming_call("79161234567", to="301")
    bench.pbx.play(5.0)
    assert read_json(hang_up(bench, newest_leg(bench))) == {"result": 1000}
    bench.pbx.play()
    ends = [event for event in bench.events() if event["call_state"] == "Disconnected"]
    assert len(ends) == len({event["call_id"] for event in bench.events()})
    assert ends[-1]["disconnect_reason"] == 1181
    assert len(bench.events("events/summary")) == 1
