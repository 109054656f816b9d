"""The phone index: which object of the host has, or had, which number."""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Exists, OuterRef
from django.db.models.functions import Substr
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .directory import EmployeeAddress, Line
from .fields import ID_LENGTH, PbxIdField

#: In place of a field: somebody said whose number it is. No field has such a name.
BY_HAND = "(by hand)"


class ContactNumberQuerySet(models.QuerySet["ContactNumber"]):
    """Vocabulary of the index."""

    def not_ours(self) -> ContactNumberQuerySet:
        """Without the numbers of our own lines and employees: those belong to no client."""
        lines = Line.objects.filter(number__in=[OuterRef("number"), Substr(OuterRef("number"), 2)])
        people = EmployeeAddress.objects.filter(
            kind=EmployeeAddress.Kind.NUMBER, value=OuterRef("number")
        ).valid_at(timezone.now())
        return self.exclude(Exists(lines)).exclude(Exists(people))


class ContactNumber(models.Model):
    """A number of an object of the host, by the field it stands in.

    A call belongs to the object when the numbers are equal and the entry was not
    retired before the call: old calls join an object that appears later, and an
    object that changes its number keeps the calls it had by the old one. Numbers
    belong to people, not to a PBX, so there is no account here.
    """

    number = PbxIdField(_("number"), max_length=16, help_text=_("E.164 with its plus."))
    content_type = models.ForeignKey(
        ContentType,
        models.CASCADE,
        related_name="+",
        db_index=False,  # the unique key begins with it
        verbose_name=_("kind of client"),
    )
    object_id = PbxIdField(_("key of the client"), max_length=ID_LENGTH)
    field = PbxIdField(
        _("field"), max_length=200, help_text=_("The entry of PHONE_FIELDS the number stands in.")
    )
    extension = PbxIdField(
        _("extension"),
        max_length=7,
        blank=True,
        help_text=_("What to dial after the answer; neither dialled nor compared."),
    )
    known_since = models.DateTimeField(_("known since"))
    retired_at = models.DateTimeField(_("in force until"), null=True)

    objects = ContactNumberQuerySet.as_manager()

    class Meta:
        verbose_name = _("number of a client")
        verbose_name_plural = _("numbers of clients")
        ordering = ["number", "content_type", "object_id", "field"]
        default_permissions = ()
        permissions = [("link_number", _("Can say whose number it is"))]
        constraints = [
            models.UniqueConstraint(
                fields=["content_type", "object_id", "field", "number"],
                name="mango_contact_number_key",
            )
        ]
        indexes = [
            # All that a page of calls asks for: its owners are found in the index alone.
            models.Index(
                fields=["number", "content_type", "object_id", "retired_at", "field", "extension"],
                name="mango_contact_number_find",
            )
        ]

    def __str__(self) -> str:
        return self.number
