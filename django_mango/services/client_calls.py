"""The calls of a client: by the numbers he has, and by those he had until he gave them up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Manager, Model

from ..conf import CrmUser
from ..models import Call
from ..models.call import CallQuerySet
from .contacts import calls_with


def calls_of(obj: Model, user: CrmUser | None = None, *, also: Iterable[str] = ()) -> CallQuerySet:
    """The calls of an object of the host, newest first; with a ``user`` those he may see.

    ``also`` names relations whose objects' calls are wanted too: a company's page shows the
    calls of its contacts with ``also=["contacts"]``.
    """
    objects = [obj]
    for name in also:
        objects += _related(obj, name)
    condition = calls_with(objects)
    if condition is None:
        return Call.objects.none()
    calls = Call.objects.filter(condition).exclude(direction=Call.Direction.INTERNAL)
    # A client's calls are few: each is asked whether it may be seen.
    return calls if user is None else calls.visible_row_by_row(user)


def _related(obj: Model, name: str) -> list[Any]:
    found = getattr(obj, name, None)
    if isinstance(found, Manager):
        return list(found.all())
    return [] if found is None else [found]
