"""What users chose on their page "My telephony", and what they have seen."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from ..conf import CrmUser
from ..models import Account, Line, Preference
from .errors import UserError


def preference_of(user: CrmUser) -> Preference:
    """The user's choices; an unsaved row with the defaults for who has not chosen."""
    found = Preference.objects.select_related("line").filter(user=user.pk).first()
    return found or Preference(user_id=user.pk)


def choose_notifications(user: CrmUser, notifications: str) -> Preference:
    """Set what pages show by themselves; empty: as the site has it.

    Raises ``UserError`` for an unknown word.
    """
    if notifications not in ("", *Preference.Notifications.values):
        raise UserError(f"{notifications[:20]!r}: on, silent, off", "unknown")
    return _write(user, notifications=notifications)


def choose_line(user: CrmUser, line: Line | None) -> Preference:
    """Set the line the user's clicks call through; ``None``: the one the PBX gives him."""
    return _write(user, line=line)


def see_missed(user: CrmUser, until: datetime) -> None:
    """Remember that the user has seen his missed calls up to this moment; never backwards."""
    _write(user)
    earlier = Q(missed_seen_at=None) | Q(missed_seen_at__lt=until)
    Preference.objects.filter(earlier, user=user.pk).update(missed_seen_at=until)


def line_of(user: CrmUser | None, account: Account) -> str:
    """The line this user chose in this PBX, as a command names it; empty without a choice."""
    if user is None:
        return ""
    chosen = Line.objects.filter(
        account=account, is_active=True, preference_of_users__user=user.pk
    ).first()
    if chosen is None:
        return ""
    # A SIP line is named, a city line is its number (Q87).
    return chosen.name if chosen.number.startswith("sip:") and chosen.name else chosen.number


def _write(user: CrmUser, **values: object) -> Preference:
    row, _is_new = Preference.objects.update_or_create(user_id=user.pk, defaults=values)
    return row
