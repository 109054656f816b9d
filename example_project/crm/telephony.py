"""What the card of an incoming call says besides the client's name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from .models import Contact, Deal

_DONE = (Deal.Stage.WON, Deal.Stage.LOST)


def card_of(user: Any, call: Any, clients: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Company, responsible and open deals of the contacts this number belongs to."""
    for contact in clients:
        if not isinstance(contact, Contact):
            continue
        if contact.company:
            yield _("Company"), contact.company.name
        if contact.responsible:
            yield _("Responsible"), contact.responsible.get_full_name() or str(contact.responsible)
        if user.has_perm("crm.view_deal"):
            deals = contact.deals.exclude(stage__in=_DONE).count()
            yield _("Open deals"), str(deals)
