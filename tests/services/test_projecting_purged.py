"""A call whose facts were deleted is never computed into less."""

from __future__ import annotations

import pytest
from django.utils import timezone

from django_mango.models import Account, Call, Notification
from django_mango.services import receive

pytestmark = pytest.mark.django_db

_TALK = (
    b'{"entry_id":"E1","call_direction":1,"from":{"number":"79161234567"},'
    b'"to":{"extension":"101"},"line_number":"74951234567","create_time":1748090000,'
    b'"talk_time":1748090005,"end_time":1748090065,"entry_result":1,"disconnect_reason":1110}'
)
_LATE = (
    b'{"entry_id":"E1","call_id":"L1","seq":1,"timestamp":1748090000,"call_state":"Appeared",'
    b'"location":"ivr","from":{"number":"79161234567"},"to":{"number":"74951234567"}}'
)


def test_a_late_event_leaves_a_purged_call_as_it_is() -> None:
    account = Account.objects.create(alias="purged")
    receive(account, "events/summary", "events/summary", _TALK)
    call = Call.objects.get()
    assert (call.outcome, call.talk_seconds) == ("answered", 60)
    Notification.objects.all().delete()
    Call.objects.update(facts_purged_at=timezone.now())

    receive(account, "events/call", "events/call", _LATE)

    call.refresh_from_db()
    assert (call.outcome, call.talk_seconds, call.is_final) == ("answered", 60, True)
    assert Notification.objects.get().processed_at is not None
