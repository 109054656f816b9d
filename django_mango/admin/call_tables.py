"""What else is known of a call: participants, commands, facts; each for who may view it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.contrib.admin.utils import quote
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..conf import CrmUser
from ..models import Call, CallRecord, Command, Notification, Recording
from ..protocol import notifications
from ..protocol.errors import ReadError
from ..protocol.times import moment_or_none
from ..ui import notices, text
from . import call_text, notification_text, recording_text
from .extended_tables import extended_tables
from .tables import SHOWN, Table, table


def tables_of(call: Call, user: CrmUser, site: str) -> list[Table]:
    """The tables of one call's page on the admin site named ``site``."""
    tables = [_participants(call)]
    keys = _keys(call)
    if keys.rows:  # most calls never see a menu
        tables.append(keys)
    if user.has_perm("django_mango.view_recording"):
        tables.append(_recordings(call, site))
    if user.has_perm("django_mango.view_command"):
        tables.append(_commands(call, user, site))
    if user.has_perm("django_mango.view_notification"):
        tables.append(_notifications(call, site))
    if user.has_perm("django_mango.view_callrecord"):
        extended = extended_tables(call)
        records = _records(call)
        if records.rows or not extended:
            tables.append(records)
        tables += extended
    return tables


def _participants(call: Call) -> Table:
    return table(
        _("Participants"),
        [_("Employee"), _("Role"), _("Rang"), _("Answered"), _("Ended")],
        (
            (
                call_text.party(one),
                one.get_role_display(),
                text.moment(one.rang_at, seconds=True),
                text.moment(one.answered_at, seconds=True),
                text.moment(one.ended_at, seconds=True),
            )
            for one in call.parties.all()
        ),
        empty=_("Nobody of us is known to have taken part."),
    )


def _keys(call: Call) -> Table:
    """Keys pressed in voice menus, in the order of the menus (§3.1.5)."""
    pressed = []
    facts = Notification.objects.filter(account=call.account_id, entry_id=call.entry_id)
    for one in facts.filter(kind="events/dtmf").order_by("received_at", "pk")[: SHOWN + 1]:
        try:
            value = notifications.read(one.kind, one.json)
        except ReadError:  # the journal shows it as it came
            continue
        if isinstance(value, notifications.Dtmf):
            pressed.append(value)
    pressed.sort(key=lambda value: (value.timestamp, value.call_id, value.seq))
    return table(
        _("Keys pressed"),
        [_("When"), _("Keys"), _("Where")],
        (
            (
                text.moment(moment_or_none(value.timestamp), seconds=True),
                value.keys,
                notices.menu(value.location),
            )
            for value in pressed
        ),
    )


def _recordings(call: Call, site: str) -> Table:
    recordings = call.recordings.order_by("started_at", "pk")
    return table(
        _("Recordings"),
        [_("Started"), _("State"), _("Whose talk"), _("Completed"), _("Topics recognised")],
        (
            (
                _link(site, "recording", one.pk, _started(one)),
                recording_text.state(one),
                recording_text.recorded(one),
                text.moment(one.completed_at, seconds=True),
                text.moment(one.tagged_at, seconds=True),
            )
            for one in _of(call, recordings[: SHOWN + 1])
        ),
        empty=_("None."),
    )


def _of(call: Call, recordings: Iterable[Recording]) -> Iterator[Recording]:
    """The recordings with the call that is read already, participants and all."""
    for one in recordings:
        one.call = call
        yield one


def _started(one: Recording) -> str:
    return text.moment(one.started_at, seconds=True) or one.recording_id


def _commands(call: Call, user: CrmUser, site: str) -> Table:
    commands = Command.objects.visible_to(user).filter(call=call).select_related("user")
    return table(
        _("Commands"),
        [_("When"), _("Kind"), _("Status"), _("User")],
        (
            (
                _link(site, "command", one.pk, text.moment(one.created_at, seconds=True)),
                one.get_kind_display(),
                one.get_status_display(),
                one.user or "",
            )
            for one in commands[: SHOWN + 1]
        ),
        empty=_("None."),
    )


def _notifications(call: Call, site: str) -> Table:
    facts = Notification.objects.filter(account=call.account_id, entry_id=call.entry_id)
    return table(
        _("Notifications"),
        [_("Received"), _("What"), _("Leg"), _("Sequence number"), _("Error")],
        (
            (
                _link(site, "notification", one.pk, text.moment(one.received_at, seconds=True)),
                notification_text.what_and_kind(one),
                one.call_id,
                "" if one.seq is None else one.seq,
                one.error,
            )
            for one in notification_text.for_list(facts).order_by("received_at", "pk")[: SHOWN + 1]
        ),
        empty=_("None: the call is known from statistics only."),
    )


def _records(call: Call) -> Table:
    rows = CallRecord.objects.filter(
        account=call.account_id, entry_id=call.entry_id, kind=CallRecord.Kind.BASIC
    )
    return table(
        _("Rows of statistics"),
        [
            _("From"),
            _("To"),
            _("Line"),
            _("Location"),
            _("Started"),
            _("Answered"),
            _("Finished"),
            _("End reason"),
            _("Recordings"),
        ],
        (
            (
                _side(one.from_extension, one.from_number),
                _side(one.to_extension, one.to_number),
                one.line_number,
                one.location,
                text.moment(one.started_at, seconds=True),
                text.moment(one.answered_at, seconds=True),
                text.moment(one.finished_at, seconds=True),
                call_text.end_reason(one.disconnect_reason),
                len(one.recording_ids) or "",
            )
            for one in rows.order_by("started_at", "pk")[: SHOWN + 1]
        ),
        empty=_("None yet: statistics have not been imported for this time."),
    )


def _side(extension: str, number: str) -> str:
    return " ".join(filter(None, (extension, number)))


def _link(site: str, model: str, pk: int, label: str) -> SafeString:
    url = reverse(f"{site}:django_mango_{model}_change", args=[quote(pk)])
    return format_html('<a href="{}">{}</a>', url, label)
