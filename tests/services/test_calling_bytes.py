"""The exact bytes the services put on the wire (official samples, §2.1.2, §3.2.1, §3.2.3)."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote_plus

import pytest
import responses

from django_mango.models import Call
from django_mango.services import hang_up, place_call
from tests.services.calling_bench import LEG, Team, leg

KEY, SALT = "<YOUR_API_KEY>", "<YOUR_API_SALT>"
URL = "https://pbx.example/vpbx/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _official_keys(settings: Any) -> None:
    settings.MANGO = {"API_KEY": KEY, "API_SALT": SALT, "API_URL": URL}


def form(json_text: str) -> bytes:
    sign = hashlib.sha256((KEY + json_text + SALT).encode()).hexdigest()
    return f"vpbx_api_key={quote_plus(KEY)}&sign={sign}&json={quote_plus(json_text)}".encode()


def callback_json(command_id: str, number: str, more: str = "") -> str:
    source = '"from":{"extension":"101","number":""}'
    return f'{{"command_id":"{command_id}",{source},"to_number":"{number}"{more}}}'


@pytest.mark.parametrize(
    ("dialled", "line", "number", "more"),
    [
        ("8 (916) 123-45-67", None, "79161234567", ""),
        ("+7 916 123-45-67 доб. 12", "", "79161234567", ""),
        ("102", None, "102", ""),
        ("79161234567", " 74951234567 ", "79161234567", ',"line_number":"74951234567"'),
        # Cyrillic travels escaped, as PHP's json_encode writes it.
        (
            "79161234567",
            "SIP Склад",
            "79161234567",
            r',"line_number":"SIP \u0421\u043a\u043b\u0430\u0434"',
        ),
    ],
)
def test_a_callback(team: Team, dialled: str, line: str | None, number: str, more: str) -> None:
    with responses.RequestsMock() as service:
        service.post(f"{URL}commands/callback", json={"result": 1000})
        command = place_call(team.anna, dialled, line=line)
        sent: Any = service.calls[0].request
    assert sent.body == form(callback_json(command.command_id, number, more))
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert command.status == command.Status.ACCEPTED
    assert command.payload["to_number"] == number


def test_a_hang_up(team: Team) -> None:
    call = team.live_call(leg(LEG))
    with responses.RequestsMock() as service:
        service.post(f"{URL}commands/call/hangup", json={"result": 1000})
        command = hang_up(team.anna, call)
        sent: Any = service.calls[0].request
    text = f'{{"command_id":"{command.command_id}","call_id":"{LEG}"}}'
    assert sent.body == form(text)
    assert (command.status, command.call) == (command.Status.ACCEPTED, Call.objects.get())


def test_the_ids_of_two_commands_differ(team: Team) -> None:
    with responses.RequestsMock() as service:
        service.post(f"{URL}commands/callback", json={"result": 1000})
        first = place_call(team.anna, "+79161234567")
        second = place_call(team.anna, "+79161234568")
    assert first.command_id != second.command_id
    assert len(first.command_id) >= 32
