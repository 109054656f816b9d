"""The endpoint behind the buttons: one click, one call, every refusal in words."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.signing import TimestampSigner
from django.test import Client
from django.utils import timezone

from django_mango.models import Account, Call, Command
from django_mango.sandbox import Sandbox
from django_mango.ui.clicks import Click
from example_project.crm.models import Contact
from tests.admin.conftest import (
    account,
    anna,
    contact,
    make_call,
    make_user,
    page_of,
    pbx,
    petr,
    token_of,
)

__all__ = ["account", "anna", "contact", "pbx", "petr"]

pytestmark = pytest.mark.django_db(transaction=True)

CALL = "/mango/api/call"
NUMBER = "+79161234567"
JSON = {"Accept": "application/json"}
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def seal(user: User, target: Any = None, number: str = NUMBER, in_admin: bool = True) -> str:
    return Click.on(number, target, in_admin=in_admin).seal(user)


def post(user: User, headers: Any = JSON, **form: str) -> Any:
    return page_of(user).post(CALL, form, headers=headers)


class TestPlacing:
    def test_a_click_is_a_call(self, anna: User, contact: Contact, pbx: Sandbox) -> None:
        answer = post(anna, click=seal(anna, contact), token="t")
        assert answer.status_code == 200
        said = answer.json()
        command = Command.objects.get()
        assert said == {
            "level": "success",
            "text": "The call is being placed: telephone 101 rings first, then +7 916 123-45-67.",
            "command": command.command_id,
            "again": False,
        }
        assert (command.status, command.user, command.target) == ("accepted", anna, contact)
        assert command.number == NUMBER

    @pytest.mark.usefixtures("pbx")
    def test_it_stands_in_the_history_of_the_object_once(
        self, anna: User, contact: Contact
    ) -> None:
        for _ in range(2):
            post(anna, click=seal(anna, contact), token="t")
        entry = LogEntry.objects.get()
        assert (entry.user, entry.get_edited_object()) == (anna, contact)
        assert entry.get_change_message() == "Call placed to +7 916 123-45-67."

    @pytest.mark.usefixtures("pbx")
    def test_a_page_of_the_host_leaves_no_trace_in_the_admin(
        self, anna: User, contact: Contact
    ) -> None:
        post(anna, click=seal(anna, contact, in_admin=False))
        assert Command.objects.get().target == contact
        assert not LogEntry.objects.exists()

    @pytest.mark.usefixtures("pbx")
    def test_a_number_of_nobody(self, anna: User) -> None:
        assert post(anna, number="8 (916) 123-45-67 доб. 5").status_code == 200
        command = Command.objects.get()
        assert (command.number, command.target) == (NUMBER, None)

    @pytest.mark.usefixtures("pbx")
    @pytest.mark.parametrize("tokens", [("t", "t"), ("t", "u"), ("", "")])
    def test_a_double_click_is_one_call_and_says_so(
        self, anna: User, contact: Contact, tokens: tuple[str, str]
    ) -> None:
        first, second = (
            post(anna, click=seal(anna, contact), token=token).json() for token in tokens
        )
        assert first["command"] == second["command"]
        assert (first["again"], second["again"]) == (False, True)
        assert Command.objects.count() == 1

    @pytest.mark.usefixtures("pbx")
    def test_an_object_deleted_meanwhile_is_no_obstacle(self, anna: User, contact: Contact) -> None:
        sealed = seal(anna, contact)
        contact.delete()
        assert post(anna, click=sealed).status_code == 200
        assert Command.objects.get().target is None
        assert not LogEntry.objects.exists()

    @pytest.mark.usefixtures("pbx")
    def test_a_client_of_a_call_is_called_through_its_pbx(
        self, account: Account, anna: User
    ) -> None:
        post(anna, click=seal(anna, make_call(account, "c")))
        assert Command.objects.get().account == account

    @pytest.mark.usefixtures("pbx")
    def test_works_where_requests_are_transactions(self, anna: User) -> None:
        from django.db import connections

        databases = connections.settings["default"]
        databases["ATOMIC_REQUESTS"] = True
        try:
            assert post(anna, number=NUMBER).status_code == 200
        finally:
            databases["ATOMIC_REQUESTS"] = False
        assert Command.objects.get().status == Command.Status.ACCEPTED

    def test_a_pbx_that_is_down_is_told_in_words(self, anna: User, contact: Contact) -> None:
        said = post(anna, click=seal(anna, contact), language="ru").json()
        assert said["level"] == "error"
        assert "АТС" in said["text"]
        entry = LogEntry.objects.get()
        assert entry.get_change_message() == "Звонок на +7 916 123-45-67 не удался."


class TestTelephonesOfOthers:
    @pytest.mark.usefixtures("pbx")
    def test_a_supervisor_lets_another_telephone_ring(self, petr: User, account: Account) -> None:
        boss = make_user("boss", superuser=True)
        employee = str(petr.mango_employees.get().pk)
        said = post(boss, number=NUMBER, employee=employee).json()
        assert "telephone 102 rings first" in said["text"]
        command = Command.objects.get()
        assert (command.user, command.employee) == (boss, petr.mango_employees.get())

    def test_nobody_else_may(self, anna: User, petr: User) -> None:
        answer = post(anna, number=NUMBER, employee=str(petr.mango_employees.get().pk))
        assert (answer.status_code, answer.json()["code"]) == (403, "permission")

    @pytest.mark.parametrize("employee", ["999", "9" * 40, "x", "-1"])
    def test_an_employee_nobody_knows(self, anna: User, employee: str) -> None:
        answer = post(anna, number=NUMBER, employee=employee)
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_employee")


class TestColleagues:
    def test_a_colleague_in_a_call_is_asked_about(
        self, account: Account, anna: User, petr: User, contact: Contact, pbx: Sandbox
    ) -> None:
        person = petr.mango_employees.get()
        make_call(account, "live", employee=person, state=Call.State.TALKING, outcome="")
        answer = post(anna, click=seal(anna, contact), token="t", language="ru")
        assert answer.status_code == 409
        said = answer.json()
        assert said["question"] is True
        assert said["text"] == "Сейчас с клиентом говорит Petr Ivanov. Всё равно позвонить?"
        assert (said["yes"], said["no"]) == ("Всё равно позвонить", "Не звонить")
        assert not Command.objects.exists()
        assert post(anna, click=seal(anna, contact), token="t", asked="1").status_code == 200
        assert Command.objects.get().status == Command.Status.ACCEPTED

    @pytest.mark.usefixtures("pbx")
    def test_who_clicks_second_is_asked_before_any_event_arrives(
        self, anna: User, petr: User
    ) -> None:
        Command.objects.create(
            account=Account.objects.get(),
            command_id="c",
            kind=Command.Kind.CALLBACK,
            status=Command.Status.SENT,
            user=petr,
            employee=petr.mango_employees.get(),
            number=NUMBER,
            created_at=timezone.now(),
        )
        answer = post(anna, number=NUMBER)
        assert (answer.status_code, answer.json()["code"]) == (409, "colleague")


class TestRefusals:
    def test_without_the_right(self, contact: Contact) -> None:
        user = make_user("x", "crm.view_contact")
        answer = post(user, click=seal(user, contact))
        assert answer.status_code == 403
        assert answer.json()["code"] == "permission"

    @pytest.mark.parametrize(
        ("number", "code"),
        [
            ("", "no_number"),
            ("nobody", "invalid_number"),
            ("+49 30 123456", "country"),
            ("8 809 123 45 67", "premium_number"),
        ],
    )
    def test_what_may_not_be_dialled(self, anna: User, number: str, code: str) -> None:
        answer = post(anna, number=number)
        assert answer.status_code == 400
        assert answer.json()["code"] == code
        assert answer.json()["text"]

    def test_without_an_extension(self) -> None:
        answer = post(make_user("x", "django_mango.place_call"), number=NUMBER)
        assert answer.json()["code"] == "no_extension"

    def test_a_pbx_nobody_configured(self, anna: User, settings: Any) -> None:
        settings.MANGO = {}
        assert post(anna, number=NUMBER).status_code == 400

    def test_a_seal_of_somebody_else(self, anna: User, petr: User, contact: Contact) -> None:
        answer = post(anna, click=seal(petr, contact))
        assert (answer.status_code, answer.json()["code"]) == (400, "stale")
        assert not Command.objects.exists()

    @pytest.mark.parametrize("sealed", ["x", "a:b:c", "\x00", "é" * 300])
    def test_a_forged_seal(self, anna: User, sealed: str) -> None:
        assert post(anna, click=sealed).json()["code"] == "stale"

    def test_a_seal_of_last_month(
        self, anna: User, contact: Contact, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(TimestampSigner, "timestamp", lambda self: "1rXXXX")
        sealed = seal(anna, contact)
        monkeypatch.undo()
        assert post(anna, click=sealed).json()["code"] == "stale"

    def test_strangers(self) -> None:
        answer = Client().post(CALL, {"number": NUMBER}, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (401, "login")

    def test_a_forged_form(self, anna: User) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(anna)
        answer = client.post(CALL, {"number": NUMBER}, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
        assert not Command.objects.exists()

    @pytest.mark.usefixtures("pbx")
    @pytest.mark.parametrize("in_session", [False, True])
    def test_a_token_in_the_body_is_enough(
        self, anna: User, settings: Any, in_session: bool
    ) -> None:
        settings.CSRF_USE_SESSIONS = in_session
        settings.CSRF_COOKIE_HTTPONLY = True
        settings.CSRF_HEADER_NAME = "HTTP_X_OTHER"
        client = Client(enforce_csrf_checks=True)
        client.force_login(anna)
        token = client.get("/mango/api/csrf").json()["csrf"]
        form = {"number": NUMBER, "csrfmiddlewaretoken": token}
        assert client.post(CALL, form, headers=JSON).status_code == 200


class TestWithoutScript:
    def test_the_page_asks_and_its_form_calls(
        self, anna: User, contact: Contact, pbx: Sandbox
    ) -> None:
        client = page_of(anna)
        sealed = seal(anna, contact, in_admin=False)
        page = client.get(CALL, {"click": sealed, "next": "/deals/5/"}, headers=HTML)
        assert page.status_code == 200
        assert "<h1>Call +7 916 123-45-67</h1>" in page.text
        assert "<strong>101</strong>" in page.text
        assert 'href="/deals/5/"' in page.text
        assert not Command.objects.exists()
        form = {"click": sealed, "token": token_of(page), "next": "/deals/5/"}
        for _ in range(2):
            done = client.post(CALL, form, headers=HTML)
            assert done.status_code == 200
            assert "telephone 101 rings first" in done.text
        assert Command.objects.get().target == contact

    def test_the_page_asks_about_a_colleague(
        self, account: Account, anna: User, petr: User, pbx: Sandbox
    ) -> None:
        client = page_of(anna)
        form = {"number": NUMBER, "token": "t"}
        assert 'name="asked"' not in client.get(CALL, form, headers=HTML).text
        person = petr.mango_employees.get()
        make_call(account, "live", employee=person, state=Call.State.TALKING, outcome="")
        page = client.post(CALL, form, headers=HTML)
        assert "Petr Ivanov. Call anyway?" in page.text
        assert 'name="asked" value="1"' in page.text
        assert client.post(CALL, {**form, "asked": "1"}, headers=HTML).status_code == 200
        assert Command.objects.count() == 1

    def test_a_refusal_has_no_button(self, anna: User) -> None:
        page = page_of(anna).get(CALL, {"number": "+49 30 123456"}, headers=HTML)
        assert page.status_code == 400
        assert "not allowed" in page.text
        assert "<form" not in page.text

    @pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example", "javascript:x"])
    def test_nobody_is_sent_to_another_site(self, anna: User, there: str) -> None:
        page = page_of(anna).get(CALL, {"number": NUMBER, "next": there}, headers=HTML)
        assert "evil" not in page.text
        assert "javascript" not in page.text

    def test_hostile_values_are_only_text(self, anna: User) -> None:
        page = page_of(anna).get(CALL, {"number": "<script>alert(1)</script>"}, headers=HTML)
        assert "<script>alert" not in page.text
