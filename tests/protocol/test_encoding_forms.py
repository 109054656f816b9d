"""The signed form: exact bytes out, every byte kept on the way in."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol.encoding import SignedForm, compact_json, form_body, parse_form
from django_mango.protocol.errors import ReadError
from django_mango.protocol.signing import Credentials, sign

SAMPLES = Credentials("<YOUR_API_KEY>", "<YOUR_API_SALT>")
SAMPLE_1 = (
    "vpbx_api_key=%3CYOUR_API_KEY%3E"
    "&sign=afdeb462cd5e0e422a9c9220390124608df06a4472cb1add6ebd6e24184bd15a"
    "&json=%7B%22command_id%22%3A%22your-command-id%22%2C%22from%22%3A%7B%22extension%22%3A%22"
    "%3Cextension%3E%22%2C%22number%22%3A%22%22%7D%2C%22to_number%22%3A%22%3Cto_number%3E%22%7D"
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def test_form_of_sample_1_byte_for_byte() -> None:
    payload = {
        "command_id": "your-command-id",
        "from": {"extension": "<extension>", "number": ""},
        "to_number": "<to_number>",
    }
    assert form_body(SAMPLES, compact_json(payload)) == SAMPLE_1.encode()


def test_json_is_compact_and_ascii() -> None:
    assert compact_json({"text": "Привет", "n": [1, None]}) == (
        '{"text":"\\u041f\\u0440\\u0438\\u0432\\u0435\\u0442","n":[1,null]}'
    )


def test_numbers_json_does_not_know_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        compact_json({"n": float("nan")})


@given(st.dictionaries(st.text(), json_values))
def test_what_we_send_reads_back_and_verifies(payload: dict[str, object]) -> None:
    form = parse_form(form_body(SAMPLES, compact_json(payload)))
    assert form.is_from(SAMPLES)
    assert json.loads(form.json_bytes) == payload


def test_plus_slash_and_equals_of_a_key_survive() -> None:
    """Q4: a plus sent as it is arrives as a blank."""
    text = compact_json({"key": "B+DvIt8/hPJReV8v4MYspQQA=="})
    assert dict(parse_qsl(form_body(SAMPLES, text).decode()))["json"] == text


@pytest.mark.parametrize(
    "text",
    [
        '{"command_id": "a", "result": 1000}',
        '{\r\n  "call_id" : "1\\/2"\r\n}',
        '{"name":"Анна"}',
        '{"name":"\\u0410\\u043d\\u043d\\u0430"}',
    ],
)
def test_any_spelling_of_json_verifies_as_sent(text: str) -> None:
    """Q3, Q6: peers use blanks, line breaks, escaped slashes, raw Cyrillic."""
    body = urlencode({"json": text, "sign": sign(SAMPLES, text), "vpbx_api_key": "<YOUR_API_KEY>"})
    form = parse_form(body.encode())
    assert form.json_bytes == text.encode()
    assert form.is_from(SAMPLES)


@given(st.binary(max_size=300))
def test_rubbish_raises_nothing_but_read_error(body: bytes) -> None:
    try:
        form = parse_form(body)
    except ReadError:
        return
    assert not form.is_from(SAMPLES)


@given(
    api_key=st.binary(max_size=30), signature=st.binary(max_size=80), text=st.binary(max_size=80)
)
def test_every_byte_of_a_field_is_kept(api_key: bytes, signature: bytes, text: bytes) -> None:
    body = urlencode({"vpbx_api_key": api_key, "sign": signature, "json": text}).encode()
    assert parse_form(body) == SignedForm(api_key, signature, text)


@pytest.mark.parametrize("field", ["vpbx_api_key", "sign", "json"])
def test_a_missing_or_repeated_field_is_refused(field: str) -> None:
    fields = dict(parse_qsl(SAMPLE_1))
    without = urlencode({name: value for name, value in fields.items() if name != field})
    twice = f"{SAMPLE_1}&{field}=x"
    for body in (without, twice):
        with pytest.raises(ReadError):
            parse_form(body.encode())


def test_a_flood_of_fields_is_refused() -> None:
    with pytest.raises(ReadError):
        parse_form(SAMPLE_1.encode() + b"&a=1" * 200)


def test_a_form_shows_neither_key_nor_signature() -> None:
    shown = repr(parse_form(SAMPLE_1.encode()))
    assert "YOUR_API_KEY" not in shown
    assert "afdeb462" not in shown
