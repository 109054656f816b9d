"""Who is let in: nobody but the holder of the credentials, and nobody learns why not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, override_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from django_mango.models import Account, Notification
from django_mango.protocol.encoding import SignedForm
from django_mango.webhooks.authentication import alias_of, signer
from tests.webhooks.signed import EVENT, FORM, signed_fields

Deliver = Callable[..., Any]
URL = "/mango/default/events/call"

FORGED: dict[str, dict[str, Any]] = {
    "wrong salt": {"api_salt": "other"},
    "wrong key": {"api_key": "other"},
    "the right signature under another key": {"api_key": "other", "signed_with": "test-key"},
    "key in other case": {"api_key": "TEST-KEY", "signed_with": "test-key"},
    "no signature": {"signature": ""},
    "signature in capitals": {"signature": str(signed_fields()["sign"]).upper()},
    "signature with a blank": {"signature": str(signed_fields()["sign"]) + " "},
    "signature cut": {"signature": str(signed_fields()["sign"])[:-1]},
    "signature of something else": {"signature": signed_fields(text="{}")["sign"]},
    "signature not ASCII": {"signature": "подпись"},
    "signature no text": {"signature": b"\xff\xfe\x00"},
    "key not ASCII": {"api_key": "ключ"},
    "key field missing": {"leave_out": ("vpbx_api_key",)},
    "signature field missing": {"leave_out": ("sign",)},
    "json field missing": {"leave_out": ("json",)},
}
BODIES = [b"", b"&", b"=", b"\xff\xfe", b"a=b", b"{}", b"%zz=%", b"&".join([b"a=1"] * 200)]


@pytest.mark.django_db
@pytest.mark.parametrize("why", FORGED)
@pytest.mark.parametrize("path", ["default/events/call", "nobody/events/call", "default/ping"])
def test_forged_is_one_and_the_same_403_before_the_database(
    deliver: Deliver,
    why: str,
    path: str,
    django_assert_num_queries: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with django_assert_num_queries(0), caplog.at_level(logging.DEBUG):
        answer = deliver(path, **FORGED[why])

    assert (answer.status_code, answer.content) == (403, b"")
    genuine = str(signed_fields()["sign"])
    assert not [secret for secret in ("test-salt", genuine) if secret in caplog.text]


@pytest.mark.django_db
@pytest.mark.parametrize("body", BODIES)
def test_rubbish_is_403(client: Client, body: bytes, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        answer = client.post(URL, body, content_type=FORM)

    assert (answer.status_code, answer.content) == (403, b"")


@pytest.mark.django_db
def test_a_repeated_field_is_403(client: Client, sign_form: Callable[..., bytes]) -> None:
    for extra in (b"&json=%7B%7D", b"&sign=1", b"&vpbx_api_key=test-key"):
        assert client.post(URL, sign_form() + extra, content_type=FORM).status_code == 403


@pytest.mark.django_db
def test_an_unknown_alias_looks_like_a_wrong_key(deliver: Deliver) -> None:
    unknown, wrong = deliver("nobody/events/call"), deliver(api_key="other")

    assert unknown.status_code == wrong.status_code == 403
    assert unknown.headers == wrong.headers
    assert unknown.content == wrong.content
    assert not Account.objects.exists()


@pytest.mark.django_db
def test_without_any_account_everything_is_403(deliver: Deliver) -> None:
    with override_settings(MANGO={}):
        assert deliver().status_code == 403
        assert deliver("events/call").status_code == 403
        assert deliver(api_key="nobody", api_salt="nobody").status_code == 403


def _flipped(body: bytes, bit: int) -> bytes:
    position, mask = bit // 8 % len(body), 1 << bit % 8
    return body[:position] + bytes([body[position] ^ mask]) + body[position + 1 :]


@pytest.mark.django_db
@examples(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=st.sampled_from(["vpbx_api_key", "sign", "json"]), bit=st.integers(0, 8 * 400))
def test_any_flipped_bit_of_a_field_is_403_and_no_row(
    deliver: Deliver, field: str, bit: int
) -> None:
    value = signed_fields()[field]
    raw = value.encode() if isinstance(value, str) else value
    fields = {**signed_fields(), field: _flipped(raw, bit)}

    answer = deliver(api_key=fields["vpbx_api_key"], signature=fields["sign"], text=fields["json"])

    assert (answer.status_code, answer.content) == (403, b"")
    assert not Notification.objects.exists()


@pytest.mark.django_db
@examples(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bit=st.integers(0, 8 * 2000))
def test_a_flipped_bit_on_the_wire_stores_nothing_but_the_same_fields(
    client: Client, sign_form: Callable[..., bytes], bit: int
) -> None:
    """A bit of the encoding itself may change nothing (%2f for %2F): then the text is the same."""
    body = sign_form(text='{"entry_id":"a"}')
    Notification.objects.all().delete()

    answer = client.post(URL, _flipped(body, bit), content_type=FORM)

    assert answer.status_code in {200, 403}
    rows = list(Notification.objects.values_list("json", flat=True))
    assert rows == (['{"entry_id":"a"}'] if answer.status_code == 200 else [])


@pytest.mark.parametrize(
    ("path", "alias"),
    [
        ("default/events/call", "default"),
        ("/north/vpbx/result/callback", "north"),
        ("north", "north"),
        ("events/call", None),
        ("/result/callback/", None),
        ("ping", None),
        ("vpbx/result/callback", None),
        ("", None),
    ],
)
def test_the_alias_is_the_first_part_of_the_path(path: str, alias: str | None) -> None:
    assert alias_of(path) == alias


def test_an_account_may_be_called_vpbx() -> None:
    account = {"API_KEY": "k", "API_SALT": "s"}
    with override_settings(MANGO={"ACCOUNTS": {"vpbx": account, "other": account}}):
        assert alias_of("vpbx/result/callback") == "vpbx"


class CountingForm(SignedForm):
    """Counts how many signatures are worked out for it."""

    asked = 0

    def is_from(self, credentials: Any) -> bool:
        CountingForm.asked += 1
        return super().is_from(credentials)


def test_the_work_does_not_depend_on_alias_or_credentials() -> None:
    """The count of hashes is all an outsider could time; it is the same for every case."""
    old = [{"API_KEY": f"old-{n}", "API_SALT": "s"} for n in range(2)]
    accounts = {
        "rotating": {"API_KEY": "new", "API_SALT": "s", "PREVIOUS": old},
        "plain": {"API_KEY": "plain", "API_SALT": "s"},
    }
    counts = {}
    with override_settings(MANGO={"ACCOUNTS": accounts}):
        for alias in ("rotating", "plain", "unknown", None):
            for key in ("new", "old-1", "plain", "none"):
                fields = signed_fields(EVENT, api_key=key, api_salt="s")
                CountingForm.asked = 0
                found = signer(
                    alias,
                    CountingForm(
                        key.encode(), str(fields["sign"]).encode(), str(fields["json"]).encode()
                    ),
                )
                counts[alias, key] = CountingForm.asked
                expected = {"new": "rotating", "old-1": "rotating", "plain": "plain"}.get(key)
                assert (found.alias if found else None) == (expected if alias == expected else None)
    assert set(counts.values()) == {3}
