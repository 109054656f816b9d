"""Connected in ``ready()``.

What we remember of employees and accounts must not outlive them, nor what points to them; the
phone index follows the host's objects; and the ends of calls and of
imports are the moments at which somebody may notice that statistics are overdue.
"""

from __future__ import annotations

from django.db.models.signals import post_delete, post_save

from .. import signals
from ..models import Account, Command, Employee, EmployeeAddress, Line
from ..services import watching
from ..services.caching import forget
from ..services.holding import delete_latecomers, part_from_latecomers
from . import phone_index


def connect() -> None:
    """Connect all receivers; repeating it is harmless."""
    phone_index.connect()
    for model in (Account, Command, Employee, EmployeeAddress, Line):
        for signal in (post_save, post_delete):
            signal.connect(forget, sender=model, dispatch_uid=f"mango-forget-{model.__name__}")
    for model, receiver in ((Account, delete_latecomers), (Employee, part_from_latecomers)):
        uid = f"mango-latecomers-{model.__name__}"
        post_delete.connect(receiver, sender=model, dispatch_uid=uid)
    signals.call_finished.connect(watching.on_call, dispatch_uid="mango-watch-calls")
    signals.import_finished.connect(watching.on_import, dispatch_uid="mango-watch-imports")
