"""The next batch is computed while this one is written.

Writing waits for the database most of the time, computing needs none: a second thread does
that meanwhile. It never touches the database, nor the source of the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from ...protocol.errors import ServiceError
from .switching import switching_soon

Computed = TypeVar("Computed")


def computed_ahead(
    works: Iterator[Callable[[], Computed]],
) -> Generator[Computed]:
    """What each of ``works`` gives, in their order, one ahead of who takes them.

    The works are fetched here and done in another thread. Where the service breaks off, what
    came before is given first; where anything else goes wrong, nothing more is.
    """
    with switching_soon(), ThreadPoolExecutor(1, thread_name_prefix="mango-import") as thread:
        before: Future[Computed] | None = None
        broken_off: ServiceError | None = None
        while broken_off is None:
            try:
                work = next(works, None)
            except ServiceError as error:
                work, broken_off = None, error
            following = thread.submit(work) if work else None
            if before is not None:
                yield before.result()
            before = following
            if before is None:
                break
        if broken_off is not None:
            raise broken_off
