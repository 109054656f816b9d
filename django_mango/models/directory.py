"""People, lines and groups of a PBX."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..protocol import numbers
from .account import Account
from .fields import ID_LENGTH, PbxIdField


class Employee(models.Model):
    """A person of the PBX and, where known, the CRM user he is.

    Rows come from the admin form, a fixture or the staff list of the service.
    """

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="employees", verbose_name=_("PBX account")
    )
    pbx_user_id = models.BigIntegerField(
        _("id in the PBX"),
        null=True,
        blank=True,
        help_text=_("The service's own id of the employee (general.user_id)."),
    )
    name = models.CharField(_("name"), max_length=200)
    email = models.CharField(_("e-mail"), max_length=200, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="mango_employees",
        verbose_name=_("CRM user"),
    )
    is_active = models.BooleanField(_("active"), default=True)
    synced_at = models.DateTimeField(_("synchronised at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("employee")
        verbose_name_plural = _("employees")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["account", "pbx_user_id"], name="mango_employee_pbx_id")
        ]

    def __str__(self) -> str:
        return self.name

    def extension_at(self, moment: datetime | None = None) -> str:
        """The extension the employee has at ``moment`` (now by default), empty without one."""
        address = (
            self.addresses.filter(kind=EmployeeAddress.Kind.EXTENSION)
            .valid_at(moment or timezone.now())
            .order_by("-valid_from", "pk")
            .first()
        )
        return address.value if address else ""


class EmployeeAddressQuerySet(models.QuerySet["EmployeeAddress"]):
    """Vocabulary for periods."""

    def valid_at(self, moment: datetime) -> EmployeeAddressQuerySet:
        """Addresses that belong to their employee at ``moment``; the end is exclusive."""
        return self.filter(
            Q(valid_from=None) | Q(valid_from__lte=moment),
            Q(valid_to=None) | Q(valid_to__gt=moment),
        )


class EmployeeAddress(models.Model):
    """An extension, SIP address or number an employee has, for a period.

    Periods keep history with whoever had the extension then. Extensions are
    text: ``0511`` is not 511 (T-03, Q84).
    """

    class Kind(models.TextChoices):
        EXTENSION = "extension", _("extension")
        SIP = "sip", _("SIP address")
        NUMBER = "number", _("phone number")

    account = models.ForeignKey(Account, models.CASCADE, related_name="+", editable=False)
    employee = models.ForeignKey(
        Employee, models.CASCADE, related_name="addresses", verbose_name=_("employee")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.EXTENSION)
    value = PbxIdField(_("value"), max_length=ID_LENGTH)
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_to = models.DateTimeField(_("valid to"), null=True, blank=True)
    is_synced = models.BooleanField(
        default=False,
        editable=False,
        help_text=_("Came from the PBX, and ends when the PBX does not name it any more."),
    )

    objects = EmployeeAddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("extension or number")
        verbose_name_plural = _("extensions and numbers")
        ordering = ["kind", "value", "pk"]
        default_permissions = ()
        indexes = [models.Index(fields=["account", "kind", "value"], name="mango_address_value")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from=None)
                | Q(valid_to=None)
                | Q(valid_to__gt=models.F("valid_from")),
                name="mango_address_period",
            )
        ]

    def __str__(self) -> str:
        return self.value

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the account equal to the employee's."""
        self.account_id = self.employee.account_id
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Bring the value into the form calls are compared with; refuse a taken extension."""
        self.value = self._normal_value()
        # The employee may be a new one, not saved yet; without one there is nothing to compare.
        if getattr(self, "employee", None) and self._overlapping().exists():
            raise ValidationError({"value": _("Another employee has this one at the same time.")})

    def _normal_value(self) -> str:
        value = self.value.strip()
        if self.kind == self.Kind.SIP:
            return numbers.canonical_sip(value)
        if self.kind == self.Kind.NUMBER:
            return numbers.from_text(value).e164 or value
        if not (value.isascii() and value.isdigit()):
            raise ValidationError({"value": _("An extension has digits only.")})
        return value

    def _overlapping(self) -> EmployeeAddressQuerySet:
        others = EmployeeAddress.objects.filter(
            account_id=self.employee.account_id, kind=self.kind, value=self.value
        ).exclude(pk=self.pk)
        if self.valid_from:
            others = others.filter(Q(valid_to=None) | Q(valid_to__gt=self.valid_from))
        if self.valid_to:
            others = others.filter(Q(valid_from=None) | Q(valid_from__lt=self.valid_to))
        return others


class Line(models.Model):
    """A number of the PBX, with a human name (§3.7.7)."""

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="lines", verbose_name=_("PBX account")
    )
    number = PbxIdField(
        _("number"),
        max_length=ID_LENGTH,
        help_text=_("As the PBX writes it: digits without plus, or a SIP address."),
    )
    name = models.CharField(_("name"), max_length=200, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["account", "number"], name="mango_line_number")
        ]

    def __str__(self) -> str:
        return self.name or self.number


class Group(models.Model):
    """A group of employees with a short number of its own (§3.7.2)."""

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="groups", verbose_name=_("PBX account")
    )
    extension = PbxIdField(_("short number"), max_length=ID_LENGTH)
    name = models.CharField(_("name"), max_length=200, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        ordering = ["extension"]
        constraints = [
            models.UniqueConstraint(fields=["account", "extension"], name="mango_group_extension")
        ]

    def __str__(self) -> str:
        return self.name or self.extension
