"""Placing and ending calls from the admin, against a running PBX."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from django_mango.models import Account, Call, Command, Employee
from django_mango.sandbox import Sandbox
from django_mango.ui.clicks import Click
from example_project.crm.models import Contact

from .conftest import (
    hang_up_page,
    make_call,
    make_employee,
    make_user,
    page_of,
    place_page,
    token_of,
    told,
)

pytestmark = pytest.mark.django_db(transaction=True)

MOBILE = "mobile:79161234567"


class TestPlacing:
    def test_the_page_says_who_is_called_and_whose_phone_rings(
        self, anna: User, contact: Contact, pbx: Sandbox
    ) -> None:
        page = page_of(anna).get(place_page(contact)).text
        assert "Call Sergey Orlov?" in page
        assert "<strong>101</strong> (Anna Smirnova)" in page
        assert "+7 916 123-45-67" in page
        assert "+7 495 777-88-99" in page
        assert "extension 12" in page
        assert page.count('name="choice"') == 2
        assert not Command.objects.exists()
        assert pbx.notifications == []

    def test_one_field_may_be_asked_for(self, anna: User, contact: Contact) -> None:
        page = page_of(anna).get(place_page(contact), {"field": "mobile"}).text
        assert page.count('name="choice"') == 1
        assert "+7 495 777-88-99" not in page

    def test_post_places_one_call(self, anna: User, contact: Contact, pbx: Sandbox) -> None:
        client = page_of(anna)
        token = token_of(client.get(place_page(contact)))
        answer = client.post(
            place_page(contact), {"token": token, "choice": MOBILE, "next": "/admin/crm/contact/"}
        )
        assert answer.status_code == 302
        assert answer["Location"] == "/admin/crm/contact/"
        command = Command.objects.get()
        assert command.status == Command.Status.ACCEPTED
        assert command.user == anna
        assert command.target == contact
        assert command.number == "+79161234567"
        assert command.payload["from"]["extension"] == "101"
        assert command.payload["to_number"] == "79161234567"
        assert pbx.wait_idle()
        assert any(kind == "events/call" for kind, _payload in pbx.notifications)
        assert "telephone 101 rings first" in told(client)[0]

    def test_the_history_of_the_contact_names_the_call(
        self, anna: User, contact: Contact, pbx: Sandbox
    ) -> None:
        client = page_of(anna)
        client.post(place_page(contact), {"token": "t", "choice": MOBILE})
        entry = LogEntry.objects.get()
        assert entry.user == anna
        assert entry.get_edited_object() == contact
        history = client.get(reverse("admin:crm_contact_history", args=[contact.pk])).text
        assert "Call placed to +7 916 123-45-67." in history

    @pytest.mark.usefixtures("pbx")
    def test_a_double_submit_is_one_call(self, anna: User, contact: Contact) -> None:
        client = page_of(anna)
        form = {"token": token_of(client.get(place_page(contact))), "choice": MOBILE}
        for _ in range(2):
            assert client.post(place_page(contact), form).status_code == 302
        assert Command.objects.count() == 1
        assert LogEntry.objects.count() == 1

    @pytest.mark.usefixtures("pbx")
    def test_a_second_page_within_the_guard_window_is_the_same_call(
        self, anna: User, contact: Contact
    ) -> None:
        client = page_of(anna)
        for token in ("one", "two"):
            client.post(place_page(contact), {"token": token, "choice": MOBILE})
        assert Command.objects.count() == 1
        assert LogEntry.objects.count() == 1

    @pytest.mark.usefixtures("pbx")
    def test_the_other_number_of_the_same_page_is_a_call_of_its_own(
        self, anna: User, contact: Contact
    ) -> None:
        client = page_of(anna)
        for choice in (MOBILE, "phone:74957778899"):
            client.post(place_page(contact), {"token": "same", "choice": choice})
        dialled = Command.objects.values_list("number", flat=True)
        assert set(dialled) == {"+79161234567", "+74957778899"}

    @pytest.mark.parametrize("method", ["get", "head"])
    def test_reading_never_sends(
        self, anna: User, contact: Contact, pbx: Sandbox, method: str
    ) -> None:
        ask = getattr(page_of(anna), method)
        assert ask(place_page(contact), {"choice": MOBILE, "token": "t"}).status_code == 200
        assert not Command.objects.exists()
        assert pbx.notifications == []

    def test_other_methods_are_not_allowed(self, anna: User, contact: Contact) -> None:
        assert page_of(anna).put(place_page(contact)).status_code == 405

    def test_a_forged_form_is_refused(self, anna: User, contact: Contact) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(anna)
        assert client.post(place_page(contact), {"choice": MOBILE}).status_code == 403
        assert not Command.objects.exists()

    @pytest.mark.parametrize("choice", ["", "mobile:79990001122", "email:79161234567", "mobile:"])
    def test_only_the_objects_own_numbers_are_called(
        self, anna: User, contact: Contact, choice: str
    ) -> None:
        answer = page_of(anna).post(place_page(contact), {"token": "t", "choice": choice})
        assert answer.status_code == 200
        assert "The number has changed meanwhile" in answer.text
        assert not Command.objects.exists()

    @pytest.mark.usefixtures("pbx")
    @pytest.mark.parametrize(
        "target",
        ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil.example", ""],
    )
    def test_one_is_never_sent_to_another_site(
        self, anna: User, contact: Contact, target: str
    ) -> None:
        client = page_of(anna)
        own = reverse("admin:crm_contact_change", args=[contact.pk])
        page = client.get(f"{place_page(contact)}?next={quote(target)}")
        assert page.context["next"] == own
        answer = client.post(place_page(contact), {"token": "t", "choice": MOBILE, "next": target})
        assert answer["Location"] == own

    @pytest.mark.usefixtures("pbx")
    def test_works_where_requests_are_transactions(
        self, anna: User, contact: Contact, settings: Any
    ) -> None:
        from django.db import connections

        databases = connections.settings["default"]
        databases["ATOMIC_REQUESTS"] = True
        try:
            page_of(anna).post(place_page(contact), {"token": "t", "choice": MOBILE})
        finally:
            databases["ATOMIC_REQUESTS"] = False
        assert Command.objects.get().status == Command.Status.ACCEPTED

    def test_a_pbx_that_is_down_is_told_in_words(
        self, anna: User, contact: Contact, settings: Any
    ) -> None:
        settings.MANGO = {**settings.MANGO, "API_URL": "http://127.0.0.1:9/vpbx/"}
        client = page_of(anna)
        client.post(place_page(contact), {"token": "t", "choice": MOBILE})
        assert Command.objects.get().status == Command.Status.FAILED
        assert "cannot be reached" in told(client)[0]


class TestRights:
    def test_without_the_right_the_page_is_forbidden(self, contact: Contact) -> None:
        client = page_of(make_user("x", "crm.view_contact", "crm.change_contact"))
        assert client.get(place_page(contact)).status_code == 403
        assert client.post(place_page(contact), {"choice": MOBILE}).status_code == 403

    def test_only_objects_one_may_view_are_called(self, contact: Contact) -> None:
        client = page_of(make_user("x", "django_mango.place_call"))
        assert client.get(place_page(contact)).status_code == 403
        assert client.post(place_page(contact), {"choice": MOBILE}).status_code == 403
        assert not Command.objects.exists()

    def test_strangers_are_asked_to_log_in(self, contact: Contact) -> None:
        answer = Client().post(place_page(contact), {"choice": MOBILE})
        assert answer.status_code == 302
        assert "/login/" in answer["Location"]

    @pytest.mark.parametrize(
        "path", ["crm/contact/999/", "crm/nothing/1/", "no/contact/1/", "sessions/session/1/"]
    )
    def test_what_does_not_exist_is_not_found(self, anna: User, path: str) -> None:
        answer = page_of(anna).get(f"/admin/django_mango/call/place/{path}")
        assert answer.status_code == 404

    def test_undeclared_fields_are_not_read(self, anna: User, contact: Contact) -> None:
        page = page_of(anna).get(place_page(contact), {"field": "name"}).text
        assert 'name="choice"' not in page
        assert "There is no number here" in page

    def test_a_model_without_phone_fields_has_no_numbers(self, contact: Contact) -> None:
        boss = make_user("boss", superuser=True)
        page = page_of(boss).get(place_page(boss)).text
        assert "There is no number here" in page

    def test_without_an_extension_the_page_says_why(self, contact: Contact) -> None:
        client = page_of(make_user("x", "django_mango.place_call", "crm.view_contact"))
        page = client.get(place_page(contact)).text
        assert "You have no extension in the PBX" in page
        assert "<button" not in page.split('id="content-main"')[1]

    def test_a_foreign_number_is_refused_beside_it(self, anna: User, contact: Contact) -> None:
        contact.phone = "+49 30 123456"
        contact.save()
        page = page_of(anna).get(place_page(contact)).text
        assert page.count('name="choice"') == 1
        assert page.count('class="mango-refusal"') == 1


class TestTelephonesOfOthers:
    def test_a_supervisor_chooses_whose_telephone_rings(
        self, account: Account, petr: User, contact: Contact, pbx: Sandbox
    ) -> None:
        boss = make_user("boss", superuser=True)
        client = page_of(boss)
        form = client.get(reverse("admin:crm_contact_change", args=[contact.pk])).text
        assert "choose whose phone rings" in form
        page = client.get(place_page(contact)).text
        assert "You have no extension in the PBX" in page
        assert 'name="choice"' not in page
        person = Employee.objects.get(user=petr)
        assert f'<option value="{person.pk}">Petr Ivanov (102)</option>' in page
        page = client.get(place_page(contact), {"employee": person.pk, "field": "mobile"}).text
        assert "The phone <strong>102</strong> (Petr Ivanov) rings first" in page
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        assert client.post(place_page(contact), {**hidden, "choice": MOBILE}).status_code == 302
        command = Command.objects.get()
        assert (command.user, command.employee) == (boss, person)
        assert command.payload["from"]["extension"] == "102"

    def test_others_are_not_asked_and_cannot(
        self, anna: User, petr: User, contact: Contact, pbx: Sandbox
    ) -> None:
        client = page_of(anna)
        person = Employee.objects.get(user=petr)
        page = client.get(place_page(contact), {"employee": person.pk}).text
        assert "<select" not in page
        assert "<strong>101</strong>" in page
        client.post(place_page(contact), {"choice": MOBILE, "employee": person.pk, "token": "t"})
        assert Command.objects.get().payload["from"]["extension"] == "101"


class TestList:
    LIST = "/admin/crm/contact/"

    def choose(self, client: Client, *objects: Any, action: str = "mango_call") -> Any:
        where = self.LIST if action == "mango_call" else "/admin/django_mango/call/"
        return client.post(
            f"{where}?q=", {"action": action, "_selected_action": [obj.pk for obj in objects]}
        )

    def test_the_action_leads_to_the_confirmation(self, anna: User, contact: Contact) -> None:
        answer = self.choose(page_of(anna), contact)
        assert answer.status_code == 302
        assert answer["Location"].startswith(place_page(contact))
        assert f"next={quote(self.LIST, safe='')}" in answer["Location"]
        assert not Command.objects.exists()

    def test_several_rows_are_not_called_at_once(self, anna: User, contact: Contact) -> None:
        other = Contact.objects.create(name="Other", phone="84957778800")
        client = page_of(anna)
        answer = self.choose(client, contact, other)
        assert answer["Location"].startswith(self.LIST)
        assert told(client) == ["Choose exactly one row: calls are placed one at a time."]

    def test_without_the_right_there_is_no_action(self, contact: Contact) -> None:
        client = page_of(make_user("x", "crm.view_contact", "crm.change_contact"))
        assert "mango_call" not in client.get(self.LIST).text
        assert self.choose(client, contact).status_code == 200

    def test_view_only_users_may_call_from_the_list(self, contact: Contact) -> None:
        client = page_of(make_user("x", "crm.view_contact", "django_mango.place_call"))
        assert "mango_call" in client.get(self.LIST).text
        assert self.choose(client, contact)["Location"].startswith(place_page(contact))

    def test_calls_are_called_back_and_ended_from_their_list(
        self, account: Account, anna: User
    ) -> None:
        call = make_call(account, "c", employee=Employee.objects.get(user=anna))
        client = page_of(anna)
        back = self.choose(client, call, action="call_back")
        assert back["Location"].startswith(place_page(call))
        end = self.choose(client, call, action="hang_up")
        assert end["Location"].startswith(hang_up_page(call))

    def test_actions_on_calls_need_their_rights(self, account: Account) -> None:
        make_call(account, "c")
        viewer = page_of(make_user("v", "django_mango.view_call", "django_mango.view_all_calls"))
        page = viewer.get("/admin/django_mango/call/").text
        assert "call_back" not in page
        assert "hang_up" not in page


class TestCallBack:
    def test_the_list_and_the_page_have_a_button_for_who_may_call(
        self, account: Account, anna: User
    ) -> None:
        call = make_call(account, "c", employee=Employee.objects.get(user=anna))
        make_call(account, "nobody", employee=call.employee, client_number="")
        page = reverse("admin:django_mango_call_change", args=[call.pk])
        for url in ("/admin/django_mango/call/", page):
            text = page_of(anna).get(url).text
            sealed = re.findall(r'data-mango-click="([^"]+)"', text)
            assert [Click.unseal(one, anna) for one in sealed] == [
                Click("+79161234567", "django_mango.call", str(call.pk), in_admin=True)
            ]
        anna.user_permissions.remove(Permission.objects.get(codename="place_call"))
        text = page_of(anna).get("/admin/django_mango/call/").text
        assert "data-mango-click" not in text

    @pytest.mark.usefixtures("pbx")
    def test_the_client_of_a_call_is_called_back(self, account: Account, anna: User) -> None:
        call = make_call(account, "c", employee=Employee.objects.get(user=anna))
        client = page_of(anna)
        tools = client.get(reverse("admin:django_mango_call_change", args=[call.pk])).text
        assert place_page(call) in tools
        page = client.get(place_page(call)).text
        assert "Call +7 916 123-45-67?" in page
        client.post(place_page(call), {"token": "t", "choice": "client_number:79161234567"})
        command = Command.objects.get()
        assert command.number == "+79161234567"
        assert command.target == call

    def test_foreign_calls_are_out_of_reach(self, account: Account, anna: User, petr: User) -> None:
        call = make_call(account, "c", employee=Employee.objects.get(user=petr))
        client = page_of(anna)
        assert client.get(place_page(call)).status_code == 404
        assert client.post(place_page(call), {"choice": "x"}).status_code == 404
        assert client.get(hang_up_page(call)).status_code == 404
        assert client.post(hang_up_page(call)).status_code == 404

    def test_a_withheld_number_offers_no_call_back(self, account: Account, anna: User) -> None:
        call = make_call(
            account,
            "c",
            employee=Employee.objects.get(user=anna),
            client_number="",
            client_number_raw="",
        )
        page = page_of(anna).get(reverse("admin:django_mango_call_change", args=[call.pk])).text
        assert place_page(call) not in page

    def test_a_colleague_in_a_call_with_the_client_is_named(
        self, account: Account, anna: User, petr: User, contact: Contact
    ) -> None:
        make_call(
            account,
            "live",
            employee=Employee.objects.get(user=petr),
            state=Call.State.TALKING,
            outcome="",
        )
        page = page_of(anna).get(place_page(contact)).text
        assert "In a call with this client now: Petr Ivanov. Call anyway?" in page

    def test_a_colleague_who_was_faster_is_asked_about_before_anything_is_sent(
        self, account: Account, anna: User, petr: User, contact: Contact, pbx: Sandbox
    ) -> None:
        client = page_of(anna)
        form = {"token": token_of(client.get(place_page(contact))), "choice": MOBILE}
        page_of(petr).post(place_page(contact), {"token": "t", "choice": MOBILE})
        page = client.post(place_page(contact), form)
        assert "Petr Ivanov. Call anyway?" in page.text
        assert page.text.count('name="choice"') == 1
        assert Command.objects.filter(user=anna).count() == 0
        asked = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
        answer = client.post(place_page(contact), {**dict(asked), "choice": MOBILE})
        assert answer.status_code == 302
        assert Command.objects.get(user=anna).status == Command.Status.ACCEPTED


def test_hostile_names_are_only_text(anna: User, account: Account) -> None:
    make_employee(account, "x", "109", None)
    evil = Contact.objects.create(name="<script>alert(1)</script>", mobile="89161234567")
    page = page_of(anna).get(place_page(evil)).text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
