"""The lock-out after wrong requests and the rates by method group (§1.4.1, §1.4.2)."""

import pytest

RATE_BODY = b'{"name":"Service Unavailable","message":"Rate limit exceeded.","code":0,"status":429}'


def wrong(bench):
    return bench.post("groups", None, json_text="{").status


def right(bench):
    return bench.post("groups", {}).status


def test_the_second_wrong_request_locks_until_two_minutes_after_the_first(bench):
    assert wrong(bench) == 420
    bench.clock.advance(100)
    assert right(bench) == 200
    assert wrong(bench) == 401
    assert right(bench) == 401
    bench.clock.advance(19.9)
    assert right(bench) == 401
    bench.clock.advance(0.1)
    assert right(bench) == 200
    assert wrong(bench) == 420


def test_wrong_requests_two_minutes_apart_never_lock(bench):
    for _ in range(4):
        assert wrong(bench) == 420
        bench.clock.advance(120)
    assert right(bench) == 200


def test_a_missing_recording_counts_as_a_wrong_request(bench):
    """T-07: probing for a recording that is not there yet may block everything."""
    assert bench.post("queries/recording/post", {"recording_id": "x"}).status == 420
    assert bench.post("queries/recording/post", {"recording_id": "x"}).status == 401


def test_an_ended_call_is_no_wrong_request(bench):
    for _ in range(3):
        answer = bench.post("commands/call/hangup", {"call_id": "gone"})
        assert (answer.status, answer.body) == (200, b'{"result":4101}')


@pytest.mark.parametrize(
    ("path", "payload", "most", "seconds"),
    [
        ("commands/callback", {"from": {"extension": "101"}, "to_number": "79161234567"}, 4, 1),
        ("commands/call/hangup", {"call_id": "x"}, 4, 1),
        ("config/users/request", {}, 1, 2),
        ("account/balance", {}, 2, 1),
        ("stats/request", {"date_from": "1", "date_to": "2"}, 1, 2),
        ("groups", {}, 10, 1),
    ],
)
def test_a_group_has_its_limit(bench, path, payload, most, seconds):
    for _ in range(most):
        assert bench.post(path, payload).status == 200
    refused = bench.post(path, payload)
    assert (refused.status, refused.body) == (429, RATE_BODY)
    bench.clock.advance(seconds - 0.01)
    assert bench.post(path, payload).status == 429
    bench.clock.advance(0.01)
    assert bench.post(path, payload).status == 200


def test_all_methods_together_share_the_general_limit(bench):
    for _ in range(4):
        bench.post("commands/call/hangup", {"call_id": "x"})
    for _ in range(6):
        assert right(bench) == 200
    assert bench.post("incominglines", {}).status == 429


def test_limits_can_be_switched_off(make_bench):
    bench = make_bench(enforce_limits=False)
    assert {wrong(bench) for _ in range(5)} == {420}
    assert {right(bench) for _ in range(20)} == {200}
