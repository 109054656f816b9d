"""Bodies as servers hand them over: lengths that lie, chunks, senders that go away."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from django_mango.models import Notification
from tests.webhooks.signed import FORM

LIMIT = 4096


class Source(io.BytesIO):
    """A body that remembers how much of it was asked for."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


class Broken(io.BytesIO):
    """A sender that goes away in the middle."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise ConnectionResetError("reset by peer")


@pytest.fixture
def serve(settings: Any) -> Callable[..., int]:
    """Calls the WSGI application as a server does; returns the status."""
    settings.MANGO = {"API_KEY": "test-key", "API_SALT": "test-salt", "WEBHOOK_MAX_BYTES": LIMIT}

    def call(source: io.BytesIO, **environ: Any) -> int:
        statuses: list[str] = []
        base = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/mango/default/events/call",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "CONTENT_TYPE": FORM,
            "wsgi.url_scheme": "http",
            "wsgi.input": source,
            "wsgi.errors": io.StringIO(),
        }
        answer = WSGIHandler()(
            {**base, **environ}, lambda status, _headers: statuses.append(status)
        )
        assert b"".join(answer) == b""
        answer.close()
        return int(statuses[0].split()[0])

    return call


pytestmark = pytest.mark.django_db(transaction=True)


def test_a_plain_body(serve: Callable[..., int], sign_form: Callable[..., bytes]) -> None:
    body = sign_form()

    assert serve(Source(body), CONTENT_LENGTH=str(len(body))) == 200
    assert Notification.objects.count() == 1


def test_too_long_by_its_own_word_is_not_read_at_all(serve: Callable[..., int]) -> None:
    source = Source(b"x" * 100)

    assert serve(source, CONTENT_LENGTH=str(LIMIT + 1)) == 413
    assert source.taken == 0


def test_a_chunked_body_is_read_where_the_server_marks_its_end(
    serve: Callable[..., int], sign_form: Callable[..., bytes]
) -> None:
    status = serve(
        Source(sign_form()), HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": True}
    )

    assert status == 200
    assert Notification.objects.count() == 1


def test_a_chunked_body_without_end_is_read_to_the_limit_and_no_further(
    serve: Callable[..., int],
) -> None:
    source = Source(b"json=" + b"x" * (LIMIT * 50))

    status = serve(source, HTTP_TRANSFER_ENCODING="Chunked", **{"wsgi.input_terminated": True})

    assert status == 413
    assert source.taken == LIMIT + 1


def test_a_chunked_body_the_server_hides_is_not_taken_for_a_ping(
    serve: Callable[..., int], sign_form: Callable[..., bytes]
) -> None:
    for path in ("/mango/default/ping", "/mango/default/events/call"):
        body = Source(sign_form())
        assert serve(body, HTTP_TRANSFER_ENCODING="chunked", PATH_INFO=path) == 411


@pytest.mark.parametrize("length", ["", "-1", "many", "0"])
def test_a_length_that_means_nothing_is_no_body(
    serve: Callable[..., int], sign_form: Callable[..., bytes], length: str
) -> None:
    assert serve(Source(sign_form()), CONTENT_LENGTH=length) == 403


def test_a_length_longer_than_the_body_and_one_shorter(
    serve: Callable[..., int], sign_form: Callable[..., bytes]
) -> None:
    body = sign_form()

    assert serve(Source(body), CONTENT_LENGTH=str(len(body) + 10)) == 200, "the form is whole"
    assert serve(Source(body), CONTENT_LENGTH=str(len(body) - 1)) == 403, "the text is cut"


def test_a_sender_that_goes_away_is_400(serve: Callable[..., int]) -> None:
    assert serve(Broken(), CONTENT_LENGTH="100") == 400


def test_bytes_in_path_and_headers_are_no_500(
    serve: Callable[..., int], sign_form: Callable[..., bytes]
) -> None:
    for path in ("/mango/\xd0\xbf/events/call", "/mango/\xff/events/call", "/mango/a\x00b/ping/"):
        body = sign_form()
        assert serve(Source(body), PATH_INFO=path, CONTENT_LENGTH=str(len(body))) == 403


def test_the_host_limit_of_fields_applies_to_multipart(
    serve: Callable[..., int],
) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="json"\r\n\r\n1\r\n'
    body = part * 3 + b"--b--\r\n"
    with override_settings(DATA_UPLOAD_MAX_NUMBER_FIELDS=2):
        status = serve(
            Source(body),
            CONTENT_LENGTH=str(len(body)),
            CONTENT_TYPE="multipart/form-data; boundary=b",
        )
    assert status == 403
