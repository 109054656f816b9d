"""Recordings of conversations, as far as we know of them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..conf import CrmUser
from . import scope
from .account import Account
from .call import Call
from .fields import ID_LENGTH, PbxIdField

LISTEN = "django_mango.listen_recording"
DOWNLOAD = "django_mango.download_recording"


class RecordingQuerySet(models.QuerySet["Recording"]):
    """Vocabulary of recordings; their scope is that of the calls."""

    def visible_to(self, user: CrmUser) -> RecordingQuerySet:
        """Recordings of the calls ``user`` may see; those of unknown calls for who sees all."""
        if scope.sees_all(user):
            return self.all()
        return self.filter(call__in=Call.objects.visible_to(user))

    def audible_to(self, user: CrmUser) -> RecordingQuerySet:
        """Recordings ``user`` may listen to: he sees the call and has the right to listen."""
        return self.visible_to(user) if user.has_perm(LISTEN) else self.none()

    def downloadable_by(self, user: CrmUser) -> RecordingQuerySet:
        """Recordings ``user`` may keep as a file: a right of its own, beside that to listen."""
        return self.audible_to(user) if user.has_perm(DOWNLOAD) else self.none()


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
        Account,
        models.CASCADE,
        related_name="recordings",
        db_constraint=False,  # ``services.holding`` sees to it
        db_index=False,  # the unique key begins with it
        verbose_name=_("PBX account"),
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

    objects = RecordingQuerySet.as_manager()

    class Meta:
        verbose_name = _("recording")
        verbose_name_plural = _("recordings")
        ordering = ["-started_at", "-pk"]
        default_permissions = ("view",)
        permissions = [
            ("listen_recording", _("Can listen to recordings")),
            ("download_recording", _("Can download recordings")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "recording_id"], name="mango_recording_id")
        ]
        indexes = [models.Index(fields=["account", "entry_id"], name="mango_recording_entry")]

    def __str__(self) -> str:
        return self.recording_id
