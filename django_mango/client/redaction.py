"""Keeps key, salt and signature out of every text that leaves the client."""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from ..protocol.errors import ServiceError
from ..protocol.excerpt import MASK, SECRETS
from ..protocol.signing import Credentials

# A shorter secret is masked as a word of its own only: "k" must not blacken every text.
_SHORT = 6


class Redactor(logging.Filter):
    """Masks the credentials, in all spellings they travel in, and anything like a signature.

    Call it with a text. As a ``logging.Filter`` on a handler it cleans whole records,
    tracebacks with their chains of causes included; the record then carries the
    traceback as clean text and no longer as objects.
    """

    def __init__(self, *credentials: Credentials) -> None:
        super().__init__()
        secrets = {secret for pair in credentials for secret in (pair.api_key, pair.api_salt)}
        spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
        # The longest first: one secret may be the beginning of another.
        patterns = [_pattern(text) for text in sorted(spellings, key=len, reverse=True) if text]
        self._exact = re.compile("|".join(patterns)) if patterns else None

    def __call__(self, text: str) -> str:
        """``text`` with every secret replaced by ``[secret]``."""
        if self._exact is not None:
            text = self._exact.sub(MASK, text)
        return SECRETS.sub(MASK, text)

    def clean(self, error: ServiceError) -> ServiceError:
        """The same error with a clean message and without causes, which may hold the request."""
        error.message = self(error.message)
        error.args = (error.message,)
        error.request_id = self(error.request_id)
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean a log record in place; never drops one."""
        record.msg = self(record.getMessage())
        record.args = None
        if record.exc_info and record.exc_info[1] is not None:
            lines = traceback.format_exception(record.exc_info[1])
            record.exc_text = self("".join(lines).rstrip("\n"))
            record.exc_info = None
        elif record.exc_text:
            record.exc_text = self(record.exc_text)
        if record.stack_info:
            record.stack_info = self(record.stack_info)
        return True

    def __repr__(self) -> str:
        return "<Redactor>"


def _spellings(secret: str) -> Iterable[str]:
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
    yield repr(secret.encode())[2:-1]


def _pattern(text: str) -> str:
    escaped = re.escape(text)
    return escaped if len(text) >= _SHORT else rf"(?<!\w){escaped}(?!\w)"
