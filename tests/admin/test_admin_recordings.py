"""Recordings in the admin: only of calls one may see, their state in words; keys pressed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_mango.models import Account, Call, CallParty, Employee, Recording
from django_mango.services import receive

from .conftest import MANAGER, SUPERVISOR, make_call, make_employee, make_user, page_of

LIST = "/admin/django_mango/recording/"
VIEW = "django_mango.view_recording"


def make_recording(account: Account, name: str, call: Call | None, **fields: Any) -> Recording:
    entry = call.entry_id if call else "not known"
    return Recording.objects.create(
        account=account, recording_id=name, entry_id=entry, call=call, **fields
    )


def listed(user: User, **query: str) -> list[str]:
    answer = page_of(user).get(LIST, query)
    assert answer.status_code == 200
    return [one.recording_id for one in answer.context["cl"].result_list]


def change(one: Recording | Call) -> str:
    return reverse(f"admin:django_mango_{one._meta.model_name}_change", args=[one.pk])


@pytest.fixture
def seller(account: Account) -> User:
    """A manager who may view recordings."""
    user = make_user("seller", *MANAGER, VIEW)
    make_employee(account, "Seller", "110", user)
    return user


class TestScope:
    def test_only_recordings_of_calls_one_may_see(
        self, account: Account, seller: User, maria: User
    ) -> None:
        own = make_call(account, "own", employee=Employee.objects.get(user=seller))
        foreign = make_recording(account, "foreign", make_call(account, "other"))
        orphan = make_recording(account, "orphan", None)
        mine = make_recording(account, "mine", own)
        assert listed(seller) == ["mine"]
        assert listed(seller, call="unknown") == []
        assert listed(seller, q="foreign") == []
        assert set(listed(maria)) == {"mine", "foreign"}
        assert listed(maria, call="unknown") == ["orphan"]
        client = page_of(seller)
        assert client.get(change(mine)).status_code == 200
        for hidden in (foreign, orphan):
            assert client.get(change(hidden)).status_code == 302
            assert page_of(maria).get(change(hidden)).status_code == 200

    def test_the_right_to_recordings_shows_no_calls(self, account: Account) -> None:
        make_recording(account, "r", make_call(account, "c"))
        assert listed(make_user("blind", VIEW)) == []

    def test_calls_do_not_show_recordings_without_the_right(
        self, account: Account, anna: User
    ) -> None:
        call = make_call(account, "c", employee=Employee.objects.get(user=anna))
        one = make_recording(account, "r", call)
        client = page_of(anna)
        assert change(one) not in client.get(change(call)).text
        assert client.get(LIST).status_code == 403
        assert client.get(change(one)).status_code == 403


def test_the_call_shows_its_recordings_in_words(account: Account, maria: User) -> None:
    call = make_call(account, "c", employee=Employee.objects.get(user=maria), extension="100")
    stored = make_recording(account, "a", call, state="available", extension="100")
    make_recording(account, "b", call, state="missing", completion_code=4002)
    make_recording(account, "<script>", call)
    for page in (change(call), LIST):
        text = page_of(maria).get(page).text
        assert "there is none: too short (4002)" in text
        assert "available" in text
        assert "Maria Sokolova 100" in text
        assert "<script>" not in text  # the pages' own have attributes
    assert ">&lt;script&gt;</a>" in page_of(maria).get(change(call)).text
    assert change(stored) in page_of(maria).get(change(call)).text


def test_the_journal_is_in_the_order_of_the_calls(account: Account, maria: User) -> None:
    for hours in (2, 1, 3):
        started = timezone.now() - timedelta(hours=hours)
        make_recording(
            account, f"{hours} h ago", make_call(account, str(hours), started_at=started)
        )
    assert listed(maria) == ["1 h ago", "2 h ago", "3 h ago"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("rec-1", ["rec-1"]),
        ("entry-1", ["rec-1"]),
        ("8 (916) 123-45-67", ["rec-1"]),
        ("orphan", ["orphan"]),
        ("rec-", []),
        ("+79990000000", []),
    ],
)
def test_search_by_id_and_by_number(
    account: Account, maria: User, query: str, found: list[str]
) -> None:
    make_recording(account, "rec-1", make_call(account, "entry-1"))
    make_recording(account, "rec-2", make_call(account, "entry-2", client_number="+74950000000"))
    make_recording(account, "orphan", None)
    assert listed(maria, q=query) == found


def test_filters_by_state_and_by_the_time_of_the_call(account: Account, maria: User) -> None:
    old = make_call(account, "old", started_at=timezone.now() - timedelta(days=90))
    make_recording(account, "old", old, state="available")
    make_recording(account, "new", make_call(account, "new"))
    assert listed(maria, period="week") == ["new"]
    assert listed(maria, state__exact="available") == ["old"]


def test_the_journal_costs_the_same_however_many_rows(account: Account, maria: User) -> None:
    client = page_of(maria)

    def add(number: int) -> None:
        call = make_call(
            account,
            f"c{number}",
            direction=Call.Direction.INTERNAL,
            client_number="",
            client_number_raw="",
            employee=make_employee(account, f"E{number}", str(300 + number), None),
        )
        CallParty.objects.create(
            call=call,
            account=account,
            employee=make_employee(account, f"F{number}", str(400 + number), None),
            extension=str(400 + number),
            role=CallParty.Role.CALLER,
        )
        make_recording(account, f"r{number}", call, extension=str(400 + number))

    def price(page: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page).status_code == 200
        return len(queries)

    add(0)
    one = price(LIST)
    for number in range(1, 6):
        add(number)
    assert price(LIST) == one
    assert "F5 405" in client.get(LIST).text
    call = Call.objects.get(entry_id="c0")
    price(change(call))  # the first look of a process learns the type of its content
    before = price(change(call))
    for number in range(5):
        make_recording(account, f"more {number}", call, extension="400")
    assert price(change(call)) == before


class TestKeys:
    def test_keys_pressed_stand_on_the_page_of_the_call(self, account: Account, anna: User) -> None:
        call = make_call(account, "c", employee=Employee.objects.get(user=anna))
        for seq, keys, place in ((2, "<i>12", "ivr.2"), (1, "2", "ivr")):
            body = {
                "entry_id": "c",
                "call_id": "leg",
                "seq": seq,
                "timestamp": 1_700_000_000,
                "dtmf": keys,
                "location": place,
            }
            receive(account, "events/dtmf", "default/events/dtmf", json.dumps(body).encode())
        receive(account, "events/dtmf", "default/events/dtmf", b'{"entry_id":"c",')
        page = page_of(anna).get(change(call)).text
        table = page.split("<h2>Keys pressed</h2>")[1].split("</section>")[0]
        assert table.index("<td>2</td>") < table.index("<td>&lt;i&gt;12</td>")
        assert "the menu ivr.2" in table
        assert "<h2>Notifications</h2>" not in page

    def test_most_calls_have_none(self, account: Account) -> None:
        call = make_call(account, "c")
        client = page_of(make_user("s", *SUPERVISOR))
        assert "Keys pressed" not in client.get(change(call)).text
