"""What people write about a call; no projection ever touches it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .call import Call


class CallWork(models.Model):
    """Notes of people and the closing of a missed call by hand, which wins and stays."""

    call = models.OneToOneField(Call, models.CASCADE, related_name="work", verbose_name=_("call"))
    note = models.TextField(_("note"), blank=True)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("note by"),
    )
    noted_at = models.DateTimeField(_("note of"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed by hand at"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("closed by"),
    )
    closed_reason = models.CharField(_("why closed"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("work on a call")
        verbose_name_plural = _("work on calls")
        default_permissions = ()
        permissions = [
            ("close_missed", _("Can close missed calls by hand")),
            ("write_note", _("Can write notes on calls")),
        ]

    def __str__(self) -> str:
        return str(self.call)
