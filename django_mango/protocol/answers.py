"""Answers of the service: bytes in, a value or a typed error out (§2.1.1, Q12-Q20).

The HTTP status alone decides little: errors arrive with 200, 420 or 5xx and a code
in the body, under ``result`` or ``code``, as number or text, in any case of letters
(T-06, T-28, Q15, Q16). So the questions are asked in this order: locked out? too
fast? a result code? and only then what kind of body was promised.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from . import codes, errors
from .commands import Command, StatsRequest, StatsResult
from .excerpt import excerpt
from .extended_requests import StatsCallsRequest, StatsCallsResult
from .times import integer_or_none

_ACCEPTED_EMPTY: Final = frozenset({200, 201, 202, 204})
_TOO_FAST: Final = frozenset({429, 503})
_GIVE_A_KEY: Final = (StatsRequest, StatsCallsRequest)


@dataclass(frozen=True, slots=True)
class Answer:
    """A success.

    ``code`` is the result code, ``None`` where the body has none; 1001 is a success with
    a remark (Q16). ``data`` is the JSON object, empty where the body was. ``request_id``
    is the vendor's ``X-Uuid`` (Q10), for their support. ``body`` is the CSV of
    ``stats/result``, whose 204 and empty 200 (some see it first, Q21) are not
    ``is_ready``: the poller waits on them.
    """

    code: int | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    status: int = 200
    request_id: str = ""
    body: bytes = field(default=b"", repr=False)
    is_ready: bool = True

    @property
    def key(self) -> str:
        """The key in the answer to a request for statistics, else empty."""
        key = self.data.get("key")
        return key if isinstance(key, str) else ""


def decode(command: Command, status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """The answer to ``command``, or any ``ServiceError`` but ``NotSent`` and ``AnswerLost``.

    An effect answered with an empty body and a 2xx status is accepted: what came of it
    is told by its ``/result/*`` notification (§2.1.1). Errors quote at most 200 characters
    of the body, cleaned.
    """
    found = _json_object(body)
    code = result_code(found) if found is not None else None
    reply = _Reply(command, status, request_id(headers), found, code, body)
    if 401 in (reply.declared_status, code):
        raise errors.LockedOut("the service refuses this account", **reply.evidence())
    if reply.is_too_fast():
        raise errors.RateLimited("too many requests", **reply.evidence())
    if isinstance(command, StatsResult):
        return _statistics(reply)
    if isinstance(command, StatsCallsResult) and reply.declared_status == 404:
        raise errors.ResultGone("the statistics key is unknown or outdated", **reply.evidence())
    return _coded(reply, code) if code is not None else _uncoded(reply)


def looks_like_csv(start: bytes) -> bool:
    """Whether a body may be the CSV of ``stats/result``: JSON and HTML begin with ``{`` and ``<``.

    ``start`` must reach the first character that is not blank, or be the whole body.
    """
    return start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"<")


def request_id(headers: Mapping[str, str]) -> str:
    """The vendor's id of a request, from the header ``X-Uuid`` in any case of letters (Q10)."""
    sent = next((value for name, value in headers.items() if name.lower() == "x-uuid"), "")
    return "".join(character for character in sent.strip() if character.isprintable())[:128]


def result_code(found: Mapping[str, object]) -> int | None:
    """The result code of a JSON body: ``result``, else ``code``, int or text (Q15, T-28).

    ``code`` 0 belongs to the envelope of the service's web framework: no result (Q14).
    """
    lowered = {name.lower(): value for name, value in found.items()}
    if "result" in lowered:
        return integer_or_none(lowered["result"])
    return integer_or_none(lowered.get("code")) or None


@dataclass(frozen=True, slots=True)
class _Reply:
    """One reply taken apart: ``found`` is its JSON object, if it is one."""

    command: Command
    status: int
    request_id: str
    found: Mapping[str, object] | None
    code: int | None
    body: bytes

    @property
    def declared_status(self) -> int:
        """The HTTP status, or the error status an error body names inside a 200 (T-08)."""
        if self.status == 200 and self.found and "message" in self.found:
            named = integer_or_none(self.found.get("status"))
            if named is not None and named >= 400:
                return named
        return self.status

    def is_too_fast(self) -> bool:
        found = self.found or {}
        return (
            self.status in _TOO_FAST
            or self.code in _TOO_FAST
            or integer_or_none(found.get("status")) in _TOO_FAST
            or "rate limit exceeded" in str(found.get("message", "")).lower()
        )

    def evidence(self) -> errors.Evidence:
        return {
            "path": self.command.path,
            "status": self.status,
            "code": self.code,
            "request_id": self.request_id,
        }

    def refusal(self, code: int) -> errors.ServiceError:
        return errors.refusal(
            code, path=self.command.path, status=self.status, request_id=self.request_id
        )

    def unexpected(self, what: str) -> errors.UnexpectedAnswer:
        quoted = excerpt(self.body)
        return errors.UnexpectedAnswer(f"{what}: {quoted}" if quoted else what, **self.evidence())

    def success(self) -> Answer:
        answer = Answer(self.code, self.found or {}, self.status, self.request_id)
        if isinstance(self.command, _GIVE_A_KEY) and not answer.key.strip():
            raise self.unexpected("no key in the answer")
        return answer


def _statistics(reply: _Reply) -> Answer:
    code, status = reply.code, reply.declared_status
    if status == 404 or (code is not None and codes.nearest(code) == 3300):
        raise errors.ResultGone("the statistics key is unknown or outdated", **reply.evidence())
    if status == 204:
        return Answer(status=204, request_id=reply.request_id, is_ready=False)
    if code is not None and not codes.is_success(code):
        raise reply.refusal(code)
    if status != 200 or not looks_like_csv(reply.body):
        raise reply.unexpected("no statistics in the answer")
    return Answer(
        status=200,
        request_id=reply.request_id,
        body=reply.body,
        is_ready=bool(reply.body.strip()),
    )


def _coded(reply: _Reply, code: int) -> Answer:
    if not codes.is_success(code):
        raise reply.refusal(code)
    return reply.success()


def _uncoded(reply: _Reply) -> Answer:
    is_empty = not reply.body.strip()
    if reply.found is None and not is_empty:
        raise reply.unexpected("not the JSON that was promised")
    if reply.declared_status not in (_ACCEPTED_EMPTY if is_empty else {200}):
        raise reply.unexpected("a status nobody documents")
    if any(name.lower() == "result" for name in reply.found or ()):
        raise reply.unexpected("a result that is no number")
    return reply.success()


def _json_object(body: bytes) -> Mapping[str, object] | None:
    """The body as a JSON object, else ``None``; PHP writes an empty one as ``[]`` or ``null``."""
    try:
        value = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict):
        return value
    return {} if value is None or value == [] else None
