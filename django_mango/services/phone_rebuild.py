"""Building the phone index anew, or comparing it with the objects: bulk updates send no signals.

A million objects go by in batches of their own transactions; memory does not grow with
their number, and an interrupted run may simply be repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db.models import Model

from ..models import ContactNumber
from ..models.contact_number import BY_HAND
from .phone_fields import phone_models
from .phone_index import PART, IndexReport, entries_of, index_objects, readable, refresh


class IndexProgress:
    """What a run tells while it works; by default nothing is made of it."""

    def started(self, objects: int) -> None:
        """There are so many objects to read."""

    def read(self, objects: int) -> None:
        """So many more were read."""


def index_numbers(
    models: Iterable[type[Model]] | None = None,
    *,
    verify: bool = False,
    progress: IndexProgress | None = None,
) -> IndexReport:
    """Make the index of these models (all configured by default) right, or only compare.

    Numbers an object has no more are retired as of now: when a bulk update took them away
    nobody knows. Entries of deleted objects, of fields and, where all models are gone
    through, of models no longer configured are removed.
    """
    chosen = list(phone_models() if models is None else models)
    progress = progress or IndexProgress()
    progress.started(sum(owner._base_manager.count() for owner in chosen))
    report = IndexReport()
    for owner in chosen:
        for part in _parts(owner):
            keys = [str(obj.pk) for obj in part]
            found = index_objects(owner, part, keys, write=not verify)
            # Somebody may have saved one of them since the part was read.
            if verify and found.changes:
                again = list(readable(owner).filter(pk__in=keys))
                found = index_objects(owner, again, keys, write=False)
            elif found.touched:
                refresh(owner, found.touched)
            found.touched.clear()  # a million of them are not kept
            report.add(found)
            progress.read(len(part))
        for keys in _orphans(owner):
            report.add(index_objects(owner, [], keys, write=not verify))
    if models is None:
        _remove_strangers(chosen, report, write=not verify)
    return report


def _parts(owner: type[Model]) -> Iterator[Sequence[Model]]:
    """All objects in the order of their keys, without holding a transaction open."""
    objects = readable(owner).order_by("pk")
    part = list(objects[:PART])
    while part:
        yield part
        part = list(objects.filter(pk__gt=part[-1].pk)[:PART])


def _orphans(owner: type[Model]) -> Iterator[list[str]]:
    """Keys of the index that no object has, in batches."""
    entries = entries_of(owner).order_by("object_id").values_list("object_id", flat=True).distinct()
    keys = list(entries[:PART])
    while keys:
        gone = _gone(owner, keys)
        last = keys[-1]
        if gone:
            yield gone
        keys = list(entries.filter(object_id__gt=last)[:PART])


def _gone(owner: type[Model], keys: Sequence[str]) -> list[str]:
    possible: list[Any] = []
    for key in keys:
        try:
            possible.append(owner._meta.pk.to_python(key))
        except ValidationError:  # the model had keys of another type
            continue
    found = owner._base_manager.filter(pk__in=possible).values_list("pk", flat=True)
    return sorted(set(keys) - {str(key) for key in found})


def _remove_strangers(chosen: Sequence[type[Model]], report: IndexReport, *, write: bool) -> None:
    types = ContentType.objects.get_for_models(*chosen).values()
    strangers = ContactNumber.objects.exclude(content_type__in=[kind.pk for kind in types])
    # What people said by hand nobody can compute again: it waits for the model to come back.
    strangers = strangers.exclude(field=BY_HAND)
    report.removed += strangers.delete()[0] if write else strangers.count()
