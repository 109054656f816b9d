"""Signatures: the official vectors of mango-api 1.5 and what a forger can try."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol.signing import Credentials, sign, sign_recording_link, verify

SAMPLES = Credentials("<YOUR_API_KEY>", "<YOUR_API_SALT>")

VECTORS = [
    (
        (
            '{"command_id":"your-command-id","from":{"extension":"<extension>","number":""},'
            '"to_number":"<to_number>"}'
        ),
        "afdeb462cd5e0e422a9c9220390124608df06a4472cb1add6ebd6e24184bd15a",
    ),
    (
        '{"command_id":"your-command-id","call_id":"<CALL_ID>"}',
        "2d1d01246f52cec1fdb44f2a4d7091dc54f67e318369c0628201d66b5d336ef0",
    ),
    (
        (
            '{"date_from":"1445288400","date_to":"1445374859",'
            '"from":{"extension":"","number":""},"to":{"extension":"","number":""}}'
        ),
        "94e263aa0aa65d77481b86e9224fa2230265faa387322e40716389406982c0fb",
    ),
    (
        '{"key":"<REQUEST_KEY>"}',
        "515069b8c079df62f408e36dd7933912b8e86d833c5927ee77eb4b68d766c4f5",
    ),
    ("{}", "066ef23796f358e5a57947a871750f9c4ed60e0381d71a2de0f23249b4932207"),
    (
        '{"command_id":"cbk1","result":1000}',
        "63c10e9c148811fc3a6cf6010ab541dbde171cf11530621798cdd44dfd5a3010",
    ),
    (
        (
            '{"command_id":"smsmsmsm","text":"\\u041f\\u0440\\u0438\\u0432\\u0435\\u0442",'
            '"from_extension":"222","to_number":"74955404444"}'
        ),
        "142fbae94021b1543e1d22c5d31b3594982718e3f99d85fd723211a4844df4f7",
    ),
]


@pytest.mark.parametrize(("json_text", "signature"), VECTORS)
def test_official_and_derived_vectors(json_text: str, signature: str) -> None:
    assert sign(SAMPLES, json_text) == signature
    assert verify(SAMPLES, b"<YOUR_API_KEY>", json_text.encode(), signature.encode())


def test_vector_of_the_recording_link() -> None:
    assert (
        sign_recording_link(SAMPLES, 1445374859, "MToxMDAwNjA4NTo1MDA5NDExMDIyOjE=")
        == "62292afd292aea3756e132d4662b82bf8db6e1056181817553ecc03bb867a93e"
    )


def test_text_is_signed_as_utf8() -> None:
    assert sign(SAMPLES, '{"name":"Анна"}') == sign(SAMPLES, '{"name":"Анна"}'.encode())


@given(flipped=st.integers(min_value=0, max_value=64 * 8 - 1))
def test_any_flipped_bit_of_a_signature_is_seen(flipped: int) -> None:
    forged = bytearray(VECTORS[4][1].encode())
    forged[flipped // 8] ^= 1 << flipped % 8
    assert not verify(SAMPLES, b"<YOUR_API_KEY>", b"{}", bytes(forged))


@given(key=st.binary(max_size=40), signature=st.binary(max_size=80))
def test_rubbish_is_refused_and_never_raises(key: bytes, signature: bytes) -> None:
    assert not verify(SAMPLES, key, b"{}", signature)


def test_a_right_signature_under_another_key_is_refused() -> None:
    assert not verify(SAMPLES, b"<OTHER_KEY>", b"{}", VECTORS[4][1].encode())


def test_letters_beyond_ascii_in_a_signature_are_refused_without_an_error() -> None:
    """Q7: text comparison raises here, a 500 in place of a 403."""
    assert not verify(SAMPLES, b"<YOUR_API_KEY>", b"{}", "подпись".encode())


def test_credentials_never_show() -> None:
    shown = repr(Credentials("the-key", "the-salt"))
    assert "the-key" not in shown
    assert "the-salt" not in shown
