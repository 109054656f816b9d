"""How soon a thread that has its answer from the database goes on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: Seconds. Python's own are five thousandths.
_SOON = 0.0005

_guard = threading.Lock()
#: How many imports of this process want it, and what it was before the first.
_wanted = 0
_before = 0.0


@contextmanager
def switching_soon() -> Iterator[None]:
    """Threads that compute give way to those that can go on, meanwhile.

    Who writes a batch waits for each of some twenty answers. Python lets him wait five
    thousandths of a second more each time while the other thread computes: that was a sixth
    of an import. It is a setting of the whole process: the last who leaves sets it back.
    """
    global _wanted, _before
    with _guard:
        _wanted += 1
        if _wanted == 1:
            _before = sys.getswitchinterval()
            sys.setswitchinterval(min(_SOON, _before))
    try:
        yield
    finally:
        with _guard:
            _wanted -= 1
            if not _wanted:
                sys.setswitchinterval(_before)
