"""A short-lived cache of what every notification needs and hardly ever changes.

Nothing is kept inside a transaction: what is read there may be rolled back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections

from .. import conf

Value = TypeVar("Value")

_kept: dict[Hashable, tuple[float, Any]] = {}
_guard = threading.Lock()


def remembered(key: Hashable, read: Callable[[], Value]) -> Value:
    """``read()``, or what it gave less than ``MANGO["CACHE_SECONDS"]`` ago in this process."""
    lifetime = conf.seconds("CACHE_SECONDS").total_seconds()
    if not lifetime or connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return read()
    now = time.monotonic()
    with _guard:
        found = _kept.get(key)
    if found is not None and now - found[0] < lifetime:
        value: Value = found[1]
        return value
    value = read()
    with _guard:
        _kept[key] = (now, value)
    return value


def forget(**_signal: object) -> None:
    """Drop everything; also a receiver for changes of the rows behind it."""
    with _guard:
        _kept.clear()
