"""Imports of statistics: one row per requested window."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .account import Account
from .record import CallRecord


class StatsImport(models.Model):
    """One requested window of statistics and what came of it.

    Numbers of rows: ``rows`` were read, of which ``new``, ``changed``,
    ``unchanged`` were good and ``bad`` could not be understood.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("requested")
        LOADING = "loading", _("loading")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="imports", verbose_name=_("PBX account")
    )
    kind = models.CharField(
        _("kind"), max_length=10, choices=CallRecord.Kind, default=CallRecord.Kind.BASIC
    )
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("to"))
    complete_until = models.DateTimeField(
        _("complete up to"),
        null=True,
        help_text=_("Calls appear in statistics with a delay; later ones may be missing."),
    )
    request_key = models.CharField(_("key of the service"), max_length=255, blank=True)
    ready_at = models.DateTimeField(_("reported ready at"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.REQUESTED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    new = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    bad = models.PositiveIntegerField(_("bad"), default=0)
    bad_rows = models.JSONField(
        _("first bad rows"),
        default=list,
        help_text=_("Line number, what is wrong, and the text of the row."),
    )
    started_at = models.DateTimeField(_("started"))
    run_started_at = models.DateTimeField(_("run started"), null=True)
    run_position = models.PositiveIntegerField(_("window of the run"), default=1)
    run_windows = models.PositiveIntegerField(_("windows of the run"), default=1)
    finished_at = models.DateTimeField(_("finished"), null=True)
    error = models.CharField(_("error"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("statistics import")
        verbose_name_plural = _("statistics imports")
        ordering = ["-started_at", "-pk"]
        default_permissions = ("view",)
        permissions = [("run_import", _("Can import statistics"))]
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="mango_import_period")
        ]
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="mango_import_time"),
            models.Index(fields=["account", "kind", "since"], name="mango_import_window"),
        ]

    def __str__(self) -> str:
        since, until = timezone.localtime(self.since), timezone.localtime(self.until)
        return f"{since:%Y-%m-%d %H:%M} - {until:%Y-%m-%d %H:%M}"
