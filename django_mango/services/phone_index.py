"""The phone index, made equal to the host's objects: a fixed number of queries per batch."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.utils import timezone

from ..models import ContactNumber
from ..models.contact_number import BY_HAND
from .bulk import upsert
from .phone_fields import numbers_of, paths_of, phone_paths
from .phone_settings import owner_model
from .transactions import repeated

logger = logging.getLogger(__name__)

#: Objects of one batch.
PART = 1000
_KEY = ("content_type", "object_id", "field", "number")
_EXAMPLES = 20
#: How often one change is looked at again, because another one came in between.
_LOOKS = 3
#: Object, entry of ``PHONE_FIELDS``, number: what identifies an entry of one model.
Key = tuple[str, str, str]


@dataclass(slots=True)
class IndexReport:
    """What was changed, or would be where nothing may be written.

    ``added`` counts numbers that were missing or came back, ``retired`` those their
    object has no more, ``corrected`` changed extensions, ``removed`` entries of deleted
    objects and of fields no longer configured. ``bad`` objects could not be read.
    """

    objects: int = 0
    numbers: int = 0
    added: int = 0
    retired: int = 0
    corrected: int = 0
    removed: int = 0
    bad: int = 0
    examples: list[str] = field(default_factory=list)
    #: Keys of objects whose stored entries were contradicted.
    touched: set[str] = field(default_factory=set)

    @property
    def changes(self) -> int:
        """Differences between the index and the objects."""
        return self.added + self.retired + self.corrected + self.removed

    def count(self, what: str, line: str) -> None:
        """One more difference; the first few are kept for people."""
        setattr(self, what, getattr(self, what) + 1)
        if len(self.examples) < _EXAMPLES:
            self.examples.append(f"{what}: {line}")

    def add(self, other: IndexReport) -> None:
        """Take over the figures of a part."""
        for name in ("objects", "numbers", "added", "retired", "corrected", "removed", "bad"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.examples += other.examples[: _EXAMPLES - len(self.examples)]
        self.touched |= other.touched


def refresh(model: type[Model], keys: Iterable[Any]) -> None:
    """Index the objects with these primary keys as they are in the database now.

    Objects that are gone lose their entries. What was changed is read once more, so that
    of two simultaneous changes the last one stays.
    """
    owner = owner_model(model)
    if owner is None:
        return
    todo = sorted({str(key) for key in keys})
    for start in range(0, len(todo), PART):
        part = todo[start : start + PART]
        for _look in range(_LOOKS):
            objects = list(readable(owner).filter(pk__in=part))
            if not index_objects(owner, objects, part).changes:
                break


def index_objects(
    owner: type[Model], objects: Collection[Any], keys: Collection[str], *, write: bool = True
) -> IndexReport:
    """Make the entries of the objects with these ``keys`` right, or only look.

    ``objects`` are those of them that exist, as read now.
    """
    report = IndexReport()
    # The host's callables run outside of our transaction, which they might spoil.
    wanted, bad = _wanted(objects, report)
    gone = set(keys) - {str(obj.pk) for obj in objects}
    examined = [key for key in keys if key not in bad]
    report.add(repeated(lambda: _settle(owner, examined, wanted, gone, write=write)))
    return report


def readable(owner: type[Model]) -> QuerySet[Any]:
    """All objects of a configured model with what its paths lead to, no query per object."""
    paths = paths_of(owner)
    objects = owner._base_manager.order_by()
    if all(path.field is not None and not path.hops for path in paths):
        return objects.only("pk", *(path.steps[0] for path in paths))
    related = dict.fromkeys(path.hops[-1].attribute for path in paths if path.hops)
    return objects.prefetch_related(*related) if related else objects


def entries_of(owner: type[Model]) -> QuerySet[ContactNumber]:
    """The entries of a configured model."""
    return ContactNumber.objects.filter(content_type=ContentType.objects.get_for_model(owner))


def _wanted(objects: Iterable[Any], report: IndexReport) -> tuple[dict[Key, str], set[str]]:
    """The entries the objects should have, and the keys of those that could not be read."""
    wanted: dict[Key, str] = {}
    bad: set[str] = set()
    for obj in objects:
        key = str(obj.pk)
        report.objects += 1
        try:
            phones = numbers_of(obj)
        except Exception as error:  # a callable of the host may fail in every way
            logger.exception("the numbers of %s %s cannot be read", obj._meta.label, key)
            report.count("bad", f"{obj._meta.label} {key}: {type(error).__name__}: {error}")
            bad.add(key)
            continue
        for phone in phones:
            wanted.setdefault((key, phone.path, phone.number.e164), phone.extension)
        report.numbers += len(phones)
    return wanted, bad


def _settle(
    owner: type[Model],
    keys: Collection[str],
    wanted: Mapping[Key, str],
    gone: Collection[str],
    *,
    write: bool,
) -> IndexReport:
    """Compare the stored entries of these objects with those wanted, and write the difference."""
    report, now = IndexReport(), timezone.now()
    missing = dict(wanted)
    configured = set(phone_paths(owner))
    changed: list[ContactNumber] = []
    obsolete: list[int] = []
    stored: set[str] = set()
    for row in entries_of(owner).filter(object_id__in=keys):
        key = (row.object_id, row.field, row.number)
        extension = missing.pop(key, None)
        if row.field == BY_HAND and row.object_id not in gone:
            continue
        if row.object_id in gone or row.field not in configured:
            obsolete.append(row.pk)
            report.count("removed", _line(owner, key))
            continue
        stored.add(row.object_id)
        change = _change(row, extension, now)
        if change:
            changed.append(row)
            report.count(change, _line(owner, key))
    for key, extension in missing.items():
        changed.append(_entry(owner, key, extension, now))
        report.count("added", _line(owner, key))
    report.touched = stored & {row.object_id for row in changed}
    if write:
        ContactNumber.objects.filter(pk__in=obsolete).delete()
        changed.sort(key=lambda row: (row.object_id, row.field, row.number))
        upsert(ContactNumber, changed, key=_KEY, update=("extension", "retired_at"))
    return report


def _change(row: ContactNumber, extension: str | None, now: datetime) -> str:
    """Make a stored entry as wanted, in memory; what kind of change that is, empty for none."""
    if extension is None:
        if row.retired_at is not None:
            return ""
        row.retired_at = now
        return "retired"
    before = row.retired_at, row.extension
    row.retired_at, row.extension = None, extension
    if before[0] is not None:
        return "added"
    return "corrected" if before[1] != extension else ""


def _entry(owner: type[Model], key: Key, extension: str, now: datetime) -> ContactNumber:
    return ContactNumber(
        content_type=ContentType.objects.get_for_model(owner),
        object_id=key[0],
        field=key[1],
        number=key[2],
        extension=extension,
        known_since=now,
    )


def _line(owner: type[Model], key: Key) -> str:
    return f"{owner._meta.label} {' '.join(key)}"
