"""Ending a call and writing its note from the strip."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from django_mango import services
from django_mango.models import Account, Call, CallParty, CallWork, Command, Employee, Line
from django_mango.sandbox import Sandbox
from django_mango.services.preferences import choose_line
from tests.admin.conftest import make_user, page_of

from .conftest import grant, leg, live_call, ring

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def talk(account: Account, anna_at: Employee) -> Call:
    call = live_call(account, "e1", state="talking", legs=[leg("101", "Connected")])
    ring(call, anna_at, "101", answered_at=timezone.now())
    return call


def hang_up(client: Client, call: Call, **values: str) -> Any:
    return client.post(f"/mango/api/calls/{call.pk}/hang-up", values)


def note(client: Client, call: Call, text: str, **values: str) -> Any:
    return client.post(f"/mango/api/calls/{call.pk}/note", {"note": text, **values})


class TestHangUp:
    def test_it_sends_one_command(self, anna: User, talk: Call, pbx: Sandbox) -> None:
        client = page_of(anna)
        first = hang_up(client, talk, token="t")
        again = hang_up(client, talk, token="t")
        assert (first.status_code, again.status_code) == (200, 200)
        command = Command.objects.get()
        assert command.kind == Command.Kind.HANGUP
        assert command.user == anna
        assert command.call == talk
        assert first.json()["text"] == services.outcome_text(command)

    def test_a_call_that_is_over_is_no_error(self, anna: User, talk: Call) -> None:
        Call.objects.update(state=Call.State.FINISHED, legs=[])
        answer = hang_up(page_of(anna), talk)
        assert answer.status_code == 200
        assert answer.json()["text"] == "The call is over already."
        assert not Command.objects.exists()

    def test_where_there_is_no_leg_of_mine(self, anna: User, talk: Call) -> None:
        Call.objects.update(legs=[leg("102", "Connected")])
        answer = hang_up(page_of(anna), talk)
        assert (answer.status_code, answer.json()["code"]) == (409, "no_leg")

    def test_calls_of_others_do_not_exist(self, petr: User, talk: Call) -> None:
        assert hang_up(page_of(petr), talk).status_code == 404
        assert (
            page_of(petr).post("/mango/api/calls/999999999999999999999/hang-up").status_code == 404
        )
        assert not Command.objects.exists()

    def test_without_the_right(self, talk: Call, anna_at: Employee) -> None:
        user = make_user("x", "django_mango.view_all_calls")
        assert hang_up(page_of(user), talk).json()["code"] == "permission"

    def test_not_by_get_not_by_strangers(self, anna: User, talk: Call) -> None:
        address = f"/mango/api/calls/{talk.pk}/hang-up"
        assert page_of(anna).get(address).status_code == 405
        assert Client().post(address).status_code == 401
        client = Client(enforce_csrf_checks=True)
        client.force_login(anna)
        assert client.post(address).json()["code"] == "csrf"
        assert not Command.objects.exists()


class TestNote:
    @pytest.fixture(autouse=True)
    def may_write(self, anna: User, petr: User) -> None:
        grant(anna, "django_mango.write_note")
        grant(petr, "django_mango.write_note")

    def test_it_is_kept_with_its_author(self, anna: User, talk: Call) -> None:
        answer = note(page_of(anna), talk, " Call back\r\non Monday ", version="")
        assert answer.status_code == 200
        work = CallWork.objects.get(call=talk)
        assert work.note == "Call back\non Monday"
        assert work.noted_by == anna
        assert work.noted_at is not None
        again = note(page_of(anna), talk, "Tuesday", version=answer.json()["version"])
        assert again.status_code == 200
        assert CallWork.objects.get().note == "Tuesday"

    def test_two_writers_lose_nothing(
        self, anna: User, petr: User, petr_at: Employee, talk: Call
    ) -> None:
        ring(talk, petr_at, "102", role=CallParty.Role.CALLEE)
        note(page_of(anna), talk, "Hers", version="")
        answer = note(page_of(petr), talk, "His", version="")
        assert answer.status_code == 409
        told = answer.json()
        assert (told["code"], told["note"]) == ("note_changed", "Hers")
        assert CallWork.objects.get().note == "Hers"
        both = note(page_of(petr), talk, "Hers\n\nHis", version=told["version"])
        assert both.status_code == 200
        assert CallWork.objects.get().noted_by == petr

    def test_the_same_text_twice_is_one_note(self, anna: User, talk: Call) -> None:
        note(page_of(anna), talk, "Same", version="")
        assert note(page_of(anna), talk, "Same", version="").status_code == 200

    def test_it_survives_the_end_of_the_call(self, anna: User, talk: Call) -> None:
        Call.objects.update(state=Call.State.FINISHED, outcome="answered")
        assert note(page_of(anna), talk, "After").status_code == 200

    def test_who_may_not(self, anna: User, petr: User, talk: Call) -> None:
        assert note(page_of(petr), talk, "x").status_code == 404
        viewer = make_user("viewer", "django_mango.view_all_calls")
        assert note(page_of(viewer), talk, "x").json()["code"] == "permission"
        assert note(page_of(anna), talk, "x" * 10_001).json()["code"] == "too_long"
        assert not CallWork.objects.exists()


class TestMyLine:
    def test_a_click_calls_through_the_chosen_line(
        self, account: Account, anna: User, anna_at: Employee, pbx: Sandbox
    ) -> None:
        line = Line.objects.create(account=account, number="74951234567", name="Main")
        Line.objects.create(account=account, number="74950000000")
        choose_line(anna, line)
        command = services.place_call(anna, "8 916 123-45-67")
        assert command.payload["line_number"] == "74951234567"
        other = services.place_call(anna, "8 916 123-45-68", line="74950000000")
        assert other.payload["line_number"] == "74950000000"
        for_her = services.place_call(None, "8 916 123-45-69", employee=anna_at)
        assert "line_number" not in for_her.payload

    def test_a_line_that_is_gone_is_not_used(
        self, account: Account, anna: User, pbx: Sandbox
    ) -> None:
        line = Line.objects.create(account=account, number="74951234567", is_active=False)
        choose_line(anna, line)
        assert "line_number" not in services.place_call(anna, "8 916 123-45-67").payload
