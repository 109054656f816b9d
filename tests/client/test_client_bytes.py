"""The exact bytes on the wire of the four commands equal the official samples'."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses

from django_mango import __version__
from django_mango.client import Client
from django_mango.protocol.commands import Callback, Command, Hangup, StatsRequest, StatsResult
from django_mango.protocol.errors import LockedOut, RateLimited, UnexpectedAnswer, WrongKeys
from django_mango.protocol.signing import Credentials

SAMPLES = Credentials("<YOUR_API_KEY>", "<YOUR_API_SALT>")
BASE = "https://app.mango-office.ru/vpbx/"
FORM = "vpbx_api_key=%3CYOUR_API_KEY%3E&sign="

OFFICIAL = [
    (
        Callback(command_id="your-command-id", extension="<extension>", to_number="<to_number>"),
        f"{BASE}commands/callback",
        FORM
        + "afdeb462cd5e0e422a9c9220390124608df06a4472cb1add6ebd6e24184bd15a"
        + "&json=%7B%22command_id%22%3A%22your-command-id%22%2C%22from%22%3A%7B%22extension%22%3A"
        + "%22%3Cextension%3E%22%2C%22number%22%3A%22%22%7D%2C%22to_number%22%3A%22"
        + "%3Cto_number%3E%22%7D",
        b'{"result":1000}',
    ),
    (
        Hangup(command_id="your-command-id", call_id="<CALL_ID>"),
        f"{BASE}commands/call/hangup",
        FORM
        + "2d1d01246f52cec1fdb44f2a4d7091dc54f67e318369c0628201d66b5d336ef0"
        + "&json=%7B%22command_id%22%3A%22your-command-id%22%2C%22call_id%22%3A%22"
        + "%3CCALL_ID%3E%22%7D",
        b"",
    ),
    (
        StatsRequest(1445288400, 1445374859),
        f"{BASE}stats/request",
        FORM
        + "94e263aa0aa65d77481b86e9224fa2230265faa387322e40716389406982c0fb"
        + "&json=%7B%22date_from%22%3A%221445288400%22%2C%22date_to%22%3A%221445374859%22%2C"
        + "%22from%22%3A%7B%22extension%22%3A%22%22%2C%22number%22%3A%22%22%7D%2C"
        + "%22to%22%3A%7B%22extension%22%3A%22%22%2C%22number%22%3A%22%22%7D%7D",
        b'{"key":"K=="}',
    ),
    (
        StatsResult(key="<REQUEST_KEY>"),
        f"{BASE}stats/result",
        FORM
        + "515069b8c079df62f408e36dd7933912b8e86d833c5927ee77eb4b68d766c4f5"
        + "&json=%7B%22key%22%3A%22%3CREQUEST_KEY%3E%22%7D",
        b"1;2;3\r\n",
    ),
]


@pytest.mark.parametrize(("command", "url", "body", "answer"), OFFICIAL)
def test_official_samples(command: Command, url: str, body: str, answer: bytes) -> None:
    with responses.RequestsMock() as service, Client(SAMPLES) as client:
        service.post(url, body=answer, headers={"X-Uuid": "u-1"})
        assert client.send(command).request_id == "u-1"
        sent: Any = service.calls[0].request
    assert sent.body == body.encode()
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert sent.headers["User-Agent"] == f"django-mango/{__version__}"


def test_another_address_with_or_without_a_slash() -> None:
    for address in ("http://127.0.0.1:8765/vpbx/", "http://127.0.0.1:8765/vpbx"):
        with responses.RequestsMock() as service, Client(SAMPLES, api_url=address) as client:
            service.post("http://127.0.0.1:8765/vpbx/stats/request", json={"key": "K"})
            assert client.send(StatsRequest(1445288400, 1445374859)).key == "K"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"result": 3102}, WrongKeys),
        (401, {}, LockedOut),
        (429, {"name": "Service Unavailable", "code": 0, "status": 429}, RateLimited),
        (502, "<html>Bad Gateway</html>", UnexpectedAnswer),
    ],
)
def test_failures_of_an_effect_come_out_typed_after_one_request(
    status: int, body: object, kind: type[Exception]
) -> None:
    with responses.RequestsMock() as service, Client(SAMPLES) as client:
        service.post(
            f"{BASE}commands/callback",
            body=body if isinstance(body, str) else json.dumps(body),
            status=status,
            headers={"X-Uuid": "u-2"},
        )
        with pytest.raises(kind) as caught:
            client.send(Callback("c", "101", "79161234567"))
        assert len(service.calls) == 1
    assert caught.value.status == status  # type: ignore[attr-defined]
    assert caught.value.request_id == "u-2"  # type: ignore[attr-defined]
