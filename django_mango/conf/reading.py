"""Single keys of ``MANGO``, read late and typed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from .known import KNOWN

Value = TypeVar("Value")


def get(name: str, kind: type[Value]) -> Value:
    """The value of one key of ``MANGO`` or its default; ``kind`` is what the caller expects.

    Raises ``ImproperlyConfigured`` when the value has another type.
    """
    known = KNOWN[name]
    value = raw().get(name, known.default)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ImproperlyConfigured(f"MANGO['{name}'] must be: {known.hint}.")
    return value


def seconds(name: str) -> timedelta:
    """A key that holds seconds, as a duration."""
    value = raw().get(name, KNOWN[name].default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ImproperlyConfigured(f"MANGO['{name}'] must be a number of seconds, 0 or more.")
    return timedelta(seconds=value)


def count(name: str) -> int | None:
    """A key that holds a number of things, or ``None`` for any number of them."""
    value = raw().get(name, KNOWN[name].default)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ImproperlyConfigured(f"MANGO['{name}'] must be a whole number or None.")
    return value


def timeout() -> tuple[float, float]:
    """(connect, read) time-outs in seconds; both always apply."""
    value = raw().get("TIMEOUT", KNOWN["TIMEOUT"].default)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = (value, value)
    try:
        connect, read = (float(part) for part in value)
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured("MANGO['TIMEOUT'] must be (connect, read) seconds.") from error
    if connect <= 0 or read <= 0:
        raise ImproperlyConfigured("MANGO['TIMEOUT'] must be positive seconds.")
    return connect, read


def hook(name: str) -> Any:
    """The callable a key of ``MANGO`` holds or names by its dotted path; ``None`` without one.

    Raises ``ImproperlyConfigured`` where it cannot be imported or called.
    """
    found = raw().get(name, KNOWN[name].default)
    if isinstance(found, str) and found:
        try:
            found = import_string(found)
        except ImportError as error:
            raise ImproperlyConfigured(
                f"MANGO['{name}'] names {found!r}, which cannot be imported."
            ) from error
    if found in (None, ""):
        return None
    if not callable(found):
        raise ImproperlyConfigured(f"MANGO['{name}'] must be: {KNOWN[name].hint}.")
    return found


def raw() -> Mapping[str, Any]:
    """The dict as the host wrote it."""
    value = getattr(settings, "MANGO", {})
    if not isinstance(value, Mapping):
        raise ImproperlyConfigured("The setting MANGO must be a dict.")
    return value
