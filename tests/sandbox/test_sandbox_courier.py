"""Delivery of notifications: signed, in order, or as bad as the protocol allows (Q49-Q58)."""

import json
from collections import Counter, defaultdict

import pytest

from django_mango.protocol.encoding import parse_form
from django_mango.protocol.signing import Credentials
from django_mango.sandbox.courier import Chaos


class Receiver:
    """A receiving end that keeps every body and answers as told."""

    def __init__(self, answer=200):
        self.answer = answer
        self.posts = []

    def __call__(self, url, body):
        self.posts.append((url, body))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def payloads(self):
        return [json.loads(parse_form(body).json_bytes) for _, body in self.posts]


@pytest.mark.parametrize("base", ["http://127.0.0.1:8000/mango", "http://127.0.0.1:8000/mango/"])
def test_paths_are_appended_without_a_slash_at_the_end(make_bench, base):
    receiver = Receiver()
    bench = make_bench(webhook=base, post=receiver)
    bench.call("79161234567")
    bench.pbx.play()
    paths = [url.removeprefix("http://127.0.0.1:8000/mango") for url, _ in receiver.posts]
    assert paths == ["/result/callback", *["/events/call"] * 6, "/events/summary"]
    assert bench.pbx.courier.delivered == 8


def test_every_notification_is_signed_over_the_text_sent(make_bench):
    receiver = Receiver()
    bench = make_bench(webhook="http://127.0.0.1:1/", post=receiver)
    bench.call("79161234567")
    bench.pbx.play()
    assert len(receiver.posts) == 8
    for _, body in receiver.posts:
        assert parse_form(body).is_from(bench.pbx.credentials)
        assert not parse_form(body).is_from(Credentials("demo-key", "wrong"))
        assert b"demo-salt" not in body
    assert receiver.payloads() == [payload for _, payload in bench.pbx.notifications]


@pytest.mark.parametrize("answer", [500, 403, 302, ConnectionRefusedError(), TimeoutError()])
def test_a_failing_receiver_is_counted_told_briefly_and_harms_nothing(make_bench, capsys, answer):
    receiver = Receiver(answer)
    bench = make_bench(webhook="http://127.0.0.1:1/", post=receiver)
    bench.call("79161234567")
    bench.pbx.play()
    assert (bench.pbx.courier.delivered, bench.pbx.courier.failed) == (0, 8)
    assert len(receiver.posts) == 8  # nothing is repeated (Q55)
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 5
    assert all("not delivered" in line and "demo-salt" not in line for line in told)
    assert bench.pbx.engine.live_calls() == []


def test_chaos_loses_doubles_and_reorders_the_same_way_for_the_same_seed(make_bench):
    def play(seed):
        receiver = Receiver()
        bench = make_bench(
            webhook="http://127.0.0.1:1/", post=receiver, chaos=True, seed=seed,
            enforce_limits=False,
        )  # fmt: skip
        for number in range(30):
            bench.call(f"791612{number:03d}67", command_id=f"c{number}")
        bench.pbx.play()
        return bench, receiver

    bench, receiver = play(1)
    copies = Counter(body for _, body in receiver.posts)
    sent = len(bench.pbx.notifications)
    assert sent == 30 * 8
    assert 0.1 < bench.pbx.courier.lost / sent < 0.3
    assert len(copies) == sent - bench.pbx.courier.lost
    assert set(copies.values()) == {1, 2}
    assert bench.pbx.courier.sent == sent
    assert bench.pbx.courier.doubled == list(copies.values()).count(2)
    assert 0.2 < bench.pbx.courier.late / sent < 0.5  # of those not lost, and not the lost ones
    arrived = defaultdict(list)
    for payload in receiver.payloads():
        if "seq" in payload:
            arrived[payload["call_id"]].append(payload["seq"])
    assert any(seqs != sorted(seqs) for seqs in arrived.values())
    assert play(1)[1].posts == receiver.posts
    assert play(2)[1].posts != receiver.posts


def test_a_fifth_is_lost():
    chaos = Chaos(3)
    fates = [len(chaos.delays()) for _ in range(10_000)]
    assert 0.18 < fates.count(0) / len(fates) < 0.22


def test_without_a_webhook_nothing_is_posted(make_bench):
    receiver = Receiver()
    bench = make_bench(post=receiver)
    bench.call("79161234567")
    bench.pbx.play()
    assert receiver.posts == []
    assert len(bench.pbx.notifications) == 8
