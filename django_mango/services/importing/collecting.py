"""Python's search for cycles, paused for a batch."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_guard = threading.Lock()
#: How many threads want it paused, and whether it was on before the first.
_wanted = 0
_was_on = False


@contextmanager
def collector_paused() -> Iterator[None]:
    """Without Python's search for cycles meanwhile, which goes through every living object.

    A batch makes tens of thousands of objects and no cycles; the search for them took a
    seventh of an import. It is a setting of the whole process: the last who leaves sets it
    back, and a host that switched it off finds it off again.
    """
    global _wanted, _was_on
    with _guard:
        _wanted += 1
        if _wanted == 1:
            _was_on = gc.isenabled()
            gc.disable()
    try:
        yield
    finally:
        with _guard:
            _wanted -= 1
            if not _wanted and _was_on:
                gc.enable()
