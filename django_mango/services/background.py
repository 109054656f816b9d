"""Work that follows a commit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.db import DEFAULT_DB_ALIAS, transaction


def later(job: Callable[..., object], *, using: str = DEFAULT_DB_ALIAS, **kwargs: object) -> None:
    """Run ``job(**kwargs)`` after the commit, or at once where no transaction is open.

    A failing job is logged and harms neither the caller nor the next job.
    """
    transaction.on_commit(partial(job, **kwargs), using=using, robust=True)
