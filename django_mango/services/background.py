"""Work that follows a commit."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.db import DEFAULT_DB_ALIAS, transaction


def later(job: Callable[..., object], *, using: str = DEFAULT_DB_ALIAS, **kwargs: object) -> None:
    """Run ``job(**kwargs)`` after the commit, or at once where no transaction is open.

    A failing job is logged and harms neither the caller nor the next job.
    """

    @wraps(job)
    def run() -> None:
        # Django names a failed job by its __qualname__, which a partial has not.
        job(**kwargs)

    transaction.on_commit(run, using=using, robust=True)
