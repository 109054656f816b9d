"""Identifiers shaped like the live ones: base64 of a few numbers, opaque to the client (Q73)."""

from __future__ import annotations

import base64
import binascii
import hashlib

#: The product of the made-up company, part of every call and recording id.
PRODUCT_ID = 10000777
_NODE = 572


def encode(text: str) -> str:
    """Base64 with padding, as the service writes its ids."""
    return base64.b64encode(text.encode("ascii")).decode("ascii")


def decode(identifier: str) -> str:
    """The text inside an id; empty when it is none of ours."""
    try:
        return base64.b64decode(identifier, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""


def entry_id(entry: int) -> str:
    """Id of a conversation, for example of 23723226406."""
    return encode(str(entry))


def call_id(entry: int, leg: int) -> str:
    """Id of a leg, like the live ``1:10206532:572:90740003:1``."""
    return encode(f"1:{PRODUCT_ID}:{_NODE}:{entry}:{leg}")


def recording_id(entry: int, number: int) -> str:
    """Id of the recording ``number`` of a conversation, like ``1:10006085:5009411022:1``."""
    return encode(f"1:{PRODUCT_ID}:{entry}:{number}")


def entry_of_recording(identifier: str) -> int | None:
    """The conversation a recording id belongs to, None when it is none of ours."""
    parts = decode(identifier).split(":")
    if len(parts) != 4 or parts[:2] != ["1", str(PRODUCT_ID)] or not parts[2].isdigit():
        return None
    return int(parts[2])


def report_key(seed: int, number: int, now: float) -> str:
    """Key of a statistics report. It always holds ``+`` or ``/`` and ``==``.

    Such keys are what breaks clients that do not escape them properly (Q4), so
    every key of the sandbox puts that to the test.
    """
    attempt = 0
    while True:
        digest = hashlib.sha256(f"{seed}:{number}:{now}:{attempt}".encode()).digest()[:16]
        key = base64.b64encode(digest).decode("ascii")
        if "+" in key or "/" in key:
            return key
        attempt += 1
