"""The cards of the strip: who rings, in which step a call is, what was missed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.utils import timezone

from django_mango.models import (
    Account,
    Call,
    CallParty,
    CallWork,
    Command,
    Employee,
    Line,
    Preference,
)
from example_project.crm.models import Contact
from tests.admin.conftest import make_call, make_employee, make_user, page_of

from .conftest import asked, callback, grant, leg, live_call, ring

pytestmark = pytest.mark.django_db


class TestIncoming:
    def test_the_card(
        self, account: Account, anna: User, anna_at: Employee, contact: Contact
    ) -> None:
        Line.objects.create(account=account, number="74951234567", name="Main")
        before = make_call(account, "old", employee=anna_at, extension="101")
        CallWork.objects.create(call=before, note="Wants a discount")
        call = live_call(account, "e1", legs=[leg("101")])
        ring(call, anna_at, "101")
        told = asked(page_of(anna), site="admin")
        (card,) = told["ringing"]
        assert card["who"] == "Sergey Orlov"
        assert card["number"] == "+7 916 123-45-67"
        assert card["clients"] == [
            {
                "name": "Sergey Orlov",
                "kind": "contact",
                "url": f"/admin/crm/contact/{contact.pk}/change/",
            }
        ]
        assert card["line"] == "Main"
        assert card["words"] == "rings your phone 101"
        assert "answered" in card["last"]["words"]
        assert card["last"]["note"] == "Wants a discount"
        assert card["url"] == f"/admin/django_mango/call/{call.pk}/change/"
        assert card["create"] == []
        assert told["running"] == []

    def test_it_vanishes_when_a_colleague_took_it(
        self, account: Account, anna: User, anna_at: Employee, petr: User, petr_at: Employee
    ) -> None:
        call = live_call(account, "e1", legs=[leg("101"), leg("102")])
        mine = ring(call, anna_at, "101")
        his = ring(call, petr_at, "102")
        assert len(asked(page_of(anna))["ringing"]) == 1
        now = timezone.now()
        CallParty.objects.filter(pk=mine.pk).update(ended_at=now)
        CallParty.objects.filter(pk=his.pk).update(answered_at=now)
        Call.objects.update(
            state=Call.State.TALKING, answered_at=now, legs=[leg("102", "Connected")]
        )
        told = asked(page_of(anna))
        assert (told["running"], told["ringing"]) == ([], [])
        (card,) = asked(page_of(petr))["running"]
        assert card["step"] == "talking"

    def test_unknown_numbers_may_be_saved(
        self, account: Account, anna: User, anna_at: Employee
    ) -> None:
        call = live_call(account, "e1", client_number="+79990001122")
        ring(call, anna_at, "101")
        assert asked(page_of(anna), site="admin")["ringing"][0]["create"] == []
        grant(anna, "crm.add_contact")
        (form,) = asked(page_of(anna), site="admin")["ringing"][0]["create"]
        assert form["name"] == "Save as: contact"
        assert form["url"] == "/admin/crm/contact/add/?phone=%2B79990001122"

    def test_clients_one_may_not_view_are_numbers(self, account: Account, contact: Contact) -> None:
        user = make_user("x", "django_mango.view_call")
        employee = make_employee(account, "X", "109", user)
        ring(live_call(account, "e1"), employee, "109")
        (card,) = asked(page_of(user))["ringing"]
        assert card["who"] == "+7 916 123-45-67"
        assert "Orlov" not in json.dumps(card)

    @pytest.mark.parametrize("site", ["admin", "", "another"])
    def test_rows_the_admin_hides_are_hidden_wherever_one_asks_from(
        self,
        account: Account,
        anna: User,
        anna_at: Employee,
        contact: Contact,
        monkeypatch: pytest.MonkeyPatch,
        site: str,
    ) -> None:
        contacts = admin.site.get_model_admin(Contact)
        monkeypatch.setattr(contacts, "get_queryset", lambda request: Contact.objects.none())
        ring(live_call(account, "e1"), anna_at, "101")
        (card,) = asked(page_of(anna), site=site)["ringing"]
        assert "Orlov" not in json.dumps(card)

    def test_mistakes_of_the_host_leave_the_number(
        self, account: Account, anna: User, anna_at: Employee, contact: Contact, settings: Any
    ) -> None:
        settings.MANGO = {**settings.MANGO, "VISIBLE_CLIENTS": lambda user, objects: 1 / 0}
        ring(live_call(account, "e1"), anna_at, "101")
        assert asked(page_of(anna))["ringing"][0]["who"] == "+7 916 123-45-67"

    def test_a_withheld_number_and_a_colleague(
        self, account: Account, anna: User, anna_at: Employee, petr_at: Employee
    ) -> None:
        hidden = live_call(account, "e1", client_number="", client_number_raw="")
        ring(hidden, anna_at, "101")
        inside = live_call(
            account, "e2", client_number="", client_number_raw="", direction="internal"
        )
        ring(inside, anna_at, "101")
        ring(inside, petr_at, "102", role=CallParty.Role.CALLER)
        who = {card["id"]: card["who"] for card in asked(page_of(anna))["ringing"]}
        assert who == {
            f"call-{hidden.pk}": "number withheld",
            f"call-{inside.pk}": "Petr Ivanov 102",
        }

    def test_lines_of_the_hosts_own(
        self, account: Account, anna: User, anna_at: Employee, contact: Contact, settings: Any
    ) -> None:
        settings.MANGO = {
            **settings.MANGO,
            "CARD_OF": lambda user, call, clients: [("Company", clients[0].company)],
        }
        ring(live_call(account, "e1"), anna_at, "101")
        assert asked(page_of(anna))["ringing"][0]["facts"] == [["Company", "Vector"]]
        settings.MANGO = {**settings.MANGO, "CARD_OF": lambda user, call, clients: 1 / 0}
        assert asked(page_of(anna))["ringing"][0]["facts"] == []


class TestSteps:
    @pytest.mark.parametrize(
        ("legs", "state", "part", "step"),
        [
            ([leg("101", is_first=True)], "ringing", {}, "calling_you"),
            ([leg("101", "Connected", is_first=True)], "ringing", {}, "calling_them"),
            ([leg("101")], "ringing", {}, "calling_them"),
            ([leg("101", "Connected")], "talking", {"answered_at": True}, "talking"),
            ([leg("101", "OnHold")], "on_hold", {"answered_at": True}, "on_hold"),
            (
                [leg("101", "OnHold"), leg("101", "Connected")],
                "on_hold",
                {"answered_at": True},
                "talking",
            ),
        ],
    )
    def test_of_a_call_of_mine(
        self,
        account: Account,
        anna: User,
        anna_at: Employee,
        legs: Any,
        state: str,
        part: Any,
        step: str,
    ) -> None:
        answered = timezone.now() if part.pop("answered_at", False) else None
        call = live_call(account, "e1", direction="outgoing", state=state, legs=legs)
        ring(call, anna_at, "101", role=CallParty.Role.CALLER, answered_at=answered)
        (card,) = asked(page_of(anna))["running"]
        assert card["step"] == step
        assert card["hang_up"] == f"/mango/api/calls/{call.pk}/hang-up"
        assert card["since"] == (answered or call.started_at).timestamp()

    def test_the_words_are_of_the_pages_language(
        self, account: Account, anna: User, anna_at: Employee
    ) -> None:
        call = live_call(account, "e1", direction="outgoing", legs=[leg("101", is_first=True)])
        ring(call, anna_at, "101", role=CallParty.Role.CALLER)
        (card,) = asked(page_of(anna), language="ru")["running"]
        assert card["words"] == "звоним вам"
        Call.objects.update(legs=[leg("101")])
        (card,) = asked(page_of(anna), language="ru")["running"]
        assert (card["direction"], card["words"]) == ("Исходящий", "звоним клиенту")

    def test_a_click_shows_before_the_first_event(
        self, account: Account, anna: User, contact: Contact
    ) -> None:
        command = callback(account, anna)
        (card,) = asked(page_of(anna))["running"]
        assert card["id"] == f"command-{command.pk}"
        assert (card["step"], card["who"]) == ("calling_you", "Sergey Orlov")
        assert "phone 101" in card["hint"]
        assert "hang_up" not in card

    @pytest.mark.parametrize(
        ("fields", "steps"),
        [
            ({"status": "unknown"}, ["unknown"]),
            ({"status": "refused"}, []),
            ({"status": "failed", "problem": "timed_out"}, []),
            ({"created_at": timezone.now() - timedelta(minutes=5)}, []),
            ({"kind": "hangup"}, []),
        ],
    )
    def test_of_a_command(
        self, account: Account, anna: User, fields: Any, steps: list[str]
    ) -> None:
        callback(account, anna, **fields)
        assert [card["step"] for card in asked(page_of(anna))["running"]] == steps

    def test_what_the_pbx_refused_later_is_told_for_a_while(
        self, account: Account, anna: User
    ) -> None:
        failed = {"status": "failed", "problem": "refused", "result_code": 2240}
        command = callback(account, anna, settled_at=timezone.now(), **failed)
        (card,) = asked(page_of(anna))["running"]
        assert card["step"] == "failed"
        assert "2240" in card["hint"]
        Command.objects.filter(pk=command.pk).update(
            settled_at=timezone.now() - timedelta(minutes=1)
        )
        assert asked(page_of(anna))["running"] == []

    def test_between_two_legs_the_call_is_still_there(
        self, account: Account, anna: User, anna_at: Employee
    ) -> None:
        now = timezone.now()
        call = live_call(account, "e1", direction="outgoing", state="finished", ended_at=now)
        ring(call, anna_at, "101", role=CallParty.Role.CALLER, ended_at=now)
        callback(account, anna, call=call, status="confirmed")
        (card,) = asked(page_of(anna))["running"]
        assert card["step"] == "calling_them"
        Call.objects.update(is_final=True)
        assert asked(page_of(anna))["running"] == []

    def test_who_may_not_hang_up_has_no_button(self, account: Account) -> None:
        user = make_user("x", "django_mango.view_call")
        employee = make_employee(account, "X", "109", user)
        call = live_call(account, "e1", state="talking", legs=[leg("109", "Connected")])
        ring(call, employee, "109", answered_at=timezone.now())
        (card,) = asked(page_of(user))["running"]
        assert "hang_up" not in card
        assert card["note"] is None


class TestMissed:
    def missed(self, account: Account, employee: Employee, entry: str, minutes: int) -> Call:
        began = timezone.now() - timedelta(minutes=minutes)
        call = make_call(
            account, entry, started_at=began, answered_at=None, outcome="missed",
            is_missed=True, is_final=True,
        )  # fmt: skip
        ring(call, employee, "101", ended_at=began)
        return call

    def test_until_seen(self, account: Account, anna: User, anna_at: Employee) -> None:
        client = page_of(anna)
        self.missed(account, anna_at, "e1", minutes=30)
        self.missed(account, anna_at, "e0", minutes=60 * 24)
        (card,) = asked(client)["missed"]
        assert card["dial"] == "+79161234567"
        assert client.post("/mango/api/seen", {"until": card["at"]}).status_code == 200
        assert asked(client)["missed"] == []
        later = self.missed(account, anna_at, "e2", minutes=5)
        assert [one["id"] for one in asked(client)["missed"]] == [f"call-{later.pk}"]

    def test_never_seen_again_backwards_nor_in_the_future(
        self, account: Account, anna: User, anna_at: Employee
    ) -> None:
        client = page_of(anna)
        client.post("/mango/api/seen", {"until": "99999999999"})
        first = Preference.objects.get().missed_seen_at
        assert first is not None
        assert first <= timezone.now()
        client.post("/mango/api/seen", {"until": "1"})
        assert Preference.objects.get().missed_seen_at == first
        assert client.post("/mango/api/seen", {"until": "nan"}).status_code == 400
        assert client.post("/mango/api/seen", {}).status_code == 400

    def test_settled_and_closed_ones_are_nobodys(
        self, account: Account, anna: User, anna_at: Employee
    ) -> None:
        settled = self.missed(account, anna_at, "e1", minutes=30)
        Call.objects.filter(pk=settled.pk).update(missed_resolved_at=timezone.now())
        closed = self.missed(account, anna_at, "e2", minutes=20)
        CallWork.objects.create(call=closed, closed_at=timezone.now())
        noted = self.missed(account, anna_at, "e3", minutes=10)
        CallWork.objects.create(call=noted, note="x")
        told = asked(page_of(anna))["missed"]
        assert [one["id"] for one in told] == [f"call-{noted.pk}"]
