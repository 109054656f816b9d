"""The jobs as Django's tasks: ``import_latest.enqueue()`` and so on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import _compat
from . import Outcome
from . import import_gaps as _import_gaps
from . import import_latest as _import_latest
from . import run as _run
from . import sweep as _sweep
from . import sync_staff as _sync_staff

task: Callable[..., Any] = _compat.task_decorator()


@task
def import_latest(account: str | None = None, kind: str = "basic") -> Outcome:
    """As ``django_mango.tasks.import_latest``."""
    return _import_latest(account, kind)


@task
def import_gaps(
    account: str | None = None,
    since: str | None = None,
    until: str | None = None,
    kind: str = "basic",
) -> Outcome:
    """As ``django_mango.tasks.import_gaps``."""
    return _import_gaps(account, since, until, kind)


@task
def sweep(account: str | None = None) -> Outcome:
    """As ``django_mango.tasks.sweep``."""
    return _sweep(account)


@task
def sync_staff(account: str | None = None) -> Outcome:
    """As ``django_mango.tasks.sync_staff``."""
    return _sync_staff(account)


@task
def run(name: str, arguments: dict[str, Any]) -> None:
    """A job of ``MANGO["TASKS"]``; what it returns to its own process is no result."""
    _run(name, arguments)


def enqueue(name: str, arguments: Mapping[str, Any]) -> None:
    """Give a job to a worker."""
    run.enqueue(name, dict(arguments))
