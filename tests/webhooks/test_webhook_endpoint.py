"""What the receiving endpoint answers, and what it stores."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client, override_settings
from django.urls import reverse

from django_mango import conf
from django_mango.models import Account, Call, Notification
from django_mango.services import inbox
from tests.webhooks.signed import EVENT, FORM, signed_fields

pytestmark = pytest.mark.django_db(transaction=True)

Deliver = Callable[..., Any]

PATHS = [
    ("default/events/call", "events/call"),
    ("default/events/call/", "events/call"),
    ("default/events/summary", "events/summary"),
    ("default/events/record/added", "events/record/added"),
    ("default/events/something/new", "events/something/new"),
    ("default/result/callback", "result/callback"),
    ("default/result/stats", "result/stat"),
    ("default/vpbx/result/call/hangup", "result/call/hangup"),
    ("default/vpbx/api/v1/result/transfer_cancel/", "result/transfer_cancel"),
    ("default/ping", "ping"),
    ("default/ping/", "ping"),
    ("events/call", "events/call"),
    ("result/callback/", "result/callback"),
    ("vpbx/result/callback", "result/callback"),
    ("ping", "ping"),
]


@pytest.mark.parametrize(("path", "kind"), PATHS)
def test_every_printed_path_is_stored_and_answered_with_an_empty_200(
    deliver: Deliver, path: str, kind: str
) -> None:
    answer = deliver(path)

    assert (answer.status_code, answer.content) == (200, b"")
    stored = Notification.objects.get()
    assert (stored.kind, stored.account.alias) == (kind, "default")


def test_an_event_becomes_a_call(deliver: Deliver) -> None:
    assert deliver().status_code == 200

    call = Call.objects.get()
    assert (call.entry_id, call.client_number) == (EVENT["entry_id"], "+79161234567")
    assert call.direction == Call.Direction.INCOMING
    assert call.state == Call.State.RINGING


def test_the_exact_text_is_kept(deliver: Deliver) -> None:
    text = '{ "entry_id" : "a\\/b",\n "note":"Привет \\u0441", "seq":"2" }'

    assert deliver(text=text).status_code == 200
    assert Notification.objects.get().json == text


@pytest.mark.parametrize("text", ["{broken", "", "null", "[1, 2]", '"text"', '{"seq": 1e999}'])
def test_signed_but_not_understood_is_stored_with_its_error(deliver: Deliver, text: str) -> None:
    assert deliver(text=text).status_code == 200

    stored = Notification.objects.get()
    assert stored.json == text
    assert stored.error
    assert stored.processed_at is not None


@pytest.mark.parametrize("text", [b"\xff\xfe{}", b'{"entry_id":"\x00"}', "🙂".encode("utf-16")])
def test_signed_bytes_that_are_no_text_are_stored_too(deliver: Deliver, text: bytes) -> None:
    assert deliver(text=text).status_code == 200
    assert Notification.objects.count() == 1


def test_a_redelivered_notification_is_one_row(deliver: Deliver) -> None:
    assert [deliver().status_code for _ in range(3)] == [200, 200, 200]
    assert Notification.objects.get().copies == 2


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("path", ["", "default", "default/", "default/ping", "default/events/call"])
def test_a_health_probe_is_answered_with_an_empty_200(
    client: Client, method: str, path: str
) -> None:
    answer = getattr(client, method)(f"/mango/{path}")

    assert (answer.status_code, answer.content) == (200, b"")
    assert not Notification.objects.exists()


@pytest.mark.parametrize("body", [b"", b"data=", b"data=%7B%7D", b"data"])
@pytest.mark.parametrize("path", ["default/ping", "default", "default/", "ping", "elsewhere/ping"])
def test_the_check_connection_button_gets_200_and_stores_nothing(
    client: Client, path: str, body: bytes
) -> None:
    answer = client.post(f"/mango/{path}", body, content_type=FORM)

    assert (answer.status_code, answer.content) == (200, b"")
    assert not Notification.objects.exists()


def test_an_empty_body_is_a_ping_only_where_pings_arrive(client: Client) -> None:
    answer = client.post("/mango/default/events/call", b"", content_type=FORM)

    assert answer.status_code == 403


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_other_methods_are_405(client: Client, method: str) -> None:
    answer = getattr(client, method)("/mango/default/events/call")

    assert answer.status_code == 405
    assert "POST" in answer["Allow"]


@pytest.mark.parametrize("path", ["default/else", "default/eventscall", "default/events", "a/b/c"])
def test_another_path_is_404_without_touching_the_database(
    deliver: Deliver, path: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert deliver(path).status_code == 404


def test_two_accounts_on_one_site_never_mix(deliver: Deliver) -> None:
    accounts = {
        "north": {"API_KEY": "key-n", "API_SALT": "salt-n"},
        "south": {"API_KEY": "key-s", "API_SALT": "salt-s"},
    }
    with override_settings(MANGO={"ACCOUNTS": accounts}):
        north = {"api_key": "key-n", "api_salt": "salt-n"}
        assert deliver("north/events/call", **north).status_code == 200
        assert deliver("south/events/call", **north).status_code == 403
        assert deliver("events/call", **north).status_code == 403, "no alias, no default account"
        assert deliver("south/events/call", api_key="key-s", api_salt="salt-s").status_code == 200

    assert sorted(Notification.objects.values_list("account__alias", flat=True)) == [
        "north",
        "south",
    ]
    assert Call.objects.count() == 2, "one entry id in two accounts is two calls"


def test_an_address_without_alias_is_the_only_account_whatever_its_name(deliver: Deliver) -> None:
    only = {"ACCOUNTS": {"office": {"API_KEY": "test-key", "API_SALT": "test-salt"}}}
    with override_settings(MANGO=only):
        assert deliver("events/call").status_code == 200

    assert Notification.objects.get().account.alias == "office"


def test_multipart_fields_are_accepted(client: Client) -> None:
    answer = client.post("/mango/default/events/call", signed_fields())

    assert answer.status_code == 200
    assert json.loads(Notification.objects.get().json) == EVENT


@pytest.mark.parametrize("field", ["vpbx_api_key", "sign", "json"])
def test_a_multipart_field_missing_or_repeated_is_403(client: Client, field: str) -> None:
    fields = signed_fields()
    missing = {name: value for name, value in fields.items() if name != field}
    repeated = {**fields, field: [fields[field], fields[field]]}

    assert client.post("/mango/default/events/call", missing).status_code == 403
    assert client.post("/mango/default/events/call", repeated).status_code == 403
    assert not Notification.objects.exists()


def test_a_broken_multipart_body_is_403(client: Client) -> None:
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        answer = client.post("/mango/default/events/call", b"--y\r\nnonsense", content_type=kind)
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "", "*", FORM + "; charset=utf-8"]
)
def test_the_content_type_does_not_matter(
    client: Client, sign_form: Callable[..., bytes], kind: str
) -> None:
    answer = client.post("/mango/default/events/call", sign_form(), content_type=kind)

    assert answer.status_code == 200


def test_a_database_that_is_down_is_503_and_logged_without_secrets(
    deliver: Deliver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("the connection was refused")

    with monkeypatch.context() as patch, caplog.at_level(logging.DEBUG):
        # The database itself fails, beneath everything of ours.
        patch.setattr("django.db.backends.utils.CursorWrapper.execute", down)
        answer = deliver()

    assert (answer.status_code, answer.content) == (503, b"")
    assert "could not be stored" in caplog.text
    assert "connection was refused" in caplog.text
    signature = str(signed_fields()["sign"])
    assert not [secret for secret in ("test-salt", "test-key", signature) if secret in caplog.text]
    assert deliver().status_code == 200, "the next try is stored"


def test_half_an_account_is_503_and_says_what_is_missing(
    deliver: Deliver, caplog: pytest.LogCaptureFixture
) -> None:
    with override_settings(MANGO={"API_KEY": "test-key"}):
        assert deliver().status_code == 503

    assert "API_SALT" in caplog.text
    assert "test-key" not in caplog.text


def test_credentials_may_overlap_while_they_are_changed(deliver: Deliver) -> None:
    former = {"API_KEY": "test-key", "API_SALT": "test-salt"}
    settings = {"API_KEY": "new-key", "API_SALT": "new-salt", "PREVIOUS": [former]}
    with override_settings(MANGO=settings):
        assert deliver().status_code == 200
        assert deliver(api_key="new-key", api_salt="new-salt").status_code == 200
        assert deliver(api_key="new-key").status_code == 403, "key and salt belong together"

    assert Account.objects.get().alias == "default"


@pytest.mark.parametrize("language", ["ru", "en"])
def test_neither_login_session_csrf_slash_nor_language_stand_in_the_way(
    settings: Any, sign_form: Callable[..., bytes], language: str
) -> None:
    settings.APPEND_SLASH = True
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    settings.ROOT_URLCONF = "tests.webhooks.urls_prefixed"
    guarded = Client(enforce_csrf_checks=True, headers={"accept-language": language})
    url = reverse("django_mango:webhook", kwargs={"path": "default/events/call"})
    assert url == "/deep/down/mango/default/events/call"

    answer = guarded.post(url, sign_form(), content_type=FORM)

    assert (answer.status_code, answer.content) == (200, b"")
    assert "Set-Cookie" not in answer.headers
    assert guarded.get("/deep/down/private/").status_code == 302, "the middleware does guard"


def test_the_session_is_not_opened(deliver: Deliver) -> None:
    answer = deliver()

    assert "Cookie" not in answer.headers.get("Vary", "")
    assert not answer.cookies


def test_no_session_middleware_is_needed(settings: Any, deliver: Deliver) -> None:
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]

    assert deliver().status_code == 200
    assert deliver("default/ping/").status_code == 200


def test_atomic_requests_do_not_hold_the_notification_back(
    settings: Any, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    inside: list[bool] = []
    original = inbox.receive

    def watched(*args: Any, **kwargs: Any) -> Notification:
        inside.append(connection.in_atomic_block)
        return original(*args, **kwargs)

    monkeypatch.setattr(inbox, "receive", watched)

    assert deliver().status_code == 200
    assert inside == [False]
    assert Call.objects.count() == 1


def test_a_middleware_that_read_the_body_first_changes_nothing(
    settings: Any, client: Client
) -> None:
    for reader in ("ReadsBody", "ReadsPost"):
        settings.MIDDLEWARE = [f"tests.webhooks.urls_prefixed.{reader}"]
        for content in (signed_fields(), {"seq": reader}):
            fields = content if "sign" in content else signed_fields(content)
            assert client.post("/mango/default/events/call", fields).status_code == 200

    assert Notification.objects.count() == 3


def test_a_middleware_of_the_host_lets_the_mount_through_by_its_name(
    settings: Any, client: Client, deliver: Deliver
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.webhooks.urls_prefixed.Guards"]

    assert deliver().status_code == 200
    assert client.get("/admin/").status_code == 403


def test_the_largest_body_is_a_setting(deliver: Deliver, sign_form: Callable[..., bytes]) -> None:
    size = len(sign_form())
    for limit, status in ((size, 200), (size - 1, 413)):
        mango = {"API_KEY": "test-key", "API_SALT": "test-salt", "WEBHOOK_MAX_BYTES": limit}
        with override_settings(MANGO=mango):
            assert deliver().status_code == status
    assert conf.KNOWN["WEBHOOK_MAX_BYTES"].default == 1_048_576
