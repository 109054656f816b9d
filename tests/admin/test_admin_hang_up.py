"""Ending calls from the admin, against a running PBX."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from django_mango.models import Account, Call, Command, Employee
from django_mango.sandbox import Sandbox
from django_mango.services import receive
from example_project.crm.models import Contact

from .conftest import hang_up_page, make_call, make_user, page_of, place_page, token_of, told

pytestmark = pytest.mark.django_db(transaction=True)


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def until_talking(pbx: Sandbox, account: Account) -> Call:
    """Take the PBX's notifications as they come until the client talks."""
    end, taken = time.monotonic() + 20, 0
    while time.monotonic() < end:
        sent = pbx.notifications
        for kind, payload in sent[taken:]:
            receive(account, kind, kind, json.dumps(payload).encode())
        taken = len(sent)
        call = Call.objects.filter(state=Call.State.TALKING).first()
        if call:
            return call
        time.sleep(0.01)
    raise AssertionError("nobody answered")


class TestHangUp:
    def test_a_running_call_is_ended_once(
        self, account: Account, anna: User, contact: Contact, pbx: Sandbox
    ) -> None:
        contact.mobile = "8 (916) 555-00-08"  # a number that talks for long
        contact.save()
        client = page_of(anna)
        client.post(place_page(contact), {"token": "t", "choice": "mobile:79165550008"})
        call = until_talking(pbx, account)
        change = reverse("admin:django_mango_call_change", args=[call.pk])
        assert hang_up_page(call) in client.get(change).text
        page = client.get(hang_up_page(call))
        assert "+7 916 555-00-08" in page.text
        form = {"token": token_of(page), "next": change}
        for _ in range(2):
            answer = client.post(hang_up_page(call), form)
            assert answer["Location"] == change
        ended = Command.objects.get(kind=Command.Kind.HANGUP)
        assert ended.status == Command.Status.ACCEPTED
        assert ended.call == call
        until(lambda: "events/summary" in dict(pbx.notifications))
        assert told(client)[-1] == "The call is being ended."

    def test_a_finished_call_says_so(self, account: Account, anna: User) -> None:
        call = make_call(account, "c", employee=Employee.objects.get(user=anna))
        client = page_of(anna)
        page = client.get(hang_up_page(call)).text
        assert "This call is over already." in page
        assert "<button" not in page.split('id="content-main"')[1]
        client.post(hang_up_page(call), {"token": "t"})
        assert not Command.objects.exists()
        assert told(client) == ["The call is over already."]

    def test_without_the_right_the_page_is_forbidden(self, account: Account) -> None:
        client = page_of(make_user("v", "django_mango.view_all_calls"))
        call = make_call(account, "c")
        assert client.get(hang_up_page(call)).status_code == 403
        assert client.post(hang_up_page(call)).status_code == 403

    def test_reading_never_ends_a_call(self, account: Account, anna: User) -> None:
        call = make_call(
            account, "c", employee=Employee.objects.get(user=anna), state=Call.State.TALKING
        )
        assert page_of(anna).get(hang_up_page(call), {"token": "t"}).status_code == 200
        assert not Command.objects.exists()
