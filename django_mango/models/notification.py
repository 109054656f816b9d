"""The webhook inbox: what the PBX told us, as it came."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .account import Account
from .fields import ID_LENGTH, PbxIdField


class NotificationQuerySet(models.QuerySet["Notification"]):
    """Vocabulary of the inbox."""

    def unprocessed(self) -> NotificationQuerySet:
        """Stored, but a crash came before processing."""
        return self.filter(processed_at=None)

    def failed(self) -> NotificationQuerySet:
        """Processed with an error."""
        return self.exclude(error="")

    def troubled(self) -> NotificationQuerySet:
        """With an error, or never processed."""
        return self.filter(Q(processed_at=None) | ~Q(error=""))


class Notification(models.Model):
    """One notification, exact text and all. Nobody edits it.

    The digest makes redelivery harmless (Q55): a copy raises ``copies``.
    """

    account = models.ForeignKey(
        Account,
        models.CASCADE,
        related_name="notifications",
        db_index=False,  # the unique key begins with it
        verbose_name=_("PBX account"),
    )
    kind = models.CharField(_("kind"), max_length=100)
    path = models.CharField(_("path"), max_length=500)
    json = models.TextField(_("text"))
    entry_id = PbxIdField(_("conversation id"), max_length=ID_LENGTH, blank=True)
    call_id = PbxIdField(_("leg id"), max_length=ID_LENGTH, blank=True)
    command_id = PbxIdField(_("command id"), max_length=ID_LENGTH, blank=True)
    seq = models.BigIntegerField(_("sequence number"), null=True)
    digest = PbxIdField(max_length=64)
    copies = models.PositiveIntegerField(_("copies"), default=0)
    received_at = models.DateTimeField(_("received at"))
    processed_at = models.DateTimeField(_("processed at"), null=True)
    error = models.TextField(_("error"), blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ["-received_at", "-pk"]
        default_permissions = ("view",)
        permissions = [("replay_notification", _("Can process notifications again"))]
        constraints = [
            models.UniqueConstraint(fields=["account", "digest"], name="mango_notification_digest")
        ]
        indexes = [
            models.Index(fields=["account", "entry_id"], name="mango_notification_entry"),
            models.Index(fields=["-received_at", "-id"], name="mango_notification_time"),
            models.Index(fields=["processed_at"], name="mango_notification_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.entry_id or self.command_id}".strip()
