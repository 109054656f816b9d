"""The background jobs by name, for whatever runs them: Celery, Django's tasks, your own queue.

Each is a plain function of JSON values that may also be called. Without ``account`` (an
alias) it does all PBXs of the settings. Under Celery they are registered by these names
after ``django_mango.``, because Celery looks for this module in every app; under Django's
tasks they stand in ``django_mango.tasks.by_django``.

=====================  ====================================================================
``import_latest``      statistics from the end of complete coverage, less an overlap, to now
``import_gaps``        what is missing between two moments, by default since ever
``sweep``              what a crash or a lost notification left behind
``sync_staff``         employees, groups and lines from the PBX
``run``                a job of ``MANGO["TASKS"]``: for hooks of your own
=====================  ====================================================================
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import Any

from django.utils import timezone

from .. import conf, services
from ..services import background, catching_up, staff
from ..services.owning import own_calls

run = background.run

Outcome = dict[str, Any]


def import_latest(account: str | None = None, kind: str = "basic") -> Outcome:
    """Load the newest statistics. Raises ``ImportIncomplete`` when a window failed."""
    return _of_each(account, lambda alias: catching_up.load_latest(alias, kind))


def import_gaps(
    account: str | None = None,
    since: str | None = None,
    until: str | None = None,
    kind: str = "basic",
) -> Outcome:
    """Load what is missing; ``since`` and ``until`` are ISO moments. Raises as above."""
    begin, end = _moment(since), _moment(until)
    return _of_each(account, lambda alias: catching_up.load_gaps(alias, begin, end, kind))


def sweep(account: str | None = None) -> Outcome:
    """Put right what a crash or a lost notification left behind; the number of calls changed."""
    return _of_each(account, lambda alias: len(services.sweep(services.account_for(alias))))


def sync_staff(account: str | None = None) -> Outcome:
    """Load employees, groups and lines; how many employees are known then."""
    return _of_each(account, _staff)


#: What a scheduler may name.
JOBS: dict[str, Callable[..., Any]] = {
    "import_latest": import_latest,
    "import_gaps": import_gaps,
    "sweep": sweep,
    "sync_staff": sync_staff,
    "run": run,
}


def _staff(alias: str) -> int:
    report = staff.sync_staff(alias)
    own_calls(report.account, report.taken)
    return report.employees


def _of_each(account: str | None, work: Callable[[str], object]) -> Outcome:
    """The work for one account or for all; a failure is raised when all had their turn."""
    outcome: Outcome = {}
    failure: Exception | None = None
    for alias in [account] if account else sorted(conf.accounts()):
        try:
            outcome[alias] = work(alias)
        except Exception as error:  # noqa: BLE001 - raised below
            failure = failure or error
    if failure is not None:
        raise failure
    return outcome


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


if "celery" in sys.modules:
    # Celery looks for tasks here. The room above is named, not imported; where Celery is not
    # used, nothing of it is read.
    import_module("django_mango.contrib.celery")
