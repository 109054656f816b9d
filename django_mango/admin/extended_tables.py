"""The extended statistics of a call: the conversation with its costs, its legs, their people."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ..models import Call, CallRecord
from ..services.bulk import extended_of
from ..ui import text
from . import call_text
from .tables import SHOWN, Table, table

_DIRECTIONS = {
    1: Call.Direction.INCOMING.label,
    2: Call.Direction.OUTGOING.label,
    3: Call.Direction.INTERNAL.label,
}
_SUCCESS = {
    0: pgettext_lazy("a conversation", "unsuccessful"),
    1: pgettext_lazy("a conversation", "successful"),
}
#: How the conversation was begun (§3.4.2.3).
_ORIGINS = {
    0: _("by an employee, from any device"),
    1: _("by an employee, from a SIP phone to a number"),
    2: _("by an employee, to a SIP phone"),
    3: _("by an employee, from the contact centre"),
    4: _("ordered call"),
    5: _("ordered through the widget on the site"),
    6: _("call-back or automatic redial of a group"),
}
_CALLED_BACK = {
    0: _("in vain"),
    1: pgettext_lazy("called back", "yes"),
    2: pgettext_lazy("called back", "no"),
}
_KINDS = {
    "number": pgettext_lazy("what was rung", "number"),
    "user": pgettext_lazy("what was rung", "employee"),
    "group": pgettext_lazy("what was rung", "group"),
    "conference": pgettext_lazy("what was rung", "conference"),
}
Word = str | Promise


def extended_tables(call: Call) -> list[Table]:
    """Two tables, none where the extended statistics have not told of the call."""
    rows = CallRecord.objects.filter(
        account=call.account_id, entry_id=call.entry_id, kind=CallRecord.Kind.EXTENDED
    )
    found = list(rows.order_by("pk")[: SHOWN + 2])
    heads = [row for row in found if row.level == CallRecord.Level.CONVERSATION]
    legs = sorted((row for row in found if row not in heads), key=_place)
    return ([_conversation(heads)] if heads else []) + ([_legs(legs)] if legs else [])


def money(amount: Decimal | None) -> str:
    """A cost in the currency of the account, with kopecks, and with what is below them."""
    if amount is None:
        return ""
    exact = amount.quantize(Decimal("0.01"))
    return formats.number_format(exact if exact == amount else amount.normalize())


def _conversation(rows: list[CallRecord]) -> Table:
    return table(
        _("Extended statistics"),
        [
            _("Direction"),
            _("Result"),
            _("How it began"),
            _("Duration"),
            _("Talk"),
            _("Called back"),
            _("Cost"),
            _("Full cost"),
            _("Cost without services"),
            _("Comment"),
        ],
        (
            (
                _word(_DIRECTIONS, one.context_type),
                _word(_SUCCESS, one.context_status),
                _word(_ORIGINS, one.init_type),
                text.duration(one.duration_seconds),
                text.duration(one.talk_seconds),
                _word(_CALLED_BACK, one.recall_status),
                money(one.cost),
                money(one.cost_full),
                money(one.cost_tariff),
                (one.details or {}).get("call_comment", ""),
            )
            for one in rows
        ),
    )


def _legs(rows: list[CallRecord]) -> Table:
    return table(
        _("Legs by extended statistics"),
        [
            _("What was rung"),
            _("Who"),
            _("Number"),
            _("Started"),
            _("Answered"),
            _("Finished"),
            _("Talk"),
            _("End reason"),
            _("Recordings"),
        ],
        (
            (
                _kind(one),
                extended_of(one).name,
                text.phone(one.to_number) if one.to_number else "",
                text.moment(one.started_at, seconds=True),
                text.moment(one.answered_at, seconds=True),
                text.moment(one.finished_at, seconds=True),
                text.duration(one.talk_seconds),
                call_text.end_reason(one.disconnect_reason),
                len(one.recording_ids) or "",
            )
            for one in rows
        ),
    )


def _kind(row: CallRecord) -> str:
    """What was rung; the members of a group stand below it, moved to the right."""
    word = str(_KINDS.get(row.abonent_type or "", row.abonent_type or ""))
    return f"– {word}" if row.level == CallRecord.Level.MEMBER else word


def _word(words: Mapping[int, Word], code: int | None) -> Word:
    """The word for a code; codes nobody knows are shown as they are (Q47)."""
    return "" if code is None else words.get(code, str(code))


def _place(row: CallRecord) -> list[int]:
    return [int(step) for step in (row.path or "").split(".") if step.isdigit()]
