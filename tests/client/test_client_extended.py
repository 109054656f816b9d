"""Extended statistics: page by page, from a service that misbehaves in every known way."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from django_mango.client import Client, ExtendedClient, Gate
from django_mango.protocol import errors
from django_mango.protocol.extended import ExtendedRecord
from django_mango.protocol.signing import Credentials
from django_mango.protocol.statistics import BadRow
from tests.protocol.wire_samples import wire_answer

SINCE, UNTIL = 1_748_000_000, 1_748_200_000
KEY = b'{"key":"B+DvIt8/=="}'
NOT_READY = b'{"result":1000,"status":"request"}'
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


def fetch(client: Client, limit: int = 5, **options: Any) -> list[ExtendedRecord | BadRow]:
    extended = ExtendedClient(client, max_wait=60, limit=limit)
    return list(extended.rows(SINCE, UNTIL, **options))


def conversations(*names: str) -> list[dict[str, Any]]:
    return [{"entry_id": name, "context_type": 1, "context_calls": []} for name in names]


def complete(*names: str, total: int = 0, status: str = "complete") -> bytes:
    day = {"list": conversations(*names), "period": "2025-05-24", "total_calls_count": total}
    return json.dumps({"result": 1000, "status": status, "data": [day]}).encode()


def asked(wire: Any) -> list[dict[str, Any]]:
    """What the requests for pages asked for, in their order."""
    forms = [parse_qs(raw.partition(b"\r\n\r\n")[2].decode()) for raw in wire.requests]
    payloads = [json.loads(form["json"][0]) for form in forms]
    return [payload for payload in payloads if "limit" in payload]


def names(rows: list[ExtendedRecord | BadRow]) -> list[str]:
    return [row.entry_id for row in rows if isinstance(row, ExtendedRecord)]


def test_one_page(client: Client, wire: Any, answer: Answer, clock: Any) -> None:
    wire.replies = [answer(KEY), wire_answer("stats_calls_complete")]
    rows = fetch(client)
    assert [row.level for row in rows if isinstance(row, ExtendedRecord)] == [
        "conversation", "leg", "member", "member",
    ]  # fmt: skip
    assert clock.slept == []
    assert [line.split()[1] for line in wire.requests] == [
        b"/vpbx/stats/calls/request", b"/vpbx/stats/calls/result/",
    ]  # fmt: skip
    assert asked(wire) == [
        {
            "start_date": "23.05.2025 14:33:20",
            "end_date": "25.05.2025 22:06:40",
            "limit": 5,
            "offset": 0,
            "ext_fields": ["context_cost_full", "context_cost_tariff"],
        }
    ]


def test_the_key_of_each_page_is_told(client: Client, wire: Any, answer: Answer) -> None:
    keys: list[str] = []
    wire.replies = [
        answer(b'{"key":"A"}'), answer(complete("1", "2", "3", "4", "5")),
        answer(b'{"key":"B"}'), answer(complete("6")),
    ]  # fmt: skip
    assert names(fetch(client, begun=keys.append)) == ["1", "2", "3", "4", "5", "6"]
    assert keys == ["A", "B"]
    assert [payload["offset"] for payload in asked(wire)] == [0, 5]


def test_an_empty_page_ends_it(client: Client, wire: Any, answer: Answer) -> None:
    wire.replies = [
        answer(KEY), answer(complete("1", "2", "3", "4", "5")),
        answer(KEY), answer(b'{"result":1000,"status":"complete","data":[]}'),
    ]  # fmt: skip
    assert len(fetch(client)) == 5


def test_bad_items_fill_a_page_too(client: Client, wire: Any, answer: Answer) -> None:
    page = json.loads(complete("1", "2", "3"))
    page["data"][0]["list"] += [None, {"entry_id": ""}]
    wire.replies = [
        answer(KEY),
        answer(json.dumps(page).encode()),
        answer(KEY),
        answer(complete("6")),
    ]
    rows = fetch(client)
    assert names(rows) == ["1", "2", "3", "6"]
    assert [row.line for row in rows if isinstance(row, BadRow)] == [4, 5]
    assert [payload["offset"] for payload in asked(wire)] == [0, 5]


def test_a_conversation_at_the_edge_of_two_pages_comes_twice(
    client: Client, wire: Any, answer: Answer
) -> None:
    """New calls move the old ones on while pages are asked for."""
    wire.replies = [
        answer(KEY), answer(complete("5", "4", "3", "2", "1")),
        answer(KEY), answer(complete("1", "0")),
    ]  # fmt: skip
    assert names(fetch(client)) == ["5", "4", "3", "2", "1", "1", "0"]


def test_a_page_shorter_than_asked_for_is_not_the_last_while_days_count_more(
    client: Client, wire: Any, answer: Answer
) -> None:
    """A service that caps the page would cut the import off otherwise."""
    wire.replies = [
        answer(KEY), answer(complete("1", "2", "3", total=4)),
        answer(KEY), answer(complete("4", total=4)),
    ]  # fmt: skip
    assert names(fetch(client)) == ["1", "2", "3", "4"]
    assert [payload["offset"] for payload in asked(wire)] == [0, 3]


def test_pages_counted_by_day_are_read_to_their_end(
    client: Client, wire: Any, answer: Answer
) -> None:
    """The scope of the limit is not documented: it may count each day's conversations."""
    days = [
        {"list": conversations("1", "2", "3", "4", "5"), "period": "2025-05-23"},
        {"list": conversations("a", "b"), "period": "2025-05-24"},
    ]
    first = json.dumps({"status": "complete", "data": days}).encode()
    wire.replies = [answer(KEY), answer(first), answer(KEY), answer(complete("6"))]
    assert names(fetch(client)) == ["1", "2", "3", "4", "5", "a", "b", "6"]
    assert [payload["offset"] for payload in asked(wire)] == [0, 5]


def test_a_service_that_ignores_the_offset_is_found_out(
    client: Client, wire: Any, answer: Answer
) -> None:
    full = complete("1", "2", "3", "4", "5")
    wire.replies = [answer(KEY), answer(full), answer(KEY), answer(full)]
    with pytest.raises(errors.UnexpectedAnswer, match="the same page"):
        fetch(client)


def test_partial_data_of_work_are_not_taken(
    client: Client, wire: Any, answer: Answer, clock: Any
) -> None:
    """Q42."""
    wire.replies = [
        answer(KEY),
        wire_answer("stats_calls_request"),
        wire_answer("stats_calls_work"),
        answer(b""),
        answer(b"", "204 No Content"),
        answer(complete("1")),
    ]
    assert names(fetch(client)) == ["1"]
    assert clock.slept == [5, 5, 5, 5]


def test_large_partial_data_of_work_are_not_taken_either(
    client: Client, wire: Any, answer: Answer, clock: Any
) -> None:
    many = [f"{number:064}" for number in range(2000)]
    late = json.loads(complete(*many))
    work = json.dumps({"data": late["data"], "status": "work", "result": 1000}).encode()
    assert len(work) > 64 * 1024
    wire.replies = [answer(KEY), answer(work), answer(complete(*many))]
    assert names(fetch(client, limit=5000)) == many
    assert clock.slept == [5]


def test_waiting_is_bounded(client: Client, wire: Any, answer: Answer, clock: Any) -> None:
    wire.replies = [answer(KEY)] + [answer(NOT_READY)] * 20
    began = clock.seconds
    with pytest.raises(errors.NotReady) as caught:
        fetch(client, hurry=lambda: False)
    assert clock.seconds - began == pytest.approx(60)
    assert caught.value.path == "stats/calls/result/"


@pytest.mark.parametrize("gone", ["stats_calls_not_found", "stats_calls_cancel", "404"])
def test_a_key_that_is_gone_is_asked_for_anew_once_for_each_page(
    client: Client, wire: Any, answer: Answer, gone: str
) -> None:
    lost = answer(b"", "404 Not Found") if gone == "404" else wire_answer(gone)
    wire.replies = [
        answer(KEY), lost, answer(KEY), answer(complete("1", "2", "3", "4", "5")),
        answer(KEY), lost, answer(KEY), answer(complete("6")),
    ]  # fmt: skip
    assert len(fetch(client)) == 6
    assert [payload["offset"] for payload in asked(wire)] == [0, 0, 5, 5]
    wire.replies = [answer(KEY), lost, answer(KEY), lost]
    with pytest.raises(errors.ResultGone):
        fetch(client)


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (b'{"result":5004,"status":"error"}', errors.ServerFault, 5004),
        (b'{"result":3105,"status":"error"}', errors.WrongKeys, 3105),
        (b"<html><h1>502</h1></html>", errors.UnexpectedAnswer, None),
        (b'{"result":1000,"status":"complete","data":[{"li', errors.UnexpectedAnswer, None),
        (b'{"result":1000,"status":"thinking"}', errors.UnexpectedAnswer, 1000),
        (b"[]", errors.UnexpectedAnswer, None),
    ],
)
def test_answers_that_are_no_report(
    client: Client, wire: Any, answer: Answer, reply: bytes, kind: type[Exception], code: int | None
) -> None:
    wire.replies = [answer(KEY)] + [answer(reply)] * 5
    with pytest.raises(kind) as caught:
        fetch(client)
    assert isinstance(caught.value, errors.ServiceError)
    assert caught.value.code in (code, None)
    assert caught.value.path == "stats/calls/result/"


def test_a_job_that_failed(client: Client, wire: Any, answer: Answer) -> None:
    wire.replies = [answer(KEY), wire_answer("stats_calls_error")]
    with pytest.raises(errors.ServerFault, match="the job"):
        fetch(client)
    assert len(wire.requests) == 2


def test_a_body_that_is_cut_is_not_believed_and_asked_for_again(
    client: Client, wire: Any, answer: Answer, clock: Any
) -> None:
    whole = answer(complete("1", "2"))
    wire.replies = [answer(KEY), whole[:-30], answer(complete("1", "2"))]
    assert names(fetch(client)) == ["1", "2"]
    assert len(clock.slept) == 1


def test_a_rate_limit_is_waited_out(client: Client, wire: Any, answer: Answer, clock: Any) -> None:
    slow = answer(TOO_FAST, "429 Too Many Requests")
    wire.replies = [answer(KEY), slow, slow, slow, slow, answer(complete("1"))]
    assert names(fetch(client)) == ["1"]


def test_a_connection_reset_is_borne(client: Client, wire: Any, answer: Answer) -> None:
    def reset(connection: socket.socket) -> None:
        wire.reset(connection)

    wire.replies = [answer(KEY), reset, answer(complete("1"))]
    assert names(fetch(client)) == ["1"]


def test_a_refused_request_gives_no_key(client: Client, wire: Any, answer: Answer) -> None:
    """Q41: 3100 with a field, and no key."""
    wire.replies = [answer(b'{"result":3100,"fields":{"end_date":3111}}', "420 Method Failure")]
    with pytest.raises(errors.WrongRequest):
        fetch(client)
    wire.replies = [answer(b'{"result":1000}')]
    with pytest.raises(errors.UnexpectedAnswer, match="no key"):
        fetch(client)


def test_a_lock_out_ends_it(client: Client, wire: Any, answer: Answer) -> None:
    wire.replies = [answer(KEY), answer(b"", "401 Unauthorized")]
    with pytest.raises(errors.LockedOut):
        fetch(client)
