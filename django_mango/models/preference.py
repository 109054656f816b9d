"""What a user chose on his page "My telephony"."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .directory import Line


class Preference(models.Model):
    """One user's choices; without a row everything is as the site has it."""

    class Notifications(models.TextChoices):
        """What pages show by themselves of calls that go on."""

        ON = "on", _("on: shown and announced")
        SILENT = "silent", _("silent: shown, not announced")
        OFF = "off", _("off: nothing appears by itself")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="mango_preference",
        verbose_name=_("user"),
    )
    notifications = models.CharField(
        _("notifications"),
        max_length=6,
        choices=Notifications,
        blank=True,
        help_text=_("Empty: as the site has it."),
    )
    line = models.ForeignKey(
        Line,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="preference_of_users",
        verbose_name=_("outgoing line"),
        help_text=_("The number clients see; empty: the one the PBX gives you."),
    )
    missed_seen_at = models.DateTimeField(_("missed calls seen at"), null=True, editable=False)

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.user)
