"""The jobs as Celery's tasks: ``django_mango.import_latest`` and so on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from celery import shared_task

from ..tasks import JOBS, Outcome

TASKS: dict[str, Any] = {}


def _task(name: str, job: Callable[..., Any]) -> Any:
    def task(*args: Any, **kwargs: Any) -> Outcome | None:
        result = job(*args, **kwargs)
        # What a job returns to its own process is no result for a broker.
        return result if name != "run" else None

    task.__doc__ = job.__doc__
    task.__name__ = name
    return shared_task(name=f"django_mango.{name}")(task)


TASKS.update({name: _task(name, job) for name, job in JOBS.items()})


def enqueue(name: str, arguments: Mapping[str, Any]) -> None:
    """Give a job to a worker. Raises at once when the broker is away: it is then done here."""
    TASKS["run"].apply_async(args=[name, dict(arguments)], retry=False, ignore_result=True)
