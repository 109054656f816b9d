"""Signatures of requests and notifications (§2.4.3, Q1-Q7).

``sign = sha256(key + json + salt)`` over the exact text of the ``json`` form
field, both directions, lower-case hex. Not an HMAC (Q2).
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """Key and salt of one PBX; neither ever shows in a repr."""

    api_key: str = field(repr=False)
    api_salt: str = field(repr=False)


def sign(credentials: Credentials, json_text: str | bytes) -> str:
    """Signature of ``json_text`` as sent; text is hashed as UTF-8 (Q6)."""
    return _digest(credentials.api_key, json_text, credentials.api_salt)


def sign_recording_link(credentials: Credentials, timestamp: int | str, recording_id: str) -> str:
    """Signature of a GET recording link; the action is not part of it (§3.5.2, Q8)."""
    return _digest(credentials.api_key, f"{timestamp}{recording_id}", credentials.api_salt)


def verify(credentials: Credentials, key: bytes, json_text: bytes, signature: bytes) -> bool:
    """Whether a signed form came from the holder of ``credentials``.

    Everything is compared as bytes and in constant time: text comparison raises
    on non-ASCII input (Q7). Both comparisons always run.
    """
    expected = sign(credentials, json_text).encode("ascii")
    key_matches = hmac.compare_digest(credentials.api_key.encode(), key)
    sign_matches = hmac.compare_digest(expected, signature)
    return key_matches and sign_matches


def _digest(key: str, middle: str | bytes, salt: str) -> str:
    if isinstance(middle, str):
        middle = middle.encode()
    return hashlib.sha256(key.encode() + middle + salt.encode()).hexdigest()
