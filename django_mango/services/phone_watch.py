"""Which objects' numbers may have changed in the running transaction.

Receivers tell it; after the commit the index is brought up to date once for all of
them, however many rows were saved. Nothing here can fail the host's save.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from .background import later
from .phone_index import refresh
from .phone_settings import Hop, configured

#: The owners to look at after the commit, by connection: a connection belongs to one thread.
_waiting: WeakKeyDictionary[BaseDatabaseWrapper, dict[type[Model], set[Any]]] = WeakKeyDictionary()


def hops_to(model: type[Model]) -> list[tuple[type[Model], Hop]]:
    """The relations by which rows of ``model`` hold numbers of others, with the owner."""
    return [
        (owner, hop)
        for owner, paths in configured().items()
        for path in paths
        for hop in path.hops
        if hop.model is not None and issubclass(model, hop.model)
    ]


def note(owner: type[Model], keys: Iterable[Any], using: str = DEFAULT_DB_ALIAS) -> None:
    """Index these objects after the commit."""
    keys = set(keys)
    if not keys:
        return
    connection = connections[using]
    waiting = _waiting.setdefault(connection, {})
    waiting.setdefault(owner, set()).update(keys)
    # Each note has its own job: a rolled back savepoint takes only its own away. The first
    # one that runs does all the work, objects of a rolled back part are read in vain.
    later(_settle_waiting, using=using, alias=using)


def owners_behind(owner: type[Model], query: str, row: Model) -> list[Any]:
    """Primary keys of the objects whose path ``query`` leads to ``row``."""
    if row.pk is None:
        return []
    using = router.db_for_read(owner)
    found = owner._base_manager.using(using).filter(**{query: row.pk}).order_by()
    # In a savepoint, so that a failure does not spoil the host's transaction.
    with transaction.atomic(using=using):
        return list(found.values_list("pk", flat=True).distinct())


def _settle_waiting(alias: str) -> None:
    waiting = _waiting.pop(connections[alias], {})
    for owner, keys in waiting.items():
        refresh(owner, keys)
