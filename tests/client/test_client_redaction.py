"""No part of the credentials reaches a log, a repr or an error."""

from __future__ import annotations

import io
import logging
import traceback
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.client import Client, Redactor, StatisticsClient
from django_mango.protocol.commands import Callback, StatsRequest
from django_mango.protocol.errors import ServiceError, UnexpectedAnswer
from django_mango.protocol.signing import Credentials, sign

PAIR = Credentials("kEy/+= 1", "sälT\"'\\2")
CALLBACK = Callback("c", "101", "79161234567")
# Nothing of the mask itself, nor of what stands around the secrets.
secrets = st.text(alphabet="abdfxyzАБВ/+=%' \"\\", min_size=6, max_size=20)
around = st.text(alphabet="0123456789")


@pytest.mark.parametrize(
    "text",
    [
        "key kEy/+= 1 end",
        f"form vpbx_api_key={quote_plus('kEy/+= 1')}&x=1",
        "salt sälT\"'\\2 end",
        f"salt {quote_plus(PAIR.api_salt)}",
        f"salt {PAIR.api_salt!r}",
        f"salt {PAIR.api_salt.encode()!r}",
        'salt "s\\u00e4lT\\"\'\\\\2"',
        f"sign={sign(PAIR, '{}')}",
        f"sign {sign(PAIR, '{}')}",
    ],
)
def test_every_spelling_is_masked(text: str) -> None:
    shown = Redactor(PAIR)(text)
    assert "[secret]" in shown
    for part in ("kEy", "lT", sign(PAIR, "{}")):
        assert part not in shown


@given(key=secrets, salt=secrets, before=around, after=around)
def test_no_secret_survives_in_any_text(key: str, salt: str, before: str, after: str) -> None:
    shown = Redactor(Credentials(key, salt))(f"{before}{key}{after}{salt}{before}")
    assert key not in shown
    assert salt not in shown


def test_harmless_text_stays() -> None:
    redact = Redactor(Credentials("k", ""))
    assert redact("stuck on k, not on kk") == "stuck on [secret], not on kk"
    assert Redactor(Credentials("", ""))("as it was") == "as it was"


def test_reprs_are_safe(credentials: Credentials) -> None:
    client = Client(credentials)
    shown = f"{client!r} {client.redact!r} {StatisticsClient(client)!r} {client.gate!r}"
    assert "secret-" not in shown
    assert "app.mango-office.ru" in repr(client)


def test_an_error_has_no_secret_in_text_chain_or_frames(
    credentials: Credentials, wire: Any, answer: Any, clock: Any
) -> None:
    """A page that quotes our form back, and a report that prints every frame's locals."""
    body = b"<html>key the-secret-key salt the-secret-salt</html>"
    wire.replies = [answer(body, "502 Bad Gateway", "X-Uuid: the-secret-key"), wire.reset]
    with Client(credentials, api_url=wire.url, clock=clock, sleep=clock.sleep) as client:
        for _ in range(2):
            with pytest.raises(ServiceError) as caught:
                client.send(CALLBACK)
            error = caught.value
            assert error.__cause__ is None
            assert error.__context__ is None
            report = traceback.TracebackException.from_exception(error, capture_locals=True)
            # The first frame is this test's own, which knows the secrets.
            frames = repr([(frame.name, frame.locals) for frame in report.stack[1:]])
            assert "'send'" in frames
            text = frames + repr(error) + str(error) + repr(vars(error))
            assert "secret-key" not in text
            assert "secret-salt" not in text
            assert "vpbx_api_key" not in text


def test_logs_say_what_happened_without_secrets(
    credentials: Credentials,
    wire: Any,
    answer: Any,
    clock: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    wire.replies = [
        answer(b'{"result":1000}', "200 OK", "X-Uuid: u-1"),
        answer(b"<p>the-secret-salt</p>", "502 Bad Gateway"),
        answer(b'{"key":"K"}'),
        answer(b'{"result":2240}', "200 OK", "X-Uuid: u-2"),
    ]
    caplog.set_level(logging.DEBUG)
    with Client(credentials, api_url=wire.url, clock=clock, sleep=clock.sleep) as client:
        client.send(CALLBACK)
        client.send(StatsRequest(1445288400, 1445374859))
        with pytest.raises(ServiceError):
            client.send(CALLBACK)
    assert "callback: HTTP 200, code 1000" in caplog.text
    assert "request u-1" in caplog.text
    assert "attempt 1 failed" in caplog.text
    assert "not enough money (path commands/callback, HTTP 200, code 2240" in caplog.text
    assert "secret-" not in caplog.text
    assert "sign=" not in caplog.text


def test_the_filter_cleans_whole_records_and_chains(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    handler = logging.StreamHandler(shown)
    handler.addFilter(Redactor(Credentials("the-secret-key", "the-secret-salt")))
    log = logging.getLogger("of-a-host")
    monkeypatch.setattr(log, "handlers", [handler])
    monkeypatch.setattr(log, "propagate", False)
    try:
        try:
            raise ValueError("inner the-secret-salt")
        except ValueError as inner:
            raise RuntimeError("outer the-secret-key") from inner
    except RuntimeError:
        log.exception("args %s", "the-secret-key", stack_info=True)
    text = shown.getvalue()
    assert "args [secret]" in text
    assert "ValueError: inner [secret]" in text
    assert "RuntimeError: outer [secret]" in text
    assert "the-secret-key\n" not in text
    assert "the-secret-salt\n" not in text


def test_cleaning_an_error_keeps_its_evidence() -> None:
    error = UnexpectedAnswer(
        "page says the-secret-key", path="stats/result", status=502, request_id="u-1"
    )
    error.__cause__ = error.__context__ = ValueError("the-secret-salt")
    cleaned = Redactor(Credentials("the-secret-key", "the-secret-salt")).clean(error)
    assert cleaned is error
    assert error.__cause__ is None
    assert error.__context__ is None
    assert str(error) == "page says [secret] (path stats/result, HTTP 502, request u-1)"
    assert repr(error) == "UnexpectedAnswer('page says [secret]')"
