"""Asking what the strip is to show: who may, how often, at what cost, and who wants nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_mango.models import Account, Call, Employee, EmployeeAddress, Preference
from example_project.crm.models import Contact
from tests.admin.conftest import make_call, make_employee, make_user, page_of

from .conftest import LIVE, asked, callback, leg, live_call, ring

pytestmark = pytest.mark.django_db


class TestWho:
    def test_strangers_get_401(self) -> None:
        assert Client().get(LIVE).status_code == 401

    def test_who_has_to_do_with_no_calls_gets_403(self, account: Account) -> None:
        answer = page_of(make_user("clerk", "crm.view_contact")).get(LIVE)
        assert answer.status_code == 403
        assert answer.json()["code"] == "permission"

    def test_only_reading(self, anna: User) -> None:
        assert page_of(anna).post(LIVE).status_code == 405

    def test_a_site_may_switch_it_off(self, anna: User, settings: Any) -> None:
        settings.MANGO = {**settings.MANGO, "STRIP": False}
        assert page_of(anna).get(LIVE).status_code == 404

    def test_calls_of_others_are_not_told(
        self, account: Account, anna: User, petr_at: Employee, maria: User
    ) -> None:
        ring(live_call(account, "e1"), petr_at, "102")
        for user in (anna, maria):  # not even to who may see all calls
            told = asked(page_of(user))
            assert (told["running"], told["ringing"], told["missed"]) == ([], [], [])

    def test_placing_without_seeing_shows_only_what_one_asked_for(
        self, account: Account, contact: Contact
    ) -> None:
        user = make_user("caller", "django_mango.place_call")
        employee = make_employee(account, "Caller", "107", user)
        ring(live_call(account, "e1"), employee, "107")
        callback(account, user)
        told = asked(page_of(user))
        assert told["ringing"] == []
        assert len(told["running"]) == 1

    def test_an_employee_of_a_pbx_the_settings_forgot_has_no_telephone(self, anna: User) -> None:
        old = Account.objects.create(alias="old")
        employee = make_employee(old, "Anna", "101", anna)
        ring(live_call(old, "e1"), employee, "101")
        assert asked(page_of(anna))["ringing"] == []

    def test_own_calls_are_a_part_of_the_visible_ones(
        self, account: Account, anna: User, anna_at: Employee
    ) -> None:
        """The scope of the strip is inside the one rule of scope, whatever the call."""
        for number, fields in enumerate(({}, {"state": "talking"}, {"direction": "internal"})):
            ring(live_call(account, f"e{number}", **fields), anna_at, "101")
        told = asked(page_of(anna))
        shown = {card["id"] for card in told["running"] + told["ringing"]}
        assert len(shown) == 3
        assert shown <= {f"call-{call.pk}" for call in Call.objects.visible_to(anna)}


class TestCost:
    def test_an_unchanged_answer_is_304(
        self, account: Account, anna: User, anna_at: Employee
    ) -> None:
        client = page_of(anna)
        first = client.get(LIVE)
        again = client.get(LIVE, headers={"If-None-Match": first["ETag"]})
        weak = client.get(LIVE, headers={"If-None-Match": f"W/{first['ETag']}"})
        assert (again.status_code, again.content) == (304, b"")
        assert weak.status_code == 304
        assert float(again["X-Mango-Poll"]) > 0
        assert again["X-Mango-Now"] >= first["X-Mango-Now"]
        for answer in (first, again):
            assert "private" in answer["Cache-Control"]
            assert "no-cache" in answer["Cache-Control"]
        ring(live_call(account, "e1"), anna_at, "101")
        assert client.get(LIVE, headers={"If-None-Match": first["ETag"]}).status_code == 200

    def test_another_language_and_another_person_are_other_answers(
        self, anna: User, petr: User
    ) -> None:
        tags = {
            page_of(user).get(LIVE, {"language": language})["ETag"]
            for user in (anna, petr)
            for language in ("en", "ru")
        }
        assert len(tags) == 4

    def test_while_nothing_happens_six_queries(self, anna: User, account: Account) -> None:
        client = page_of(anna)
        with CaptureQueriesContext(connection) as queries:
            client.get(LIVE)
        # Session, user, his rights and his groups' rights; telephones, what goes on.
        assert len(queries) <= 6

    @pytest.mark.parametrize("several", [1, 6])
    def test_no_more_for_many_calls_than_for_one(
        self, several: int, account: Account, anna: User, anna_at: Employee, contact: Contact
    ) -> None:
        for number in range(several):
            make_call(account, f"o{number}", employee=anna_at, client_number=f"+7916123450{number}")
            call = live_call(account, f"e{number}", client_number=f"+7916123450{number}")
            ring(call, anna_at, "101")
            talk = live_call(account, f"t{number}", state="talking")
            ring(talk, anna_at, "101", answered_at=timezone.now())
        client = page_of(anna)
        client.get(LIVE)  # content types are remembered
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(LIVE).json()["ringing"]) == several
        assert len(queries) == 12

    @pytest.mark.parametrize(
        ("idle", "times"), [("0", 1), ("19", 1), ("60", 2), ("9999", 3), ("x", 1), ("-1", 1)]
    )
    def test_a_page_that_rests_asks_seldom(
        self, anna: User, idle: str, times: int, settings: Any
    ) -> None:
        settings.MANGO = {**settings.MANGO, "STRIP_POLL_SECONDS": 2.5}
        assert float(page_of(anna).get(LIVE, {"idle": idle})["X-Mango-Poll"]) == 2.5 * times

    def test_while_a_call_goes_on_it_asks_often(
        self, account: Account, anna: User, anna_at: Employee
    ) -> None:
        ring(live_call(account, "e1"), anna_at, "101")
        assert page_of(anna).get(LIVE, {"idle": "500"})["X-Mango-Poll"] == "2"

    def test_whom_nothing_can_ring_hardly_asks(self, account: Account) -> None:
        user = make_user("x", "django_mango.view_call")
        assert page_of(user).get(LIVE)["X-Mango-Poll"] == "60"


class TestChoices:
    def test_off_shows_nothing_and_asks_no_more(
        self, account: Account, anna: User, anna_at: Employee
    ) -> None:
        ring(live_call(account, "e1"), anna_at, "101")
        client = page_of(anna)
        client.post("/mango/api/notifications", {"mode": "off"})
        answer = client.get(LIVE)
        assert answer["X-Mango-Poll"] == "0"
        assert answer.json()["ringing"] == []
        client.post("/mango/api/notifications", {"mode": "silent"})
        assert client.get(LIVE).json()["mode"] == "silent"

    def test_unknown_words_are_refused(self, anna: User) -> None:
        answer = page_of(anna).post("/mango/api/notifications", {"mode": "loud"})
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown")

    def test_the_site_decides_for_who_has_not_chosen(self, anna: User, settings: Any) -> None:
        client = page_of(anna)
        for default, expected in (
            ("silent", "silent"),
            (lambda user: "off" if user.username == "anna" else "on", "off"),
            (lambda user: "nonsense", "on"),
        ):
            settings.MANGO = {**settings.MANGO, "NOTIFICATIONS": default}
            assert asked(client)["mode"] == expected
        Preference.objects.create(user=anna, notifications="silent")
        assert asked(client)["mode"] == "silent"

    def test_a_past_extension_is_no_telephone(
        self, account: Account, anna: User, anna_at: Employee
    ) -> None:
        EmployeeAddress.objects.update(valid_to=timezone.now() - timedelta(days=1))
        call = live_call(account, "e1", state="talking", legs=[leg("101", "Connected")])
        ring(call, anna_at, "101", answered_at=timezone.now())
        (card,) = asked(page_of(anna))["running"]
        assert "hang_up" not in card
