"""Calls: the projection of all facts of one conversation, and who of us took part."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connections, models, router, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from ..conf import CrmUser
from . import scope
from .account import Account
from .command import Command
from .directory import Employee
from .fields import ID_LENGTH, PbxIdField
from .indexes import PartialIndex

#: One by one: in a list of bound values SQLite does not see that the index of live calls serves.
_LIVE = Q(state="ringing") | Q(state="talking") | Q(state="on_hold")


class CallQuerySet(models.QuerySet["Call"]):
    """Vocabulary of calls; ``visible_to`` is the one rule of scope."""

    def visible_to(self, user: CrmUser) -> CallQuerySet:
        """Calls ``user`` may see: his own, those of his team, or all (``models.scope``).

        Own are the calls he took part in, by any of his extensions at the time of
        the call, and those he placed. Calls of people who are nobody in the CRM belong to
        ``MANGO["UNMAPPED_CALLS_TO"]``, where that is set.
        """
        if scope.sees_all(user):
            return self.all()
        users = scope.watched_users(user)
        if users is None:
            return self.none()
        people = scope.visible_employees(user).order_by().values("pk")
        # Each of the three finds its rows by an index; one condition with OR finds them by none.
        mine = CallParty.objects.filter(employee__in=people).order_by().values("call")
        owned = Call.objects.filter(employee__in=people).order_by().values("pk")
        placed = _placed_by(users)
        if scope.takes_unmapped(user):
            unmapped = Call.objects.filter(Q(employee=None) | Q(employee__user=None))
            return self.filter(pk__in=mine.union(owned, placed, unmapped.order_by().values("pk")))
        return self.filter(pk__in=mine.union(owned, placed))

    def visible_row_by_row(self, user: CrmUser) -> CallQuerySet:
        """The same calls as ``visible_to``, by a condition that is asked of each row.

        For who has very many calls and looks at the latest: the list is read in its order until
        the page is full, instead of gathering all that is his.
        """
        users = None if scope.sees_all(user) else scope.watched_users(user)
        if users is None:
            return self.visible_to(user)
        people = scope.visible_employees(user).order_by().values("pk")
        took_part = CallParty.objects.filter(call=OuterRef("pk"), employee__in=people)
        chosen = get_user_model()._default_manager.filter(users).order_by().values("pk")
        placed = Command.objects.filter(pk=OuterRef("command"), user__in=chosen)
        seen = Q(employee__in=people) | Q(Exists(took_part)) | Q(Exists(placed))
        if scope.takes_unmapped(user):
            mapped = Employee.objects.filter(pk=OuterRef("employee")).exclude(user=None)
            seen |= Q(~Exists(mapped))
        return self.filter(seen)

    def owned_by_people_of(self, user: CrmUser) -> CallQuerySet:
        """Those calls ``user`` may see whose employee is his: by an index alone, but not all."""
        if scope.sees_all(user):
            return self.all()
        return self.filter(employee__in=scope.visible_employees(user).order_by().values("pk"))

    def live(self) -> CallQuerySet:
        """Calls that go on now, as far as we know."""
        return self.filter(_LIVE)

    def missed(self) -> CallQuerySet:
        """Final calls nobody took and somebody has to return; settled ones too."""
        return self.filter(is_missed=True)

    def talks(self) -> CallQuerySet:
        """Calls in which the client and a person talk or talked.

        An answering machine answers too; such a call ends with another outcome.
        """
        return self.filter(outcome__in=OUTCOMES_OF_TALKS).exclude(answered_at=None)

    def unresolved(self) -> CallQuerySet:
        """Missed calls that neither a talk nor a person settled."""
        return self.missed().filter(missed_resolved_at=None, work__closed_at=None)

    def between(self, since: datetime, until: datetime) -> CallQuerySet:
        """Calls that started in the half-open period."""
        return self.filter(started_at__gte=since, started_at__lt=until)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete them with all that hangs on them, when nobody writes to one of them any more.

        Whoever writes a participant holds the lock of its call; no constraint checks the rest.
        """
        using = router.db_for_write(Call)
        if not connections[using].features.has_select_for_update:  # then there is one writer
            return super().delete()
        with transaction.atomic(using=using):
            chosen = self.order_by().values("pk")
            locked = Call.objects.using(using).filter(pk__in=chosen).order_by("account", "entry_id")
            list(locked.select_for_update().values_list("pk"))
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class Call(models.Model):
    """One conversation (``entry_id``), whatever number of legs it had.

    Every column is computed from facts by ``protocol.projection`` and can be
    computed again at any time; nothing else writes here.
    """

    class Direction(models.TextChoices):
        INCOMING = "incoming", _("incoming")
        OUTGOING = "outgoing", _("outgoing")
        INTERNAL = "internal", _("internal")
        UNKNOWN = "unknown", _("unknown")

    class State(models.TextChoices):
        RINGING = "ringing", _("ringing")
        TALKING = "talking", _("talking")
        ON_HOLD = "on_hold", _("on hold")
        FINISHED = "finished", _("finished")

    class Outcome(models.TextChoices):
        ANSWERED = "answered", _("answered")
        MISSED = "missed", _("missed")
        BUSY = "busy", _("busy")
        NO_ANSWER = "no_answer", _("no answer")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    class Reached(models.TextChoices):
        IVR = "ivr", _("voice menu")
        QUEUE = "queue", _("queue")
        PERSON = "person", _("person")

    # No constraints here and of participants where ``services.holding`` sees to what they would:
    # checking each row of millions is what an import would wait for most. That of ``employee``
    # stays, so that nobody is deleted past Django whose calls there are.
    account = models.ForeignKey(
        Account,
        models.CASCADE,
        related_name="calls",
        db_constraint=False,
        db_index=False,  # the unique key begins with it
        verbose_name=_("PBX account"),
    )
    entry_id = PbxIdField(_("conversation id"), max_length=ID_LENGTH)
    direction = models.CharField(
        _("direction"), max_length=10, choices=Direction, default=Direction.UNKNOWN
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RINGING)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True)
    client_number = models.CharField(_("client"), max_length=16, blank=True)
    client_number_raw = PbxIdField(_("client as sent"), max_length=ID_LENGTH, blank=True)
    line_number = PbxIdField(_("line"), max_length=ID_LENGTH, blank=True)
    employee = models.ForeignKey(
        Employee,
        models.SET_NULL,
        null=True,
        related_name="calls",
        db_index=False,  # an index of its own begins with it
        verbose_name=_("employee"),
    )
    extension = PbxIdField(_("extension"), max_length=ID_LENGTH, blank=True)
    started_at = models.DateTimeField(_("started"), null=True)
    answered_at = models.DateTimeField(_("answered at"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    wait_seconds = models.PositiveIntegerField(_("wait, s"), null=True)
    talk_seconds = models.PositiveIntegerField(_("talk, s"), null=True)
    disconnect_reason = models.CharField(_("end reason"), max_length=ID_LENGTH, blank=True)
    live_call_id = PbxIdField(_("leg a hang-up names"), max_length=ID_LENGTH, blank=True)
    reached = models.CharField(_("reached"), max_length=6, choices=Reached, blank=True)
    legs = models.JSONField(_("open legs"), default=list)
    group_number = PbxIdField(_("group"), max_length=ID_LENGTH, blank=True)
    command = models.ForeignKey(
        "Command",
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,  # mango_call_command is one of those calls that have any
        verbose_name=_("command that placed the call"),
    )
    is_final = models.BooleanField(_("final"), default=False)
    is_missed = models.BooleanField(
        _("missed"),
        default=False,
        help_text=_("Final, and somebody has to call back."),
    )
    missed_resolved_at = models.DateTimeField(_("settled at"), null=True)
    missed_resolved_by = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        related_name="resolved_missed",
        db_index=False,  # mango_call_settler is one of those calls that have any
        verbose_name=_("settled by the call"),
    )
    participants = models.JSONField(
        default=dict,
        editable=False,
        help_text=_("Digest of each participant row, so that unchanged ones cost no query."),
    )
    sources = models.CharField(
        _("confirmed by"),
        max_length=60,
        blank=True,
        help_text=_("Which kinds of facts know this call, the most trusted first."),
    )
    projection_version = models.PositiveSmallIntegerField(default=0)
    stale_closed_at = models.DateTimeField(_("closed as stale"), null=True)
    facts_purged_at = models.DateTimeField(_("facts deleted"), null=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ["-started_at", "-pk"]
        default_permissions = ("view",)
        permissions = [
            ("view_team_calls", _("Can view the calls of the team")),
            ("view_all_calls", _("Can view the calls of all")),
            ("view_dashboard", _("Can view the dashboard")),
            ("place_call", _("Can place calls")),
            ("place_call_for_others", _("Can place calls from the phones of others")),
            ("hang_up", _("Can end own calls")),
            ("hang_up_any", _("Can end the calls of others")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "entry_id"], name="mango_call_entry")
        ]
        # Each index is written for each call of an import that it has a row of: those that only
        # few calls are looked for by have these alone.
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="mango_call_time"),
            models.Index(fields=["client_number", "-started_at"], name="mango_call_client"),
            # The next talk of a client, and his missed calls that are open: without these an
            # import reads all calls of its most faithful clients for every batch.
            PartialIndex(
                fields=["client_number", "answered_at"],
                name="mango_call_talk",
                rows=Q(answered_at__isnull=False),
            ),
            PartialIndex(
                fields=["client_number", "is_missed", "missed_resolved_at"],
                name="mango_call_settled",
                rows=Q(is_missed=True) | Q(missed_resolved_at__isnull=False),
            ),
            models.Index(fields=["employee", "-started_at", "-id"], name="mango_call_owner"),
            PartialIndex(fields=["state", "-started_at"], name="mango_call_state", rows=_LIVE),
            PartialIndex(
                fields=["is_missed", "-started_at"],
                name="mango_call_missed",
                rows=Q(is_missed=True),
            ),
            PartialIndex(
                fields=["command"], name="mango_call_command", rows=Q(command__isnull=False)
            ),
            PartialIndex(
                fields=["missed_resolved_by"],
                name="mango_call_settler",
                rows=Q(missed_resolved_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        who = self.client_number or self.client_number_raw or self.extension or self.entry_id
        return f"{self.get_direction_display()} {who}"

    @property
    def is_talk(self) -> bool:
        """Whether the client and a person talk or talked; see ``CallQuerySet.talks``."""
        return self.answered_at is not None and self.outcome in OUTCOMES_OF_TALKS

    @property
    def is_live(self) -> bool:
        """Whether the call goes on, as far as we know."""
        return self.state != self.State.FINISHED

    def delete(self, *arguments: Any, **options: Any) -> tuple[int, dict[str, int]]:
        """Under the lock of the call; see ``CallQuerySet.delete``."""
        using = options.get("using") or router.db_for_write(Call, instance=self)
        with transaction.atomic(using=using):
            Call.objects.using(using).filter(pk=self.pk).update(entry_id=F("entry_id"))
            return super().delete(*arguments, **options)


#: While a call goes on it has no outcome.
OUTCOMES_OF_TALKS = ("", Call.Outcome.ANSWERED)


def _placed_by(users: Q) -> models.QuerySet[Call, Any]:
    """Keys of the calls that commands of these users placed."""
    chosen = get_user_model()._default_manager.filter(users).order_by().values("pk")
    return Call.objects.filter(command__user__in=chosen).order_by().values("pk")


class CallParty(models.Model):
    """Who of us rang or talked in a call; written by the projection only."""

    class Role(models.TextChoices):
        CALLER = "caller", _("caller")
        CALLEE = "callee", _("called")

    call = models.ForeignKey(
        Call,
        models.CASCADE,
        related_name="parties",
        db_constraint=False,  # written under the lock of the call only
        db_index=False,  # the unique key begins with it
        verbose_name=_("call"),
    )
    # A copy of the call's account.
    account = models.ForeignKey(
        Account, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    employee = models.ForeignKey(
        Employee,
        models.SET_NULL,
        null=True,
        db_constraint=False,  # held by who writes it
        db_index=False,  # mango_party_calls begins with it
        related_name="call_parties",
        verbose_name=_("employee"),
    )
    extension = PbxIdField(_("extension"), max_length=ID_LENGTH, blank=True)
    number = PbxIdField(
        _("SIP address"),
        max_length=ID_LENGTH,
        blank=True,
        help_text=_("Only where the extension is unknown."),
    )
    role = models.CharField(_("role"), max_length=6, choices=Role)
    rang_at = models.DateTimeField(_("rang"), null=True)
    answered_at = models.DateTimeField(_("answered at"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        ordering = ["rang_at", "pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["call", "extension", "number"], name="mango_party_identity"
            )
        ]
        # The calls somebody took part in, found in the index alone.
        indexes = [models.Index(fields=["employee", "call"], name="mango_party_calls")]

    def __str__(self) -> str:
        return str(self.employee or self.extension or self.number)
