"""What the summary says of the end: of the last leg, and of the last talk (§3.1.6)."""

import pytest

from django_mango.sandbox.clock import ManualClock


@pytest.mark.parametrize("part_of_a_second", [0.0, 0.4, 0.8])
def test_the_end_is_that_of_the_last_leg_and_not_the_moment_of_sending(
    make_bench, part_of_a_second
):
    """The summary leaves a little later, sometimes in the next second."""
    bench = make_bench(clock=ManualClock(1_748_090_923 + part_of_a_second))
    bench.pbx.incoming_call("79161234567", to="101", outcome="busy")
    bench.pbx.play()
    (summary,) = bench.events("events/summary")
    assert summary["end_time"] == bench.events()[-1]["timestamp"]
    assert bench.report(fields="finish")[-1] == str(summary["end_time"])


def test_the_reason_is_that_of_the_talk_where_a_later_leg_was_not_answered(bench):
    bench.pbx.incoming_call("79161234567", to="101")
    bench.pbx.play(10)
    leg = bench.events()[-1]["call_id"]
    wish = {"method": "blind", "to_number": "79165551202", "initiator": "101"}
    bench.post("commands/transfer", {"call_id": leg, **wish})
    bench.pbx.play()
    assert [
        event["disconnect_reason"]
        for event in bench.events()
        if event["call_state"] == "Disconnected"
    ] == [1100, 1120, 1111]
    assert bench.events("events/summary")[0]["disconnect_reason"] == 1120


def test_the_reason_of_a_group_nobody_of_which_answered_is_the_queue_s(bench):
    bench.pbx.incoming_call("79161234567", to="301", outcome="busy")
    bench.pbx.play()
    assert bench.events("events/summary")[0]["disconnect_reason"] == 1164
