"""Recordings of conversations, as far as we know of them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .account import Account
from .call import Call
from .fields import ID_LENGTH, PbxIdField


class Recording(models.Model):
    """One recording; a conversation can have several (Q78).

    Ids come from events and from statistics and meet in one row. Everything here
    is computed from those facts by ``protocol.recordings``.
    """

    class State(models.TextChoices):
        EXPECTED = "expected", _("expected")
        AVAILABLE = "available", _("available")
        MISSING = "missing", _("there is none")

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="recordings", verbose_name=_("PBX account")
    )
    recording_id = PbxIdField(_("recording id"), max_length=ID_LENGTH)
    entry_id = PbxIdField(_("conversation id"), max_length=ID_LENGTH, blank=True)
    call = models.ForeignKey(
        Call, models.CASCADE, null=True, related_name="recordings", verbose_name=_("call")
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.EXPECTED)
    extension = PbxIdField(_("recorded extension"), max_length=ID_LENGTH, blank=True)
    pbx_user_id = models.BigIntegerField(_("recorded employee in the PBX"), null=True)
    started_at = models.DateTimeField(_("started"), null=True)
    completed_at = models.DateTimeField(_("completed"), null=True)
    completion_code = models.IntegerField(_("completion code"), null=True)
    recipient = models.CharField(_("kept at"), max_length=ID_LENGTH, blank=True)
    added_at = models.DateTimeField(_("stored by the service"), null=True)
    tagged_at = models.DateTimeField(_("topics recognised"), null=True)

    class Meta:
        verbose_name = _("recording")
        verbose_name_plural = _("recordings")
        ordering = ["-started_at", "-pk"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["account", "recording_id"], name="mango_recording_id")
        ]
        indexes = [models.Index(fields=["account", "entry_id"], name="mango_recording_entry")]

    def __str__(self) -> str:
        return self.recording_id
