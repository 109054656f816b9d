"""Imports of statistics: one row per requested window."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from ..protocol import codes
from .account import Account
from .record import CallRecord


class StatsImport(models.Model):
    """One requested window of statistics and what came of it.

    Numbers of rows: ``rows`` were read, of which ``new``, ``changed``,
    ``unchanged`` were good and ``bad`` could not be understood. Each window knows the whole
    period of its run: so what a run that died has left is known from any of them.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("requested")
        LOADING = "loading", _("loading")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    class Problem(models.TextChoices):
        """Why a window was not loaded."""

        REFUSED = "refused", _("the PBX refused")
        NOT_SENT = "not_sent", _("the PBX could not be reached")
        LOCKED_OUT = "locked_out", _("the PBX refuses this account for now")
        RATE_LIMITED = "rate_limited", _("too many requests")
        NOT_READY = "not_ready", _("the report was not ready in time")
        GONE = "gone", _("the PBX lost the report twice")
        BROKE_OFF = "broke_off", _("the report broke off before its end")
        UNEXPECTED = "unexpected", _("something else came in place of the report")
        INTERRUPTED = "interrupted", _("the import was interrupted")
        TAKEN_OVER = "taken_over", _("another process took the import over")
        FAULT = "fault", _("a fault of our own")

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
    file_name = models.CharField(
        _("file"), max_length=255, blank=True, help_text=_("Where the rows came from a file.")
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
    reached_at = models.DateTimeField(
        _("loaded up to"),
        null=True,
        help_text=_("The latest start of a call read so far; rows mostly come in this order."),
    )
    started_at = models.DateTimeField(_("started"))
    run_started_at = models.DateTimeField(_("run started"), null=True)
    run_since = models.DateTimeField(_("period of the run from"), null=True)
    run_until = models.DateTimeField(_("period of the run to"), null=True)
    run_position = models.PositiveIntegerField(_("window of the run"), default=1)
    run_windows = models.PositiveIntegerField(_("windows of the run"), default=1)
    finished_at = models.DateTimeField(_("finished"), null=True)
    problem = models.CharField(_("problem"), max_length=20, choices=Problem, blank=True)
    result_code = models.IntegerField(_("result code"), null=True)
    error = models.CharField(_("technical details"), max_length=500, blank=True)

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

    @property
    def why(self) -> str:
        """Why the window failed, one line in the reader's language; empty when it did not."""
        if self.state != self.State.FAILED:
            return ""
        words = str(self.get_problem_display()) if self.problem else self.error
        if self.result_code is None:
            return words
        meaning = codes.meaning(self.result_code, get_language() or "en")
        return f"{words}: {meaning} ({self.result_code})"
