"""What of the log a command shows: nothing by itself, more with ``--verbosity``."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import OutputWrapper

from .streams import RawStream

_LEVELS = {2: logging.INFO, 3: logging.DEBUG}


@contextmanager
def log_of(verbosity: int, out: OutputWrapper) -> Iterator[None]:
    """Show our log on ``out`` from verbosity 2 on; the project's own handlers work as ever.

    Where a project configures no logging, Python would print each warning to stderr, beside
    the one line a failure is told with.
    """
    logger = logging.getLogger("django_mango")
    level = _LEVELS.get(verbosity)
    handler: logging.Handler = logging.NullHandler()
    if level is not None:
        handler = logging.StreamHandler(RawStream(out))
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    before = logger.level
    logger.addHandler(handler)
    if level is not None and logger.getEffectiveLevel() > level:
        logger.setLevel(level)
    try:
        yield
    finally:
        logger.setLevel(before)
        logger.removeHandler(handler)
