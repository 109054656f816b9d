"""The signed form both sides post (§2.4.3, §2.4.4): key, signature and JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from .errors import ReadError
from .signing import Credentials, sign, verify

CONTENT_TYPE = "application/x-www-form-urlencoded"


def compact_json(value: Mapping[str, object]) -> str:
    """JSON as PHP's ``json_encode`` writes it in the official samples: no blanks, ASCII only.

    Escaping everything else as ``\\uXXXX`` makes the signature independent of
    the encoding, which the document does not state (§2.4.4).
    """
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def form_body(credentials: Credentials, json_text: str) -> bytes:
    """The body to post, fields in the order of the official samples."""
    return urlencode(
        {
            "vpbx_api_key": credentials.api_key,
            "sign": sign(credentials, json_text),
            "json": json_text,
        }
    ).encode("ascii")


@dataclass(frozen=True, slots=True)
class SignedForm:
    """A received form, every field as the exact bytes that were signed."""

    api_key: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    json_bytes: bytes

    def is_from(self, credentials: Credentials) -> bool:
        """Whether the form is signed with these credentials, in constant time."""
        return verify(credentials, self.api_key, self.json_bytes, self.signature)


def parse_form(body: bytes) -> SignedForm:
    """Take a form apart without changing a byte of its fields.

    Raises ``ReadError`` when one of the three fields is missing or repeated: a
    repeated field could be read differently by the two sides.
    """
    # Latin-1 maps bytes to characters one to one, so nothing is lost or replaced.
    try:
        pairs = parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=100
        )
    except ValueError as error:
        raise ReadError("the form has too many fields") from error
    fields: dict[bytes, bytes] = {}
    for name, value in pairs:
        key = name.encode("latin-1")
        if key in fields:
            raise ReadError("a form field is repeated")
        fields[key] = value.encode("latin-1")
    try:
        return SignedForm(fields[b"vpbx_api_key"], fields[b"sign"], fields[b"json"])
    except KeyError as missing:
        raise ReadError("a form field is missing") from missing
