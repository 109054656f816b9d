"""Saying by hand whose number it is: what no phone field says, a person may know."""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..conf import CrmUser
from ..models import ContactNumber
from ..models.contact_number import BY_HAND
from .bulk import upsert
from .errors import PermissionRefused, UserError
from .phone_settings import owner_model

PERMISSION = "django_mango.link_number"


def link_number(user: CrmUser, number: str, obj: Model) -> None:
    """Let ``number`` (E.164 with plus) belong to ``obj``, for all its calls, old and new.

    The phone fields of the object stay as they are, and reindexing them does not take the
    link away. Whether the user may see the object is for the caller to check. Raises
    ``PermissionRefused``, or ``UserError`` for our own numbers and models not configured.
    """
    owner = _owner(user, obj)
    now = timezone.now()
    entry = ContactNumber(
        content_type=ContentType.objects.get_for_model(owner),
        object_id=_key(obj, owner),
        field=BY_HAND,
        number=number,
        known_since=now,
    )
    if not number:
        raise UserError(_("A withheld number belongs to nobody."), "no_number")
    upsert(
        ContactNumber,
        [entry],
        key=("content_type", "object_id", "field", "number"),
        update=("retired_at",),
    )


def unlink_number(user: CrmUser, number: str, obj: Model) -> bool:
    """Take back what ``link_number`` said; whether there was such a link."""
    owner = _owner(user, obj)
    entries = ContactNumber.objects.filter(
        content_type=ContentType.objects.get_for_model(owner),
        object_id=_key(obj, owner),
        field=BY_HAND,
        number=number,
    )
    return bool(entries.delete()[0])


def _owner(user: CrmUser, obj: Model) -> type[Model]:
    if not user.has_perm(PERMISSION):
        raise PermissionRefused(_("You may not say whose number it is."), "permission")
    owner = owner_model(type(obj))
    if owner is None:
        raise UserError(_("Numbers cannot belong to an object of this kind."), "not_configured")
    return owner


def _key(obj: Model, owner: type[Model]) -> str:
    return str(getattr(obj, owner._meta.pk.attname))
