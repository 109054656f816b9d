"""Noticing by itself that statistics are overdue, while calls go on.

Where the scheduler is dead nothing of it can tell; the notifications of the PBX go on
coming, so each process looks when a call has ended, seldom.
"""

from __future__ import annotations

import time
from typing import Any

from ..models import Account, Call
from .background import later
from .importing import ImportReport
from .staleness import raise_alarm

#: Seconds between two looks of one process.
LOOK_EVERY = 600.0

_looked: dict[int, float] = {}


def forget_looks() -> None:
    """As if the process had just started; for tests."""
    _looked.clear()


def on_call(call: Call, **_more: Any) -> None:
    """Receiver of ``call_finished``."""
    now = time.monotonic()
    if now - _looked.setdefault(call.account_id, now) < LOOK_EVERY:
        return
    _looked[call.account_id] = now
    for alias in Account.objects.filter(pk=call.account_id).values_list("alias", flat=True):
        later(raise_alarm, alias=alias)


def on_import(report: ImportReport, **_more: Any) -> None:
    """Receiver of ``import_finished``: a run that failed may be one too many."""
    if report.errors:
        later(raise_alarm, alias=report.account.alias)
