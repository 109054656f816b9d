"""Search of the call list: any spelling of a number, never a scan of the whole table."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from ..conf import get
from ..models import Account, Call
from ..protocol import numbers
from ..protocol.numbers import Kind

#: What no index answers (a part of a number, an extension, a SIP address) is
#: looked for in so recent calls only, however large the table is.
RECENT = timedelta(days=92)
_SHORTEST_PART = 3
_LONG_ENOUGH = 10
_DIGITS_AND_SIGNS = re.compile(r"[\d\s()+.\-]+")


def search_calls(
    calls: QuerySet[Call], text: str, named: Callable[[str], Q | None] | None = None
) -> QuerySet[Call]:
    """Calls that ``text`` names.

    A whole number in any spelling is compared exactly and by index, an id of a
    conversation as well. Three digits or more are looked for inside the
    client's number, and as an extension, among calls of the last ``RECENT``. ``named`` gives
    a condition for the calls of clients of that name.
    """
    term = text.strip()
    if not term:
        return calls
    whole = _whole_numbers(term)
    if whole:
        return calls.filter(client_number__in=whole)
    if _DIGITS_AND_SIGNS.fullmatch(term):
        return _by_digits(calls, re.sub(r"\D", "", term))
    by_id = _by_id(calls, term)
    if by_id is not None:
        return by_id
    of_clients = named(term) if named else None
    return _by_sip(calls, term) if of_clients is None else calls.filter(of_clients)


def _whole_numbers(term: str) -> set[str]:
    """What ``term`` means as typed by people here, and as copied from the service."""
    region = get("DEFAULT_REGION", str)
    readings = [numbers.from_text(term, region)]
    if len(term) >= _LONG_ENOUGH:
        # Shorter digits may look like a small country's number and be a part of ours.
        readings.append(numbers.from_service(term, region))
    return {number.e164 for number in readings if number.kind is Kind.E164}


def _by_digits(calls: QuerySet[Call], digits: str) -> QuerySet[Call]:
    if not digits:
        return calls.none()
    found = Q(extension=digits)
    if len(digits) >= _SHORTEST_PART:
        found |= Q(client_number__contains=digits)
    if digits.startswith("8") and len(digits) > _SHORTEST_PART:
        # The Russian long-distance prefix is no part of the number.
        found |= Q(client_number__startswith=f"+7{digits[1:]}")
    return _recent(calls).filter(found)


def _by_id(calls: QuerySet[Call], term: str) -> QuerySet[Call] | None:
    # The unique index begins with the account.
    accounts = list(Account.objects.values_list("pk", flat=True))
    named = calls.filter(account__in=accounts, entry_id=term)
    return named if named.exists() else None


def _by_sip(calls: QuerySet[Call], term: str) -> QuerySet[Call]:
    bare = numbers.canonical_sip(term)
    return _recent(calls).filter(client_number_raw__in=[term, bare, f"sip:{bare}"])


def _recent(calls: QuerySet[Call]) -> QuerySet[Call]:
    return calls.filter(started_at__gte=timezone.now() - RECENT)
