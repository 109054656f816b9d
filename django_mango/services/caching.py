"""A short-lived cache of what every notification needs and hardly ever changes.

Nothing is kept inside a transaction: what is read there may be rolled back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Hashable
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from .. import conf

Value = TypeVar("Value")

_kept: dict[Hashable, tuple[float, Any]] = {}
_strangers: dict[tuple[Hashable, str], None] = {}
_MOST_STRANGERS = 1000
#: How often everything was dropped: what was read before the last time is not kept.
_dropped = 0
_guard = threading.Lock()


def remembered(key: Hashable, read: Callable[[], Value]) -> Value:
    """``read()``, or what it gave less than ``MANGO["CACHE_SECONDS"]`` ago in this process."""
    lifetime = conf.seconds("CACHE_SECONDS").total_seconds()
    if not lifetime or _is_in_transaction():
        return read()
    now = time.monotonic()
    with _guard:
        found, dropped = _kept.get(key), _dropped
    if found is not None and now - found[0] < lifetime:
        value: Value = found[1]
        return value
    value = read()
    with _guard:
        if dropped == _dropped:
            _kept[key] = (now, value)
    return value


def without_strangers(scope: Hashable, ids: Collection[str]) -> set[str]:
    """Those of ``ids`` not known to be somebody else's.

    A row of ours is committed before anybody else can learn its id, so that an id once
    looked for in vain stays a stranger.
    """
    with _guard:
        return {one for one in ids if (scope, one) not in _strangers}


def note_strangers(scope: Hashable, ids: Collection[str]) -> None:
    """Remember ids that were looked for in vain, the latest thousand of them."""
    if not conf.seconds("CACHE_SECONDS"):
        return
    with _guard:
        _strangers.update(dict.fromkeys((scope, one) for one in ids))
        while len(_strangers) > _MOST_STRANGERS:
            del _strangers[next(iter(_strangers))]


def forget(**_signal: object) -> None:
    """Drop everything; also a receiver for changes of the rows behind it.

    Once more after the commit: until then other threads read what was before.
    """
    _drop()
    if connections[DEFAULT_DB_ALIAS].in_atomic_block:
        transaction.on_commit(_drop)


def _drop() -> None:
    global _dropped
    with _guard:
        _dropped += 1
        _kept.clear()
        _strangers.clear()


def _is_in_transaction() -> bool:
    connection = connections[DEFAULT_DB_ALIAS]
    return connection.in_atomic_block or not connection.get_autocommit()
