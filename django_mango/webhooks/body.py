"""The body of a notification: never more than the limit, never a byte changed."""

from __future__ import annotations

from io import BytesIO
from typing import IO, cast
from urllib.parse import parse_qsl

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from ..protocol.encoding import SignedForm, parse_form
from ..protocol.errors import ReadError

_SIGNED = ("vpbx_api_key", "sign", "json")
_CHUNK = 65_536


class TooLarge(Exception):
    """The body is larger than allowed (HTTP 413)."""


class LengthUnknown(Exception):
    """A chunked body that this server does not hand on; it would read as empty (HTTP 411)."""


def read_body(request: HttpRequest, limit: int) -> bytes:
    """The raw body, at most ``limit`` bytes; one byte more at most is read.

    Raises ``TooLarge``, ``LengthUnknown``, and ``OSError`` when the sender went away.
    """
    if _announced(request) > limit:
        raise TooLarge
    # A middleware of the host that logs or inspects bodies has read it before us.
    body = request.body if hasattr(request, "_body") else _read(_stream(request), limit + 1)
    if len(body) > limit:
        raise TooLarge
    return body


def signed_form(request: HttpRequest, body: bytes) -> SignedForm:
    """The three signed fields, as URL-encoded form (§2.4.3) or as multipart form.

    Raises ``ReadError`` when one is missing or repeated.
    """
    if request.content_type != "multipart/form-data":
        return parse_form(body)
    fields = {name: values for name, values in _multipart(request, body).items() if name in _SIGNED}
    if any(len(values) != 1 for values in fields.values()):
        raise ReadError("a form field is repeated")
    try:
        key, signature, text = (fields[name][0].encode("latin-1") for name in _SIGNED)
    except KeyError as missing:
        raise ReadError("a form field is missing") from missing
    return SignedForm(key, signature, text)


def is_bare_ping(request: HttpRequest, body: bytes) -> bool:
    """Whether nothing of the body claims to be signed: the "check connection" button (Q59)."""
    try:
        if request.content_type == "multipart/form-data":
            names = set(_multipart(request, body))
        else:
            pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=100)
            names = {name for name, _ in pairs}
    except (ReadError, ValueError):
        return False
    return names.isdisjoint(_SIGNED)


def _announced(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _stream(request: HttpRequest) -> IO[bytes]:
    chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    if not (chunked and "wsgi.input" in request.META) or request.META.get("CONTENT_LENGTH"):
        return cast("IO[bytes]", request)
    # Django reads a WSGI body without a length as empty; a server that marks the end of its
    # stream can be read directly, with any other the notification must not be lost in silence.
    if not request.META.get("wsgi.input_terminated"):
        raise LengthUnknown
    return cast("IO[bytes]", request.META["wsgi.input"])


def _read(stream: IO[bytes], most: int) -> bytes:
    parts: list[bytes] = []
    while most > 0 and (part := stream.read(min(most, _CHUNK))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _multipart(request: HttpRequest, body: bytes) -> dict[str, list[str]]:
    """Fields of a multipart form as Latin-1 text, which stands for bytes one to one."""
    if not body and request.POST:
        # Parsed from the stream by a middleware before us; Django has decoded it as UTF-8.
        return {
            name: [str(value).encode().decode("latin-1") for value in values]
            for name, values in request.POST.lists()
        }
    if not body:
        return {}
    head = {"CONTENT_TYPE": request.META["CONTENT_TYPE"], "CONTENT_LENGTH": len(body)}
    try:
        fields, _files = MultiPartParser(head, BytesIO(body), [], "latin-1").parse()
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise ReadError("the multipart form is broken") from error
    return {name: [str(value) for value in values] for name, values in fields.lists()}
