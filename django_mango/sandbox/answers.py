"""Requests and answers without sockets, and the ways the service says no (Q14-Q17)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

JSON = "application/json; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: the path without its query, the body whole."""

    method: str
    path: str
    body: bytes = b""
    host: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer. A body that is not bytes is sent piece by piece, never held whole."""

    status: int
    body: bytes | Iterable[bytes] = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusalError(Exception):
    """A request answered with a result code of class 3xxx (§Codes)."""

    def __init__(self, code: int, note: str = "", fields: Mapping[str, int] | None = None) -> None:
        self.code = code
        self.note = note
        self.fields = fields
        super().__init__(f"{code} {note}".strip())


def result(code: int, **more: object) -> Answer:
    """A command's answer: HTTP 200 and a code, an error being one as well (Q16)."""
    return as_json({"result": code, **more})


def refused(refusal: RefusalError) -> Answer:
    """A wrong request: HTTP 420 and ``{"result":31xx}`` (Q15), a word on why, codes by field."""
    payload: dict[str, object] = {"result": refusal.code}
    if refusal.note:
        payload["message"] = refusal.note
    if refusal.fields:
        payload["fields"] = dict(refusal.fields)
    return as_json(payload, status=420)


def as_json(payload: Mapping[str, object], status: int = 200) -> Answer:
    """A JSON body as PHP writes it; names of people stay readable (Q6)."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return Answer(status, text.encode("utf-8", "backslashreplace"), JSON)


def framework_error(status: int, name: str, message: str) -> Answer:
    """The shape of the service's front for what never reaches a method (§1.4.2, Q14)."""
    return as_json({"name": name, "message": message, "code": 0, "status": status}, status)


def rate_limited() -> Answer:
    """The documented body, word for word (§1.4.2)."""
    return framework_error(429, "Service Unavailable", "Rate limit exceeded.")


def unauthorised() -> Answer:
    """Unknown key (Q17), and everything while the product is locked out (§1.4.1)."""
    return framework_error(401, "Unauthorized", "Your request was made with invalid credentials.")


def not_found() -> Answer:
    """No such method, file or report."""
    return framework_error(404, "Not Found", "Page not found.")
