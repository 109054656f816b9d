"""Every kind of answer leaves one command in a true state, and a line for people."""

from __future__ import annotations

import json
import logging
import socket
from typing import Any

import pytest
from django.utils import translation

from django_mango.models import Command
from django_mango.services import hang_up, outcome_level, outcome_text, place_call
from tests.services.calling_bench import CLIENT, KEY, SALT, Service, Team, mango, reply

pytestmark = pytest.mark.django_db

Status, Problem = Command.Status, Command.Problem
HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"
TOO_FAST = {"name": "Service Unavailable", "message": "Rate limit exceeded.", "code": 0}

ANSWERS = [
    ("done", reply({"result": 1000}), Status.ACCEPTED, "", 1000),
    ("as text", reply({"result": "1000"}), Status.ACCEPTED, "", 1000),
    ("with a remark", reply({"result": 1001}), Status.ACCEPTED, "", 1001),
    ("empty", reply(b""), Status.ACCEPTED, "", None),
    ("no money", reply({"result": 2240}), Status.REFUSED, Problem.REFUSED, 2240),
    ("wrong format", reply({"result": 3104}, 420), Status.REFUSED, Problem.REFUSED, 3104),
    ("wrong keys", reply({"result": 3102}), Status.REFUSED, Problem.REFUSED, 3102),
    ("impossible", reply({"result": "4100"}), Status.REFUSED, Problem.REFUSED, 4100),
    ("ended is no success", reply({"result": 4101}), Status.REFUSED, Problem.REFUSED, 4101),
    ("locked", reply(b"", 401), Status.REFUSED, Problem.LOCKED_OUT, None),
    ("too fast", reply(TOO_FAST | {"status": 429}, 429), Status.REFUSED, Problem.RATE_LIMITED, 0),
    ("too fast in 200", reply({"result": 5008}), Status.REFUSED, Problem.RATE_LIMITED, 5008),
    ("time-out inside", reply({"result": 5011}), Status.UNKNOWN, Problem.ANSWER_LOST, 5011),
    ("HTML", reply(HTML, 502, "text/html"), Status.UNKNOWN, Problem.ANSWER_LOST, None),
    ("HTML in 200", reply(HTML, 200, "text/html"), Status.UNKNOWN, Problem.ANSWER_LOST, None),
    ("cut JSON", reply('{"resu'), Status.UNKNOWN, Problem.ANSWER_LOST, None),
    ("cut body", reply({"result": 1000})[:-4], Status.UNKNOWN, Problem.ANSWER_LOST, None),
    ("silent close", Service.hang_up, Status.UNKNOWN, Problem.ANSWER_LOST, None),
    ("no such address", reply(HTML, 404, "text/html"), Status.REFUSED, Problem.REFUSED, None),
    ("a redirect", reply(b"", 302), Status.UNKNOWN, Problem.ANSWER_LOST, None),
    ("a huge code", reply({"result": 10**12}), Status.UNKNOWN, Problem.ANSWER_LOST, None),
    ("a huge class", reply({"result": 2**40 + 3}), Status.UNKNOWN, Problem.ANSWER_LOST, None),
]
LEVELS = {Status.ACCEPTED: "success", Status.REFUSED: "error", Status.UNKNOWN: "warning"}


@pytest.mark.parametrize(
    ("answer", "status", "problem", "code"),
    [pytest.param(*row[1:], id=row[0]) for row in ANSWERS],
)
def test_an_answer(
    team: Team, pbx: Service, answer: Any, status: Status, problem: str, code: int | None
) -> None:
    pbx.answers(answer)
    command = place_call(team.anna, CLIENT)
    assert (command.status, command.problem) == (status, problem)
    assert (command.result_code or 0) == (code or 0)
    assert len(pbx.requests) == 1, "nothing is repeated"
    assert pbx.requests[0].payload == command.payload
    assert command.sent_at is not None
    assert command.answered_at is not None
    assert (command.settled_at is None) == (status == Status.ACCEPTED)
    assert bool(command.error) == (status != Status.ACCEPTED)
    assert outcome_level(command) == LEVELS[status]
    if not callable(answer):
        assert command.http_status == int(answer.split()[1])
        assert command.request_id == "uuid-7"
    for language in ("en", "ru"):
        with translation.override(language):
            assert_fit_for_people(outcome_text(command), command)


def assert_fit_for_people(text: str, command: Command) -> None:
    assert text
    assert text == text.strip()
    assert text.isprintable(), "one line"
    for secret in (KEY, SALT, "Traceback", "<html", "Error", "vpbx", command.command_id):
        assert secret not in text
    if command.result_code and command.status == Status.REFUSED and command.problem == "refused":
        assert f"({command.result_code})" in text
        assert command.meaning in text


def test_a_refusal_speaks_the_language_of_who_reads_it(team: Team, pbx: Service) -> None:
    pbx.answers(reply({"result": 2240}))
    command = place_call(team.anna, CLIENT)
    with translation.override("ru"):
        russian = command.meaning
        assert russian in outcome_text(command)
    with translation.override("en"):
        assert russian not in outcome_text(command)


def test_a_hang_up_that_comes_too_late_is_a_success(team: Team, pbx: Service) -> None:
    pbx.answers(reply({"result": 4101}))
    command = hang_up(team.anna, team.live_call())
    assert (command.status, command.problem, command.error) == (Status.ACCEPTED, "", "")
    assert command.result_code == 4101
    assert outcome_level(command) == "success"
    with translation.override("en"):
        assert outcome_text(command) == "The call had ended already."


def test_a_hang_up_of_a_queue_leg_refused_by_the_pbx(team: Team, pbx: Service) -> None:
    pbx.answers(reply({"result": 4100}))
    command = hang_up(team.anna, team.live_call())
    assert (command.status, command.result_code) == (Status.REFUSED, 4100)


def test_nobody_listens(team: Team, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    settings.MANGO = mango(f"http://127.0.0.1:{port}/vpbx/")
    command = place_call(team.anna, CLIENT)
    assert (command.status, command.problem) == (Status.FAILED, Problem.NOT_SENT)
    assert outcome_level(command) == "error"
    with translation.override("en"):
        assert "Nothing was sent" in outcome_text(command)


def test_no_answer_in_time(team: Team, service: Service, settings: Any) -> None:
    settings.MANGO = mango(service.url, TIMEOUT=(5, 0.2))
    service.answers(service.silence)
    command = place_call(team.anna, CLIENT)
    assert (command.status, command.problem) == (Status.UNKNOWN, Problem.ANSWER_LOST)
    assert len(service.requests) == 1
    assert "lost" in outcome_text(command)


def test_after_nothing_was_sent_the_next_click_sends(team: Team, pbx: Service) -> None:
    pbx.answers(reply({"result": 2240}), reply({"result": 1000}))
    assert place_call(team.anna, CLIENT).status == Status.REFUSED
    assert place_call(team.anna, CLIENT).status == Status.ACCEPTED
    assert len(pbx.requests) == 2


def test_after_a_lost_answer_the_next_click_sends_nothing(team: Team, pbx: Service) -> None:
    pbx.answers(pbx.hang_up)
    first = place_call(team.anna, CLIENT)
    assert place_call(team.anna, CLIENT) == first
    assert len(pbx.requests) == 1


ECHO = "<pre>POST vpbx_api_key={key} salt {salt} sign={sign}</pre>"


def test_secrets_a_service_echoes_reach_nobody(
    team: Team, pbx: Service, caplog: pytest.LogCaptureFixture
) -> None:
    def echo(connection: socket.socket) -> None:
        request = pbx.requests[-1]
        text = ECHO.format(key=KEY, salt=SALT, sign=request.sign)
        connection.sendall(reply(f"{text}{request.body.decode()}", 500, "text/html"))

    pbx.answers(echo)
    with caplog.at_level(logging.DEBUG):
        call = team.live_call()
        commands = [place_call(team.anna, CLIENT), hang_up(team.anna, call)]
    signs = [request.sign for request in pbx.requests]
    assert [len(sign) for sign in signs] == [64, 64]
    records = [
        f"{record.getMessage()} {record.exc_text} {record.args}" for record in caplog.records
    ]
    assert records, "the client does log"
    for command in commands:
        row = {field.name: str(getattr(command, field.name)) for field in command._meta.fields}
        shown = [*records, caplog.text, json.dumps(row), repr(command), outcome_text(command)]
        assert command.error
        for text in shown:
            for secret in (KEY, SALT, *signs):
                assert secret not in text


def test_our_own_fault_is_logged_without_secrets(
    team: Team, pbx: Service, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The address is wrong in a way nothing but the sending itself notices."""
    settings.MANGO = mango("http://[::1/vpbx/")
    with caplog.at_level(logging.DEBUG):
        command = place_call(team.anna, CLIENT)
    assert (command.status, command.problem) == (Status.FAILED, Problem.NOT_SENT)
    assert pbx.requests == []
    for secret in (KEY, SALT):
        assert secret not in caplog.text + command.error
