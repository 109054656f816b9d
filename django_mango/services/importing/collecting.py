"""Python's search for cycles, paused for a batch."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Without Python's search for cycles meanwhile, which goes through every living object.

    A batch makes tens of thousands of objects and no cycles; the search for them took a
    seventh of an import. A host that switched it off finds it off again.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
