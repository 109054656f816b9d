"""Rows of call statistics, as reported."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .account import Account
from .fields import ID_LENGTH, PbxIdField


class CallRecord(models.Model):
    """One row of statistics (§3.4). A later report of the same row replaces the earlier.

    ``key`` starts with the start time, or with the beginning of the conversation's id, so
    keys of one import are neighbours in the index. Basic and extended rows stand side by side
    and are never added up. The columns from ``path`` on belong to extended rows: of a basic
    row they are NULL, which costs nothing to write.
    """

    class Kind(models.TextChoices):
        BASIC = "basic", _("basic")
        EXTENDED = "extended", _("extended")

    class Level(models.TextChoices):
        CONVERSATION = "conversation", _("conversation")
        LEG = "leg", _("leg")
        MEMBER = "member", _("member")

    account = models.ForeignKey(
        Account,
        models.CASCADE,
        related_name="records",
        db_index=False,  # the unique key begins with it
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.BASIC)
    level = models.CharField(_("level"), max_length=12, choices=Level, default=Level.LEG)
    key = PbxIdField(max_length=ID_LENGTH)
    row_digest = PbxIdField(max_length=64)
    entry_id = PbxIdField(_("conversation id"), max_length=ID_LENGTH, blank=True)
    created_at = models.DateTimeField(
        _("conversation created"), null=True, help_text=_("The service's own column “create”.")
    )
    started_at = models.DateTimeField(_("started"), null=True)
    answered_at = models.DateTimeField(_("answered"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    from_extension = PbxIdField(_("caller extension"), max_length=ID_LENGTH, blank=True)
    from_number = PbxIdField(_("caller number"), max_length=ID_LENGTH, blank=True)
    to_extension = PbxIdField(_("called extension"), max_length=ID_LENGTH, blank=True)
    to_number = PbxIdField(_("called number"), max_length=ID_LENGTH, blank=True)
    line_number = PbxIdField(_("line"), max_length=ID_LENGTH, blank=True)
    location = models.CharField(_("location"), max_length=ID_LENGTH, blank=True)
    disconnect_reason = models.CharField(_("end reason"), max_length=ID_LENGTH, blank=True)
    recording_ids = models.JSONField(_("recordings"), default=list)
    path = models.CharField(_("place in the conversation"), max_length=40, null=True)
    external_call_id = models.CharField(_("leg id"), max_length=ID_LENGTH, null=True)
    abonent_type = models.CharField(_("what was rung"), max_length=20, null=True)
    abonent_id = models.BigIntegerField(
        _("id in the PBX"), null=True, help_text=_("Of the employee, or of the group.")
    )
    context_type = models.SmallIntegerField(_("direction code"), null=True)
    context_status = models.SmallIntegerField(_("success code"), null=True)
    init_type = models.SmallIntegerField(_("origin code"), null=True)
    recall_status = models.SmallIntegerField(_("call-back code"), null=True)
    duration_seconds = models.IntegerField(_("duration"), null=True)
    talk_seconds = models.IntegerField(_("talk"), null=True)
    cost = models.DecimalField(_("cost"), max_digits=14, decimal_places=4, null=True)
    cost_full = models.DecimalField(_("full cost"), max_digits=14, decimal_places=4, null=True)
    cost_tariff = models.DecimalField(
        _("cost without services"), max_digits=14, decimal_places=4, null=True
    )
    details = models.JSONField(
        _("other fields"), null=True, help_text=_("Everything else the service tells, as it came.")
    )
    first_seen_at = models.DateTimeField(_("first imported"))
    changed_at = models.DateTimeField(_("last changed"))

    class Meta:
        verbose_name = _("statistics row")
        verbose_name_plural = _("statistics rows")
        ordering = ["-started_at", "-pk"]
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="mango_record_key")]
        indexes = [models.Index(fields=["account", "entry_id"], name="mango_record_entry")]

    def __str__(self) -> str:
        return f"{self.started_at} {self.from_number or self.from_extension}"
