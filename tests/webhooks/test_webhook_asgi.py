"""The same endpoint behind an ASGI server, which reads the body before Django sees it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest

from django_mango.models import Notification
from django_mango.webhooks.views import receive
from tests.webhooks.signed import FORM

pytestmark = pytest.mark.django_db(transaction=True)


def request_for(body: bytes, *headers: tuple[bytes, bytes]) -> ASGIRequest:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/mango/default/events/call",
        "query_string": b"",
        "headers": [(b"host", b"testserver"), (b"content-type", FORM.encode()), *headers],
    }
    return ASGIRequest(scope, io.BytesIO(body))


def test_a_body_with_a_length(sign_form: Callable[..., bytes]) -> None:
    body = sign_form()
    length = (b"content-length", str(len(body)).encode())

    answer = receive(request_for(body, length), "default/events/call")

    assert (answer.status_code, answer.content) == (200, b"")
    assert Notification.objects.count() == 1


def test_a_chunked_body(sign_form: Callable[..., bytes]) -> None:
    request = request_for(sign_form(), (b"transfer-encoding", b"chunked"))

    assert receive(request, "default/events/call").status_code == 200
    assert Notification.objects.count() == 1


def test_a_chunked_body_over_the_limit(settings: Any, sign_form: Callable[..., bytes]) -> None:
    settings.MANGO = {**settings.MANGO, "WEBHOOK_MAX_BYTES": 100}
    request = request_for(sign_form(), (b"transfer-encoding", b"chunked"))

    assert receive(request, "default/events/call").status_code == 413
    assert not Notification.objects.exists()


def test_a_forged_one(sign_form: Callable[..., bytes]) -> None:
    request = request_for(sign_form(api_salt="other"))

    assert receive(request, "default/events/call").status_code == 403
    assert not Notification.objects.exists()
