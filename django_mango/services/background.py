"""Work outside the request or the transaction that wants it.

``MANGO["TASKS"]`` says who does it:

==============  ========================================================================
``"inline"``    nobody else: short work is done at once after the commit; long work, an
                import, gets a process of its own
``"django"``    a worker of Django's tasks (Django 6.0, or the package ``django-tasks``)
``"celery"``    a worker of Celery
a dotted path   a function ``hook(name, arguments)`` of the host that sees to it that some
                process calls ``django_mango.tasks.run(name, arguments)``; both are JSON
==============  ========================================================================

A queue that refuses a job loses nothing: the job is then done as if there were no queue.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from importlib import import_module
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils.module_loading import import_string

from .. import conf
from .detached import start_process
from .parcels import packed, unpacked

log = logging.getLogger("django_mango.background")

#: The queues we know by name. Named, not imported: their room lies above this one.
QUEUES: Mapping[str, str] = {
    "django": "django_mango.tasks.by_django.enqueue",
    "celery": "django_mango.contrib.celery.enqueue",
}
INLINE = "inline"

Job = TypeVar("Job", bound=Callable[..., object])

_jobs: dict[str, Callable[..., object]] = {}


def job(function: Job) -> Job:
    """Let a queue do this function, which must stand at the top of its module.

    Everything else that is passed to ``later`` stays in its process.
    """
    _jobs[name_of(function)] = function
    return function


def name_of(function: Callable[..., object]) -> str:
    """The name a job travels by."""
    return f"{function.__module__}.{function.__qualname__}"


def later(job: Callable[..., object], *, using: str = DEFAULT_DB_ALIAS, **kwargs: object) -> None:
    """Do ``job(**kwargs)`` after the commit, or at once where no transaction is open.

    A failing job is logged and harms neither the caller nor the next job.
    """

    @wraps(job)
    def run() -> None:
        # Django names a failed job by its __qualname__, which a partial has not.
        if not _is_queued(job, kwargs):
            job(**kwargs)

    transaction.on_commit(run, using=using, robust=True)


def start(job: Callable[..., object], **kwargs: object) -> None:
    """Have long work done outside this process; returns at once.

    By the queue where there is one, else by a process of its own. Raises
    ``NotStarted`` when neither takes it.
    """
    if not _is_queued(job, kwargs):
        start_process(name_of(job), packed_arguments(kwargs))


def run(name: str, arguments: Mapping[str, Any]) -> object:
    """Do a job that came from a queue. Raises ``LookupError`` for what is no job of ours."""
    module, _dot, _function = name.rpartition(".")
    if module.partition(".")[0] == __name__.partition(".")[0]:
        import_module(module)
    function = _jobs.get(name)
    if function is None:
        raise LookupError(f"{name} is no job")
    return function(**{key: unpacked(value) for key, value in arguments.items()})


def packed_arguments(kwargs: Mapping[str, object]) -> dict[str, Any]:
    """The arguments of a job as JSON."""
    return {key: packed(value) for key, value in kwargs.items()}


def hook() -> conf.TasksHook | None:
    """Who takes jobs, ``None`` when nobody does. Raises ``ImportError`` for a wrong name."""
    named = conf.get("TASKS", str)
    if named == INLINE:
        return None
    found: conf.TasksHook = import_string(QUEUES.get(named, named))
    return found


def _is_queued(job: Callable[..., object], kwargs: Mapping[str, object]) -> bool:
    """Hand the job to the queue, if there is one and it takes it."""
    if conf.get("TASKS", str) == INLINE or job not in _jobs.values():
        return False
    try:
        send = hook()
        if send is None:
            return False
        send(name_of(job), packed_arguments(kwargs))
    except Exception:  # whatever the host's queue raises when it is away
        log.exception("the queue did not take %s, it is done without", name_of(job))
        return False
    return True
