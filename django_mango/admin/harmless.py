"""Nothing of ours may take a page of the host away."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger("django_mango.admin.call_control")


@contextmanager
def harmless() -> Iterator[None]:
    """Log what goes wrong inside, and go on with the host's own page."""
    try:
        yield
    except Exception:
        logger.exception("the call control is missing on this page")
