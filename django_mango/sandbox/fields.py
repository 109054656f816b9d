"""Reading parameters as the service does: missing is 3103, of the wrong form 3104 (§Codes)."""

from __future__ import annotations

from collections.abc import Mapping

from django_mango.protocol.times import integer_or_none

from .answers import RefusalError
from .rows import Party

MISSING, WRONG_FORM, WRONG_PARAMETERS, NO_RECORDING = 3103, 3104, 3100, 3320
LONGEST = 128

Json = Mapping[str, object]


def text(data: Json, name: str, *, required: bool = False, longest: int = LONGEST) -> str:
    """A text of at most ``longest`` bytes; a number is read as its digits (Q60)."""
    value = data.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None or value == "":
        if required:
            raise RefusalError(MISSING, f"{name} is required")
        return ""
    if not isinstance(value, str) or len(value.encode("utf-8", "surrogatepass")) > longest:
        raise RefusalError(WRONG_FORM, f"{name} must be a string up to {longest} bytes")
    return value


def optional_text(data: Json, name: str) -> str | None:
    """A text that is echoed as it came; None when the client did not send it."""
    return text(data, name) if data.get(name) is not None else None


def mapping(data: Json, name: str, *, required: bool = False) -> Json:
    """An object; absent, null and PHP's empty array are an empty one."""
    value = data.get(name)
    if value is None or value == []:
        if required:
            raise RefusalError(MISSING, f"{name} is required")
        return {}
    if not isinstance(value, dict):
        raise RefusalError(WRONG_FORM, f"{name} must be an object")
    return value


def moment(data: Json, name: str) -> int:
    """Unix seconds, as a number or as digits in a string (§3.4.1.1)."""
    value = data.get(name)
    if value is None or value == "":
        raise RefusalError(MISSING, f"{name} is required")
    seconds = integer_or_none(value)
    if seconds is None or seconds < 0:
        raise RefusalError(WRONG_FORM, f"{name} must be a Unix time in seconds")
    return seconds


def party(data: Json, name: str) -> Party:
    """A party filter; empty texts mean no filter (signature vector 3)."""
    value = mapping(data, name)
    return Party(text(value, "extension"), text(value, "number"))
