"""The journal of everything we asked the PBX to do."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from ..conf import CrmUser
from ..protocol import codes
from . import scope
from .account import Account
from .directory import Employee
from .fields import ID_LENGTH, PbxIdField


class CommandQuerySet(models.QuerySet["Command"]):
    """Vocabulary of the journal."""

    def running(self) -> CommandQuerySet:
        """Neither refused nor failed: the effect happens or may happen."""
        return self.exclude(status__in=[Command.Status.REFUSED, Command.Status.FAILED])

    def visible_to(self, user: CrmUser) -> CommandQuerySet:
        """Commands of the users whose calls ``user`` may see; his own always."""
        if scope.sees_all(user):
            return self.all()
        users = scope.watched_users(user)
        if users is None:
            return self.filter(user=user.pk) if user.is_authenticated else self.none()
        return self.filter(user__in=get_user_model()._default_manager.filter(users).values("pk"))

    def placed_by(self, user: CrmUser, since: datetime) -> CommandQuerySet:
        """Calls ``user`` placed since then; what we refused ourselves was none."""
        return self.filter(user=user.pk, kind=Command.Kind.CALLBACK, created_at__gt=since).exclude(
            problem=Command.Problem.NOT_ALLOWED
        )


class Command(models.Model):
    """One effect, committed before a byte was sent; its outcome is written after.

    ``created -> sent -> accepted | refused | unknown``, then ``confirmed | failed``
    by the notification of the outcome (§3.2). ``unknown`` means the answer was
    lost: the PBX may or may not have acted, and nothing is repeated (Q18).
    """

    class Status(models.TextChoices):
        CREATED = "created", _("created")
        SENT = "sent", _("sent")
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")
        UNKNOWN = "unknown", _("answer lost")
        CONFIRMED = "confirmed", _("confirmed")
        FAILED = "failed", _("failed")

    class Kind(models.TextChoices):
        CALLBACK = "callback", _("call back")
        HANGUP = "hangup", _("hang up")

    class Problem(models.TextChoices):
        """Why a command was not carried out, or may not have been."""

        REFUSED = "refused", _("the PBX refused")
        NOT_SENT = "not_sent", _("the PBX could not be reached")
        LOCKED_OUT = "locked_out", _("the PBX refuses this account for now")
        RATE_LIMITED = "rate_limited", _("too many requests")
        ANSWER_LOST = "answer_lost", _("the answer was lost")
        NOT_ALLOWED = "not_allowed", _("not allowed here")
        TIMED_OUT = "timed_out", _("given up after a time-out")
        FAULT = "fault", _("a fault of our own")

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="commands", verbose_name=_("PBX account")
    )
    command_id = PbxIdField(_("command id"), max_length=ID_LENGTH, unique=True)
    kind = models.CharField(_("kind"), max_length=30, choices=Kind)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.CREATED)
    payload = models.JSONField(_("payload"), default=dict)
    token = models.CharField(max_length=64, null=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )
    employee = models.ForeignKey(
        Employee, models.SET_NULL, null=True, related_name="+", verbose_name=_("employee")
    )
    number = models.CharField(_("number"), max_length=ID_LENGTH, blank=True)
    target_type = models.ForeignKey(
        ContentType, models.SET_NULL, null=True, related_name="+", verbose_name=_("target type")
    )
    target_id = models.CharField(_("target id"), max_length=ID_LENGTH, blank=True)
    target = GenericForeignKey("target_type", "target_id")
    call = models.ForeignKey(
        "Call",
        models.SET_NULL,
        null=True,
        related_name="commands",
        verbose_name=_("call"),
        help_text=_("The call that resulted, or the call to be ended."),
    )
    result_code = models.IntegerField(_("result code"), null=True)
    problem = models.CharField(max_length=20, choices=Problem, blank=True)
    error = models.CharField(_("error"), max_length=500, blank=True)
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    request_id = models.CharField(_("request id of the service"), max_length=ID_LENGTH, blank=True)
    created_at = models.DateTimeField(_("created at"))
    sent_at = models.DateTimeField(_("sent at"), null=True)
    answered_at = models.DateTimeField(_("answered at"), null=True)
    settled_at = models.DateTimeField(_("outcome known at"), null=True)

    objects = CommandQuerySet.as_manager()

    class Meta:
        verbose_name = _("command")
        verbose_name_plural = _("commands")
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["account", "token"], name="mango_command_token")
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="mango_command_time"),
            models.Index(fields=["account", "status", "created_at"], name="mango_command_status"),
            models.Index(fields=["user", "kind", "created_at"], name="mango_command_user"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number or self.command_id}"

    @property
    def meaning(self) -> str:
        """The official meaning of the result code, in the reader's language."""
        if self.result_code is None:
            return ""
        return codes.meaning(self.result_code, get_language() or "en")
