"""How many calls a user may place: a stolen password must not become a telephone bill."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import conf
from ..conf import CrmUser
from ..models import Command
from .errors import TooManyCalls

_CAPS = (
    ("CALLS_PER_HOUR", timedelta(hours=1)),
    ("CALLS_PER_DAY", timedelta(days=1)),
)


def refuse_too_many(user: CrmUser | None, now: datetime) -> None:
    """Raise ``TooManyCalls`` where one more call exceeds a cap of the user.

    To be asked in the transaction that writes the command, in line with the user's others.
    The site itself (``None``) has no cap.
    """
    if user is None:
        return
    for name, period in _CAPS:
        most = conf.count(name)
        if most is None:
            continue
        if Command.objects.placed_by(user, now - period).count() >= most:
            raise TooManyCalls(_too_many(name, most), "too_many_calls")


def _too_many(name: str, most: int) -> str:
    if name == "CALLS_PER_HOUR":
        text = ngettext(
            "You have placed %(most)d call within an hour; more are not allowed.",
            "You have placed %(most)d calls within an hour; more are not allowed.",
            most,
        )
    else:
        text = ngettext(
            "You have placed %(most)d call within a day; more are not allowed.",
            "You have placed %(most)d calls within a day; more are not allowed.",
            most,
        )
    return text % {"most": most} if most else _("Placing calls is switched off.")
