"""Connected in ``ready()``.

What we remember of employees and accounts must not outlive them, nor what points to them; the
phone index follows the host's objects; and the ends of calls and of
imports are the moments at which somebody may notice that statistics are overdue.
"""

from __future__ import annotations

from django.db.models.signals import post_delete, post_save, pre_delete

from .. import signals
from ..models import Account, Command, Employee, EmployeeAddress, Line
from ..services import watching
from ..services.caching import forget
from ..services.holding import delete_latecomers, lock_employee
from . import phone_index


def connect() -> None:
    """Connect all receivers; repeating it is harmless."""
    phone_index.connect()
    for model in (Account, Command, Employee, EmployeeAddress, Line):
        for signal in (post_save, post_delete):
            signal.connect(forget, sender=model, dispatch_uid=f"mango-forget-{model.__name__}")
    pre_delete.connect(lock_employee, sender=Employee, dispatch_uid="mango-lock-employee")
    post_delete.connect(delete_latecomers, sender=Account, dispatch_uid="mango-latecomers")
    signals.call_finished.connect(watching.on_call, dispatch_uid="mango-watch-calls")
    signals.import_finished.connect(watching.on_import, dispatch_uid="mango-watch-imports")
