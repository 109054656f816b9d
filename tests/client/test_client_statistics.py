"""Statistics: asked for, waited for within bounds, read as a stream."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from itertools import chain, pairwise, repeat
from typing import Any

import pytest

from django_mango.client import Client, Gate, StatisticsClient
from django_mango.protocol import errors
from django_mango.protocol.commands import StatsRequest
from django_mango.protocol.signing import Credentials

CSV = b"[547658365];1072915314;1072915399;456;749404444;937;12345678;1120;abonent\r\n"
NOT_READY = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"
TOO_FAST = b'{"name":"Service Unavailable","message":"Rate limit exceeded.","code":0,"status":429}'

Answer = Callable[..., bytes]


@pytest.fixture
def client(wire: Any, credentials: Credentials, clock: Any) -> Iterator[Client]:
    with Client(
        credentials,
        api_url=wire.url,
        timeout=(5.0, 5.0),
        gate=Gate({}, clock=clock, now=clock.now, sleep=clock.sleep),
        clock=clock,
        sleep=clock.sleep,
    ) as client:
        yield client


@pytest.fixture
def statistics(client: Client) -> StatisticsClient:
    return StatisticsClient(client, max_wait=60)


def fetch(statistics: StatisticsClient, **options: Any) -> bytes:
    with statistics.wait("K==", **options) as pieces:
        return b"".join(pieces)


def test_a_report_is_started_and_its_key_returned(
    statistics: StatisticsClient, wire: Any, answer: Answer
) -> None:
    wire.replies = [answer(b'{"key":"B+DvIt8/=="}')]
    assert statistics.request(StatsRequest(1445288400, 1445374859)) == "B+DvIt8/=="


def test_the_first_question_is_asked_at_once(
    statistics: StatisticsClient, wire: Any, answer: Answer, clock: Any
) -> None:
    wire.replies = [answer(CSV)]
    assert fetch(statistics) == CSV
    assert clock.slept == []


def test_204_waits_five_seconds_and_asks_with_the_same_key(
    statistics: StatisticsClient, wire: Any, answer: Answer, clock: Any
) -> None:
    """Q21, Q24."""
    wire.replies = [NOT_READY, NOT_READY, NOT_READY, answer(CSV)]
    assert fetch(statistics) == CSV
    assert clock.slept == [5, 5, 5]
    assert len(set(wire.requests)) == 1


def test_two_empty_200_are_not_ready(
    statistics: StatisticsClient, wire: Any, answer: Answer, clock: Any
) -> None:
    wire.replies = [answer(b""), answer(b"\r\n"), answer(CSV)]
    assert fetch(statistics) == CSV
    assert clock.slept == [5, 5]


def test_the_third_empty_200_is_an_empty_report(
    statistics: StatisticsClient, wire: Any, answer: Answer
) -> None:
    wire.replies = [NOT_READY, answer(b""), answer(b""), answer(b"")]
    assert fetch(statistics) == b""
    assert len(wire.requests) == 4


def test_a_key_gone_after_an_empty_200_was_an_empty_report(
    statistics: StatisticsClient, wire: Any, answer: Answer
) -> None:
    """A period without calls: its report is empty and, fetched once, spent (Q21, Q23)."""
    wire.replies = [NOT_READY, answer(b""), answer(b"", status=404)]
    assert fetch(statistics) == b""


def test_empty_200_are_counted_in_a_row(
    statistics: StatisticsClient, wire: Any, answer: Answer
) -> None:
    wire.replies = [answer(b""), answer(b""), NOT_READY, answer(b""), answer(CSV)]
    assert fetch(statistics) == CSV


@pytest.mark.parametrize("empty", [False, True])
def test_waiting_is_bounded(
    statistics: StatisticsClient, wire: Any, answer: Answer, clock: Any, empty: bool
) -> None:
    wire.replies = [NOT_READY] * 20
    began = clock.seconds
    with pytest.raises(errors.NotReady) as caught:
        fetch(statistics, hurry=(lambda: False) if empty else None)
    assert clock.seconds - began == pytest.approx(60)
    assert len(wire.requests) == 13
    assert caught.value.path == "stats/result"


def test_a_readiness_notification_shortens_the_wait(
    statistics: StatisticsClient, wire: Any, answer: Answer, clock: Any
) -> None:
    wire.replies = [NOT_READY, NOT_READY, answer(CSV)]
    began = clock.seconds
    came = chain([False, False, False], repeat(True))
    assert fetch(statistics, hurry=lambda: next(came)) == CSV
    # One and a half seconds until the notification, which shortens one pause only.
    assert clock.seconds - began == pytest.approx(1.5 + 5)


def test_the_caller_is_asked_through_every_pause(
    statistics: StatisticsClient, wire: Any, answer: Answer, clock: Any
) -> None:
    """He keeps a lease there, which a long wait must not cost him."""
    wire.replies = [NOT_READY, answer(TOO_FAST, "429 Too Many Requests"), NOT_READY, answer(CSV)]
    asked: list[float] = []

    def hurry() -> bool:
        asked.append(clock.seconds)
        return True

    assert fetch(statistics, hurry=hurry) == CSV
    gaps = [later - earlier for earlier, later in pairwise([*asked, clock.seconds])]
    assert max(gaps) <= 0.5
    # The first yes ends the first pause, no later one does.
    assert clock.seconds - asked[0] >= 2 * 5


def test_a_notification_that_came_before_the_first_pause(
    statistics: StatisticsClient, wire: Any, answer: Answer, clock: Any
) -> None:
    wire.replies = [NOT_READY, answer(CSV)]
    assert fetch(statistics, hurry=lambda: True) == CSV
    assert clock.slept == []


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("404 Not Found", b"", errors.ResultGone),
        ("404 Not Found", b"<html>404</html>", errors.ResultGone),
        ("200 OK", b'{"result":3300}', errors.ResultGone),
        ("401 Unauthorized", b"", errors.LockedOut),
        ("200 OK", b'{"result":3102}', errors.WrongKeys),
        ("200 OK", b'\r\n {"result":"2240"}', errors.BillingRefused),
        ("200 OK", b"<!DOCTYPE html>" + b"x" * 200_000, errors.UnexpectedAnswer),
        ("200 OK", b"\xef\xbb\xbf<html>hello</html>", errors.UnexpectedAnswer),
        ("302 Found", b"", errors.UnexpectedAnswer),
    ],
)
def test_failures_that_stay(
    statistics: StatisticsClient,
    wire: Any,
    answer: Answer,
    clock: Any,
    status: str,
    body: bytes,
    kind: type[errors.ServiceError],
) -> None:
    wire.replies = [NOT_READY, answer(body, status, "X-Uuid: u-1")]
    with pytest.raises(kind) as caught:
        fetch(statistics)
    assert clock.slept == [5]
    assert (caught.value.path, caught.value.request_id) == ("stats/result", "u-1")


@pytest.mark.parametrize(
    "trouble",
    [
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>",
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 429 Too Many\r\nContent-Length: %d\r\n\r\n%s" % (len(TOO_FAST), TOO_FAST),
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(TOO_FAST), TOO_FAST),
        b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"result":5011}',
        b"",
    ],
)
def test_failures_that_pass_are_waited_out(
    statistics: StatisticsClient, wire: Any, answer: Answer, clock: Any, trouble: bytes
) -> None:
    wire.replies = [trouble, trouble, answer(CSV)]
    assert fetch(statistics) == CSV
    assert len(wire.requests) == 3
    assert sum(clock.slept) >= 10


def test_a_rate_limit_is_waited_out_as_long_as_there_is_time(
    statistics: StatisticsClient, wire: Any, answer: Answer, clock: Any
) -> None:
    wire.replies = [answer(TOO_FAST, "429 Too Many")] * 40
    began = clock.seconds
    with pytest.raises(errors.RateLimited):
        fetch(statistics)
    assert len(wire.requests) > 3
    # The last pause of the gate may overrun the bound a little.
    assert clock.seconds - began <= 60 + 30


def test_other_failures_are_borne_as_often_as_the_policy_says(
    statistics: StatisticsClient, wire: Any, answer: Answer
) -> None:
    wire.replies = [answer(b"<html>", "502 Bad Gateway")] * 40
    with pytest.raises(errors.UnexpectedAnswer):
        fetch(statistics)
    assert len(wire.requests) == 3


def test_the_report_is_streamed(statistics: StatisticsClient, wire: Any) -> None:
    """The first rows are handed out while the last ones are not even sent."""
    seen = threading.Event()

    def slowly(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.sendall(b"%x\r\n%s\r\n" % (len(CSV), CSV))
        assert seen.wait(10)
        connection.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(CSV), CSV))

    wire.replies = [slowly]
    with statistics.wait("K==") as pieces:
        assert next(pieces) == CSV
        seen.set()
        assert b"".join(pieces) == CSV


def test_a_large_report_comes_in_bounded_pieces(
    statistics: StatisticsClient, wire: Any, answer: Answer
) -> None:
    body = CSV * 50_000
    wire.replies = [answer(body)]
    with statistics.wait("K==") as pieces:
        sizes = [len(piece) for piece in pieces]
    assert sum(sizes) == len(body)
    assert max(sizes) <= 64 * 1024


def test_what_has_come_is_handed_out_before_a_piece_is_full(
    statistics: StatisticsClient, wire: Any
) -> None:
    seen = threading.Event()

    def slowly(connection: socket.socket) -> None:
        whole = 2 * len(CSV)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (whole, CSV))
        assert seen.wait(10)
        connection.sendall(CSV)

    wire.replies = [slowly]
    with statistics.wait("K==") as pieces:
        assert next(pieces) == CSV
        seen.set()
        assert b"".join(pieces) == CSV


def test_a_report_that_trickles_is_given_up(
    client: Client, statistics: StatisticsClient, wire: Any, clock: Any
) -> None:
    """Byte by byte no read times out; our own slowness is not the service's."""
    stop = threading.Event()

    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n")
        try:
            while not stop.wait(0.002):
                connection.sendall(b"1")
                clock.seconds += 1
        except OSError:
            return

    wire.replies = [trickle]
    with (
        pytest.raises(errors.AnswerLost, match="too few") as caught,
        statistics.wait("K==") as pieces,
    ):
        for _ in pieces:
            pass
    stop.set()
    assert caught.value.path == "stats/result"

    wire.replies = [
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(CSV) * 9000, CSV * 9000)
    ]
    with statistics.wait("K==") as pieces:
        for _ in pieces:
            clock.seconds += 1000


@pytest.mark.parametrize(
    "cut",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + CSV,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(CSV), CSV),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n" + CSV,
    ],
)
def test_a_cut_report_is_no_report(statistics: StatisticsClient, wire: Any, cut: bytes) -> None:
    wire.replies = [cut]
    read: list[bytes] = []
    with pytest.raises(errors.AnswerLost) as caught, statistics.wait("K==") as pieces:
        read.extend(pieces)
    assert CSV.startswith(b"".join(read))
    assert caught.value.path == "stats/result"
    assert len(wire.requests) == 1


def test_a_large_report_that_breaks_off_late(
    statistics: StatisticsClient, wire: Any, clock: Any
) -> None:
    wire.replies = [b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + CSV * 2000]
    read: list[bytes] = []
    with statistics.wait("K==") as pieces, pytest.raises(errors.AnswerLost) as caught:
        read.extend(pieces)
    assert b"".join(read)
    assert (CSV * 2000).startswith(b"".join(read))
    assert caught.value.path == "stats/result"
    assert clock.slept == []


def test_a_compressed_report_is_read_and_its_length_is_that_on_the_wire(
    statistics: StatisticsClient, wire: Any, answer: Answer
) -> None:
    packed = gzip.compress(CSV * 5000)
    wire.replies = [answer(packed, "200 OK", "Content-Encoding: gzip")]
    assert fetch(statistics) == CSV * 5000
    wire.replies = [answer(packed, "200 OK", "Content-Encoding: gzip")[:-100]]
    with pytest.raises(errors.AnswerLost):
        fetch(statistics)


def test_leaving_early_closes_the_connection(
    statistics: StatisticsClient, wire: Any, answer: Answer
) -> None:
    gone = threading.Event()

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                connection.sendall(b"%x\r\n%s\r\n" % (len(CSV), CSV))
        except OSError:
            gone.set()

    wire.replies = [endless]

    class Enough(Exception):  # a reader's own way out, no error
        pass

    with pytest.raises(Enough), statistics.wait("K==") as pieces:
        next(pieces)
        raise Enough
    assert gone.wait(10)
