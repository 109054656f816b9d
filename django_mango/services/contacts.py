"""Whose calls they are: the host's objects behind the numbers of a page of calls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.contrib.auth import get_permission_codename
from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Model, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import conf
from ..conf import CrmUser
from ..models import Call, ContactNumber, EmployeeAddress, Line
from ..models.contact_number import BY_HAND
from ..protocol import numbers
from .phone_fields import label_of, numbers_of, phone_models
from .phone_settings import owner_model

#: So many owners of one number are looked at: more have it as a placeholder.
MOST_OWNERS = 20

Key = TypeVar("Key")
#: The objects of a model a viewer may see, narrowed by his page; ``None`` for none at all.
ObjectsOf = Callable[[type[Model]], QuerySet[Any] | None]


@dataclass(frozen=True, slots=True)
class Client:
    """An object of the host a call belongs to.

    ``path`` is the entry of ``PHONE_FIELDS`` its number stands in (empty where the host's
    own storage found it), ``extension`` a hint what to dial after the answer. A client that
    is not ``is_current`` has had the number when the call took place, and has it no more.
    """

    obj: Model
    name: str
    path: str = ""
    extension: str = ""
    is_current: bool = True

    @property
    def kind(self) -> str:
        """What the object is, for people: "contact"."""
        return str(self.obj._meta.verbose_name)

    @property
    def label(self) -> str:
        """The title of the field the number stands in: "mobile phone"."""
        if self.path == BY_HAND:
            return _("by hand")
        return label_of(type(self.obj), self.path) if self.path else ""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An owner of a number: an object by its key, or the object itself."""

    model: type[Model]
    key: str
    path: str = ""
    extension: str = ""
    retired_at: datetime | None = None
    obj: Model | None = None

    @property
    def sort_key(self) -> tuple[int, str, str]:
        """Keys that are numbers in the order of numbers: the older object first."""
        return len(self.key), self.key, self.path

    def had_at(self, moment: datetime | None) -> bool:
        """Whether the number was not retired before that moment; without one, whether it is not."""
        return self.retired_at is None or (moment is not None and self.retired_at >= moment)


def clients_of(
    calls: Iterable[Call], user: CrmUser | None = None, *, objects_of: ObjectsOf | None = None
) -> dict[int, tuple[Client, ...]]:
    """The clients of each of these calls by its primary key, several where several own the number.

    One query over the phone index and one per kind of client, however many calls. With a
    ``user`` only those objects he may view; ``objects_of`` narrows further, as a page of the
    admin does. Anonymous, internal and own numbers belong to nobody.
    """
    several = list(calls)
    wanted = {
        call.pk: (call.client_number, call.started_at)
        for call in several
        if call.client_number and call.direction != Call.Direction.INTERNAL
    }
    return dict.fromkeys((call.pk for call in several), ()) | _match(wanted, user, objects_of)


def clients_of_numbers(
    numbers: Iterable[str], user: CrmUser | None = None, *, objects_of: ObjectsOf | None = None
) -> dict[str, tuple[Client, ...]]:
    """The present clients of each of these numbers (E.164), at the cost of ``clients_of``."""
    return _match({number: (number, None) for number in numbers}, user, objects_of)


def clients_of_number(
    number: str,
    at: datetime | None = None,
    user: CrmUser | None = None,
    *,
    objects_of: ObjectsOf | None = None,
) -> tuple[Client, ...]:
    """The clients a number in any spelling belongs to, or belonged to at ``at`` (aware)."""
    region = conf.get("DEFAULT_REGION", str).upper()
    read = numbers.from_text(number, region)
    if not read.e164:
        read = numbers.from_service(number, region)
    return _match({"": (read.e164, at)}, user, objects_of)[""] if read.e164 else ()


def calls_with(objects: Iterable[Model]) -> Q | None:
    """A condition for the calls of these objects, ``None`` where they have no number.

    By the numbers they have and had, each until it was retired. Whether a user may see
    the calls is for ``visible_to`` to say.
    """
    several = list(objects)
    hook = conf.clients_hook()
    if hook is not None:
        phones = {phone.number.e164 for obj in several for phone in numbers_of(obj)}
        return Q(client_number__in=sorted(phones - _own_numbers(phones))) if phones else None
    keys: dict[type[Model], list[str]] = {}
    for obj in several:
        owner = owner_model(type(obj))
        if owner is not None:
            keys.setdefault(owner, []).append(str(getattr(obj, owner._meta.pk.attname)))
    owned = Q(pk__in=[])
    for owner, ids in keys.items():
        owned |= Q(content_type=ContentType.objects.get_for_model(owner), object_id__in=ids)
    entries = ContactNumber.objects.filter(owned).not_ours().order_by()
    current: set[str] = set()
    former = Q(pk__in=[])
    for number, retired_at in entries.values_list("number", "retired_at"):
        if retired_at is None:
            current.add(number)
        else:
            former |= Q(client_number=number, started_at__lte=retired_at)
    return Q(client_number__in=sorted(current)) | former if current or len(former) > 1 else None


def may_view(user: CrmUser, model: type[Model]) -> bool:
    """Whether ``user`` may view objects of a model at all, by Django's permissions."""
    opts = model._meta
    return any(
        user.has_perm(f"{opts.app_label}.{get_permission_codename(action, opts)}")
        for action in ("view", "change")
    )


def _match(
    wanted: Mapping[Key, tuple[str, datetime | None]],
    user: CrmUser | None,
    objects_of: ObjectsOf | None,
) -> dict[Key, tuple[Client, ...]]:
    owners = _owners({number for number, _moment in wanted.values()})
    chosen = {
        key: [entry for entry in owners.get(number, ()) if entry.had_at(moment)]
        for key, (number, moment) in wanted.items()
    }
    needed = [entry for entries in chosen.values() for entry in entries]
    objects = _objects(needed, user, objects_of)
    names = {place: str(obj) for place, obj in objects.items()}
    found: dict[Key, tuple[Client, ...]] = {}
    for key, entries in chosen.items():
        clients: dict[tuple[type[Model], str], Client] = {}
        for entry in entries:
            place = (entry.model, entry.key)
            if place in objects:
                client = Client(
                    objects[place], names[place], entry.path, entry.extension, not entry.retired_at
                )
                clients.setdefault(place, client)
        found[key] = tuple(clients.values())
    return found


def _owners(wanted: Collection[str]) -> Mapping[str, list[_Entry]]:
    """The entries of each number: those in force first, kinds in the order of the settings."""
    if not wanted:
        return {}
    hook = conf.clients_hook()
    if hook is not None:
        theirs = sorted(set(wanted) - _own_numbers(wanted))
        return {
            number: [_Entry(type(obj), str(obj.pk), obj=obj) for obj in objects]
            for number, objects in (hook(theirs) if theirs else {}).items()
        }
    models = phone_models()
    order = {model: place for place, model in enumerate(models)}
    types = {kind.pk: model for model, kind in ContentType.objects.get_for_models(*models).items()}
    place = Window(
        RowNumber(),
        partition_by="number",
        order_by=[F("retired_at").desc(nulls_first=True), "content_type", "object_id", "field"],
    )
    rows = (
        ContactNumber.objects.filter(number__in=wanted, content_type__in=types)
        .not_ours()
        .order_by()
        .annotate(place=place)
        .filter(place__lte=MOST_OWNERS)
        .values_list("number", "content_type", "object_id", "field", "extension", "retired_at")
    )
    found: dict[str, list[_Entry]] = {}
    for number, kind, key, path, extension, retired_at in rows if types else ():
        entry = _Entry(types[kind], key, path, extension, retired_at)
        found.setdefault(number, []).append(entry)
    for entries in found.values():
        entries.sort(key=lambda one: (one.retired_at is not None, order[one.model], one.sort_key))
    return found


def _objects(
    entries: Iterable[_Entry], user: CrmUser | None, objects_of: ObjectsOf | None
) -> dict[tuple[type[Model], str], Model]:
    """Those of the owners the viewer may see: one query for each model."""
    wanted: dict[type[Model], dict[str, Model | None]] = {}
    for entry in entries:
        wanted.setdefault(entry.model, {})[entry.key] = entry.obj
    found: dict[tuple[type[Model], str], Model] = {}
    narrow = conf.visible_clients_hook()
    for model, keys in wanted.items():
        if user is not None and not objects_of and not narrow and not may_view(user, model):
            continue
        known = [obj for obj in keys.values() if obj is not None]
        if len(known) == len(keys) and not objects_of and not narrow:
            visible: Iterable[Model] = known  # the host's own storage has read them already
        else:
            objects = objects_of(model) if objects_of else model._default_manager.all()
            if objects is None:
                continue
            objects = objects.filter(pk__in=keys).order_by()
            visible = narrow(user, objects) if narrow and user is not None else objects
        found |= {(model, str(obj.pk)): obj for obj in visible}
    return found


def _own_numbers(wanted: Collection[str]) -> set[str]:
    """Those of the numbers that are our own lines and employees."""
    lines = Line.objects.filter(number__in=[*wanted, *(one[1:] for one in wanted)])
    people = EmployeeAddress.objects.filter(
        kind=EmployeeAddress.Kind.NUMBER, value__in=wanted
    ).valid_at(timezone.now())
    found = lines.order_by().values_list("number").union(people.order_by().values_list("value"))
    found = found.order_by()  # Django 6.1 orders the whole as its first model, by other columns
    return {number if number.startswith("+") else f"+{number}" for (number,) in found}
