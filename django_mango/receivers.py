"""Connected in ``ready()``: what we remember of employees and accounts must not outlive them."""

from __future__ import annotations

from django.db.models.signals import post_delete, post_save

from .models import Account, Command, Employee, EmployeeAddress
from .services.caching import forget


def connect() -> None:
    """Connect all receivers; repeating it is harmless."""
    for model in (Account, Command, Employee, EmployeeAddress):
        for signal in (post_save, post_delete):
            signal.connect(forget, sender=model, dispatch_uid=f"mango-forget-{model.__name__}")
