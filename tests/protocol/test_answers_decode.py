"""Every answer of mango-api 1.8 and of the quirks Q12 to Q20 becomes a value or a typed error."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol import errors
from django_mango.protocol.answers import Answer, decode
from django_mango.protocol.commands import Callback, Command, Hangup, StatsRequest, StatsResult
from django_mango.protocol.errors import ServiceError
from django_mango.protocol.excerpt import excerpt

CALLBACK = Callback("c-1", "101", "79161234567")
HANGUP = Hangup("c-2", "call")
START = StatsRequest(1445288400, 1445374859)
FETCH = StatsResult("B+DvIt8/==")
COMMANDS: list[Command] = [CALLBACK, HANGUP, START, FETCH]
NOT_HTML = {"Content-Type": "application/json"}
TOO_FAST = (
    b'{"name": "Service Unavailable", "message": "Rate limit exceeded.", "code": 0, "status": 429}'
)


def failure(command: Command, status: int, body: bytes) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        decode(command, status, {"X-UUID": "u-1"}, body)
    error = caught.value
    assert (error.path, error.status, error.request_id) == (command.path, status, "u-1")
    return error


@pytest.mark.parametrize("command", [CALLBACK, HANGUP])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"result":1000}', 1000),
        (b'{"result":"1000"}', 1000),
        (b'{"Result":1000}', 1000),
        (b'{"RESULT": " 1000 "}', 1000),
        (b'\xef\xbb\xbf{"result":1000}', 1000),
        (b'{"code":1000}', 1000),
        (b'{"result":1001,"message":"update"}', 1001),
        (b'{"result":1090}', 1090),
        (b"", None),
        (b" \r\n", None),
        (b"{}", None),
        (b"[]", None),
        (b"null", None),
        (b'{"command_id":"c-1"}', None),
    ],
)
def test_accepted(command: Command, body: bytes, code: int | None) -> None:
    answer = decode(command, 200, {"x-uuid": " u-1 "}, body)
    assert (answer.code, answer.status, answer.request_id) == (code, 200, "u-1")
    assert answer.is_ready


def test_the_payload_is_kept() -> None:
    answer = decode(CALLBACK, 200, {}, b'{"result":1001,"remark":"update"}')
    assert answer.data == {"result": 1001, "remark": "update"}


@pytest.mark.parametrize("status", [201, 202, 204])
def test_an_empty_success_of_another_status_accepts_too(status: int) -> None:
    assert decode(HANGUP, status, {}, b"") == Answer(None, {}, status)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", None),
        (b"<html>401</html>", None),
        (b'{"result":3102}', 3102),
        (b'{"code":"3105"}', 3105),
        (b'{"name":"Unauthorized","message":"no","code":0,"status":401}', None),
    ],
)
def test_locked_out(command: Command, body: bytes, code: int | None) -> None:
    error = failure(command, 401, body)
    assert type(error) is errors.LockedOut
    assert error.code == code


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "body",
    [b'{"result":401}', b'{"name":"Unauthorized","message":"no","code":0,"status":401}'],
)
def test_locked_out_told_in_the_body_only(command: Command, body: bytes) -> None:
    assert type(failure(command, 200, body)) is errors.LockedOut


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, TOO_FAST),
        (200, TOO_FAST),
        (503, b""),
        (503, b"<html><h1>503 Service Temporarily Unavailable</h1></html>"),
        (429, b""),
        (200, b'{"status":"429"}'),
        (200, b'{"message":"Rate limit exceeded."}'),
        (200, b'{"result":4290}'),
        (200, b'{"result":"5008"}'),
        (420, b'{"code":5008}'),
    ],
)
def test_too_fast(command: Command, status: int, body: bytes) -> None:
    """Q14, T-08."""
    assert type(failure(command, status, body)) is errors.RateLimited


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("status", [200, 400, 420, 500])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (2240, errors.BillingRefused),
        (3100, errors.WrongRequest),
        (3102, errors.WrongKeys),
        (3105, errors.WrongKeys),
        (4001, errors.Impossible),
        (4101, errors.AlreadyEnded),
        (4777, errors.Impossible),
        (5001, errors.ServerFault),
        (5011, errors.ServerFault),
        (1200, errors.ServerFault),
    ],
)
@pytest.mark.parametrize("spelling", ['{"result":%d}', '{"code":"%d"}', '{"Result":"%d"}'])
def test_refused_whatever_the_status_and_the_spelling(
    command: Command, status: int, code: int, kind: type[ServiceError], spelling: str
) -> None:
    """Q15, Q16, T-06, T-28."""
    error = failure(command, status, (spelling % code).encode())
    assert type(error) is kind
    assert error.code == code


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, b"<html><title>502 Bad Gateway</title></html>"),
        (504, b"<html>Gateway Time-out</html>"),
        (200, b"<!DOCTYPE html><p>maintenance</p>"),
        (200, b'{"result":1000'),
        (200, b'{"result":"fine"}'),
        (200, b'{"result":null}'),
        (500, b""),
        (420, b""),
        (400, b"{}"),
        (302, b""),
        (301, b"<html>moved</html>"),
        (206, b"x"),
        (200, b'{"name":"Bad","message":"no","code":0,"status":500}'),
    ],
)
def test_unexpected(command: Command, status: int, body: bytes) -> None:
    assert type(failure(command, status, body)) is errors.UnexpectedAnswer


@pytest.mark.parametrize("command", [CALLBACK, HANGUP, START])
@pytest.mark.parametrize(
    "body",
    [b"OK", b"1000", b'"1000"', b"[1000]", b"\xff\xfe", b"[" * 100_000, b"9" * 5000],
)
def test_unexpected_where_json_is_promised(command: Command, body: bytes) -> None:
    assert type(failure(command, 200, body)) is errors.UnexpectedAnswer


def test_a_gateway_failure_leaves_an_effect_uncertain() -> None:
    """Q20."""
    assert failure(CALLBACK, 502, b"<html>502</html>").is_uncertain
    assert failure(CALLBACK, 200, b'{"result":5011}').is_uncertain
    assert not failure(CALLBACK, 404, b"<html>404 Not Found</html>").is_uncertain


def test_statistics_start_gives_the_key() -> None:
    for body in (
        b'{"key":"B+DvIt8hPJReV8v4MYspQQA=="}',
        b'{"result":1000,"key":"B+DvIt8hPJReV8v4MYspQQA=="}',
    ):
        assert decode(START, 200, {}, body).key == "B+DvIt8hPJReV8v4MYspQQA=="


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"key":""}', b'{"key":" "}', b'{"key":5}', b'{"result":1000}']
)
def test_statistics_start_without_a_key(body: bytes) -> None:
    assert type(failure(START, 200, body)) is errors.UnexpectedAnswer


def test_statistics_not_ready() -> None:
    assert not decode(FETCH, 204, {}, b"").is_ready
    assert not decode(FETCH, 200, {}, b"").is_ready
    assert not decode(FETCH, 200, {}, b"\r\n").is_ready


def test_statistics_ready() -> None:
    csv = b"[547658365];1072915314;1072915399;456;749404444;937;12345678;1120\r\n"
    answer = decode(FETCH, 200, {"X-Uuid": "u-1"}, csv)
    assert answer == Answer(None, {}, 200, "u-1", csv, True)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b""),
        (404, b"<html>404</html>"),
        (404, b'{"result":3300}'),
        (200, b'{"result":3300}'),
        (200, b'{"name":"Not Found","message":"no","code":0,"status":404}'),
    ],
)
def test_statistics_gone(status: int, body: bytes) -> None:
    assert type(failure(FETCH, status, body)) is errors.ResultGone


def test_a_missing_object_of_a_command_is_a_refusal() -> None:
    assert type(failure(HANGUP, 404, b'{"result":3310}')) is errors.WrongRequest


def test_an_error_quotes_little_and_no_secret() -> None:
    signature = "ab" * 32
    body = (
        "<html><style>p{color:red}</style><h1>Bad\r\nGateway</h1>"
        f"vpbx_api_key=the-key&sign={signature}&json=%7B%7D "
        f'{{"vpbx_api_key":"the-key","sign":"{signature}"}} [vpbx_api_key] => the-key '
        f'{{\\"vpbx_api_key\\":\\"the-key\\"}} {signature}{"x" * 500}</html>'
    ).encode()
    error = failure(CALLBACK, 502, body)
    for text in (str(error), repr(error)):
        assert "the-key" not in text
        assert signature not in text
        assert "Bad Gateway" in text
        assert "\n" not in text
        assert "color" not in text
    assert len(error.message) <= 250


@given(st.binary(max_size=600))
def test_an_excerpt_is_one_short_printable_line(body: bytes) -> None:
    quoted = excerpt(body)
    assert len(quoted) <= 200
    assert quoted.isprintable()
    assert quoted == quoted.strip()


@given(
    command=st.sampled_from(COMMANDS),
    status=st.integers(min_value=100, max_value=599),
    body=st.binary(max_size=60)
    | st.dictionaries(
        st.sampled_from(["result", "Result", "code", "status", "message", "key", "x"]),
        st.none() | st.integers() | st.text(max_size=9) | st.floats(),
    ).map(lambda found: json.dumps(found).encode()),
    request_id=st.text(max_size=200),
)
def test_any_answer_is_a_value_or_a_service_error(
    command: Command, status: int, body: bytes, request_id: str
) -> None:
    refused: ServiceError | None = None
    try:
        answer = decode(command, status, {"X-Uuid": request_id}, body)
    except ServiceError as error:
        refused = error
    if refused is not None:
        assert len(refused.request_id) <= 128
        assert str(refused).isprintable()
    else:
        assert answer.status == status
        assert answer.key or command is not START
