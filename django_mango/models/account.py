"""The PBX accounts of this site and the leases that keep background work single."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

#: First path parts of notifications and of our endpoints; an account named so has no address.
RESERVED_ALIASES = frozenset({"api", "events", "result", "ping"})


def validate_alias(value: str) -> None:
    """Refuse an alias that is the first part of another path below the mount."""
    if value in RESERVED_ALIASES:
        raise ValidationError(_("This alias is reserved: paths of our own begin with it."))


class Account(models.Model):
    """One PBX. Rows appear on first use; key and salt stay in the settings."""

    alias = models.SlugField(_("alias"), max_length=50, unique=True, validators=[validate_alias])
    name = models.CharField(_("name"), max_length=200, blank=True)
    blocked_until = models.DateTimeField(
        _("locked out until"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("The service answers nothing before this moment: too many wrong requests."),
    )

    class Meta:
        verbose_name = _("PBX account")
        verbose_name_plural = _("PBX accounts")
        ordering = ["alias"]
        permissions = [("manage_settings", _("Can manage the settings of telephony"))]

    def __str__(self) -> str:
        return self.name or self.alias

    def locked_until(self, now: datetime | None = None) -> datetime | None:
        """The end of the service's lock-out (§1.4.1, Q12), ``None`` when there is none."""
        moment = self.blocked_until
        return moment if moment and moment > (now or timezone.now()) else None


class Lease(models.Model):
    """Who does a piece of background work, until when; nothing points here.

    A lease expires by itself, so a killed process blocks nobody for long.
    """

    name = models.CharField(max_length=100, unique=True)
    owner = models.CharField(max_length=100)
    until = models.DateTimeField()

    class Meta:
        verbose_name = _("lease")
        verbose_name_plural = _("leases")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.owner}"
