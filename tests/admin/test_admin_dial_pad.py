"""The dial pad, without its scripts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_mango.models import Account, Call, Command, Employee
from django_mango.sandbox import Sandbox

from .conftest import make_call, make_employee, make_user, page_of, token_of, told

pytestmark = pytest.mark.django_db(transaction=True)

PAD = "/admin/django_mango/call/pad/"


@pytest.fixture
def anna_at(anna: User) -> Employee:
    return Employee.objects.get(user=anna)


def test_its_address_is_the_sites() -> None:
    assert reverse("admin:django_mango_dial_pad") == PAD


def test_who_may_not_call_has_none(account: Account) -> None:
    client = page_of(make_user("x", "django_mango.view_call"))
    assert client.get(PAD).status_code == 403
    assert client.post(PAD, {"number": "8 916 123-45-67", "place": "1"}).status_code == 403
    assert not Command.objects.exists()
    assert PAD not in client.get("/admin/django_mango/call/").text


def test_the_list_of_calls_leads_there(anna: User) -> None:
    assert f'href="{PAD}"' in page_of(anna).get("/admin/django_mango/call/").text


class TestCalling:
    def test_first_it_asks(self, anna: User, pbx: Sandbox) -> None:
        page = page_of(anna).post(PAD, {"number": "8 (916) 123-45-67"}).text
        assert "Call +7 916 123-45-67?" in page
        assert "<strong>101</strong> (Anna Smirnova)" in page
        assert not Command.objects.exists()

    def test_then_it_calls_once(self, anna: User, pbx: Sandbox) -> None:
        client = page_of(anna)
        token = token_of(client.post(PAD, {"number": "8 (916) 123-45-67"}))
        for _time in range(2):
            values = {"number": "8 (916) 123-45-67", "place": "1", "token": token}
            answer = client.post(PAD, values)
            assert (answer.status_code, answer["Location"]) == (302, PAD)
        assert Command.objects.get().number == "+79161234567"
        assert "telephone 101 rings first" in told(client)[0]

    @pytest.mark.parametrize("number", ["", "12", "+49 30 123456", "hello"])
    def test_what_cannot_be_called_is_explained(self, anna: User, number: str) -> None:
        page = page_of(anna).post(PAD, {"number": number, "place": "1"}).text
        assert 'class="mango-refusal" role="status"' in page
        assert f'value="{number}"' in page

    def test_a_refusal_is_in_the_journal_before_the_question_too(self, anna: User) -> None:
        page_of(anna).post(PAD, {"number": "+49 30 123456"})
        refused = Command.objects.get()
        assert (refused.user, refused.problem, refused.error) == (anna, "not_allowed", "country")

    def test_a_colleague_in_a_call_is_asked_about(
        self, account: Account, anna: User, petr: User, pbx: Sandbox
    ) -> None:
        his = Employee.objects.get(user=petr)
        make_call(account, "e", state=Call.State.TALKING, outcome="", employee=his, ended_at=None)
        client = page_of(anna)
        values = {"number": "8 916 123-45-67", "place": "1", "token": "t"}
        page = client.post(PAD, values)
        assert 'name="asked"' in page.text
        assert not Command.objects.exists()
        client.post(PAD, {**values, "asked": "1"})
        assert Command.objects.count() == 1

    def test_hostile_numbers_are_only_text(self, anna: User) -> None:
        client = page_of(anna)
        for page in (
            client.get(PAD, {"number": '"><script>x'}),
            client.post(PAD, {"number": '"><script>x'}),
        ):
            assert "<script>x" not in page.text


class TestRecent:
    def test_nothing_yet(self, anna: User) -> None:
        assert "appear here" in page_of(anna).get(PAD).text

    def test_each_number_once_the_newest_first(
        self, account: Account, anna: User, anna_at: Employee, contact: Any
    ) -> None:
        now = timezone.now()
        for number, minutes in (("1", 50), ("2", 40), ("1", 30)):
            make_call(
                account, f"{number}-{minutes}", employee=anna_at, extension="101",
                client_number=f"+7999000112{number}", started_at=now - timedelta(minutes=minutes),
            )  # fmt: skip
        Command.objects.create(
            account=account, user=anna, kind="callback", status="accepted", command_id="c",
            number="+79161234567", created_at=now,
        )  # fmt: skip
        page = page_of(anna).get(PAD).text
        places = [page.index(text) for text in ("+7 916 123-45-67", "+7 999 000-11-21", "-11-22")]
        assert places == sorted(places)
        assert page.count("+7 999 000-11-21</span>") == 1
        assert f'<a href="/admin/crm/contact/{contact.pk}/change/">Sergey Orlov</a>' in page
        assert "data-mango-click" in page

    def test_numbers_of_nobody_can_be_saved(
        self, account: Account, anna: User, anna_at: Employee
    ) -> None:
        make_call(account, "e", employee=anna_at, client_number="+79990001122")
        client = page_of(anna)
        assert "Save as" not in client.get(PAD).text
        adder = make_user("adder", "django_mango.place_call", "django_mango.view_call",
                          "crm.add_contact")  # fmt: skip
        his = make_employee(account, "Adder", "108", adder)
        make_call(account, "e2", employee=his, client_number="+79990001122")
        page = page_of(adder)
        text = page.get(PAD).text
        assert 'href="/admin/crm/contact/add/?phone=%2B79990001122"' in text
        form = page.get("/admin/crm/contact/add/", {"phone": "+79990001122"}).text
        assert 'value="+79990001122"' in form

    def test_calls_of_others_are_not_there(self, account: Account, anna: User, petr: User) -> None:
        his = Employee.objects.get(user=petr)
        make_call(account, "e", employee=his, client_number="+79990001122")
        assert "999 000" not in page_of(anna).get(PAD).text

    def test_many_cost_no_more_queries_than_one(
        self, account: Account, anna: User, anna_at: Employee
    ) -> None:
        client = page_of(anna)
        counts = []
        for several in (1, 12):
            for number in range(several):
                make_call(
                    account, f"{several}-{number}", employee=anna_at,
                    client_number=f"+799900011{number:02}",
                )  # fmt: skip
            client.get(PAD)
            with CaptureQueriesContext(connection) as queries:
                client.get(PAD)
            counts.append(len(queries))
        assert counts[0] == counts[1]
