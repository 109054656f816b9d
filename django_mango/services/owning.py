"""Giving calls their owner after the fact: the directory learnt whose an address was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import Q, QuerySet

from ..models import Account, Call, CallParty, EmployeeAddress
from .rebuilding import rebuild_calls

_PART = 500


def calls_without_owner(account: Account, addresses: Iterable[tuple[str, str]]) -> QuerySet[Call]:
    """Calls one of these addresses (kind, value) took part in, with nobody behind it."""
    values: dict[str, list[str]] = {}
    for kind, value in addresses:
        values.setdefault(kind, []).append(value)
    extensions = values.get(EmployeeAddress.Kind.EXTENSION, [])
    numbers = values.get(EmployeeAddress.Kind.SIP, []) + [
        form
        for number in values.get(EmployeeAddress.Kind.NUMBER, [])
        for form in (number, number.removeprefix("+"))
    ]
    # SIP addresses are kept as sent, with their scheme.
    numbers += [f"sip:{one}" for one in numbers if "@" in one]
    parties = CallParty.objects.filter(account=account, employee=None).filter(
        Q(extension__in=extensions) | Q(extension="", number__in=numbers)
    )
    return Call.objects.filter(pk__in=parties.values("call"), facts_purged_at=None)


def own_calls(account: Account, addresses: Iterable[tuple[str, str]]) -> int:
    """Compute these calls anew, so that they get their owners; how many changed.

    In parts, each committed by itself: an interruption leaves the rest for a rebuild.
    """
    found = calls_without_owner(account, addresses).order_by("entry_id")
    changed = 0
    for part in _parts(list(found.values_list("entry_id", flat=True))):
        changed += rebuild_calls(account, entry_ids=part).changed
    return changed


def _parts(entry_ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(entry_ids), _PART):
        yield entry_ids[start : start + _PART]
