"""Call controls for pages of the host: tags, the public function, the form widget."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone, translation

from django_mango.models import Account, EmployeeAddress, Line
from django_mango.ui import CallInput, call_controls, call_media
from django_mango.ui.clicks import Click
from example_project.crm.models import Contact
from tests.admin.conftest import account, anna, contact, make_employee, make_user, page_of

__all__ = ["account", "anna", "contact"]

pytestmark = pytest.mark.django_db

MOBILE = "8 (916) 123-45-67"


def asking(user: Any) -> HttpRequest:
    request = RequestFactory().get("/deals/5/?tab=2")
    request.user = user
    return request


def render(source: str, /, **context: Any) -> str:
    return Template("{% load mango %}" + source).render(Context(context))


def clicks(page: str, user: User) -> list[Click]:
    sealed = re.findall(r'<button type="button"[^>]* data-mango-click="([^"]+)"', page)
    found = [Click.unseal(one, user) for one in sealed]
    assert None not in found
    return [one for one in found if one]


def titles(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'<button [^>]*title="([^"]*)"', page)]


@pytest.fixture(autouse=True)
def _fields(settings: Any) -> None:
    settings.MANGO = {**settings.MANGO, "PHONE_FIELDS": {"crm.Contact": ["phone", "mobile"]}}


class TestTags:
    def test_an_object_shows_its_numbers_with_their_buttons(
        self, anna: User, contact: Contact
    ) -> None:
        page = render("{% mango_call contact %}", request=asking(anna), contact=contact)
        assert clicks(page, anna) == [
            Click("+74957778899", "crm.contact", str(contact.pk)),
            Click("+79161234567", "crm.contact", str(contact.pk)),
        ]
        assert ">+7 916 123-45-67</span>" in page
        assert titles(page)[0] == (
            "+7 495 777-88-99, your phone 101 rings first; then ask for extension 12"
        )

    def test_a_value_has_a_button_only(self, anna: User, contact: Contact) -> None:
        source = "{% mango_call contact.mobile target=contact small=True %}"
        page = render(source, request=asking(anna), contact=contact)
        assert clicks(page, anna) == [Click("+79161234567", "crm.contact", str(contact.pk))]
        assert "mango-call--small" in page
        assert 'class="mango-number"' not in page
        with translation.override("ru"):
            page = render(source, request=asking(anna), contact=contact)
        assert titles(page) == ["+7 916 123-45-67, ваш телефон 101 зазвонит первым"]

    def test_several_numbers_of_one_value_are_told_apart(self, anna: User) -> None:
        page = render("{% mango_call text %}", request=asking(anna), text=f"{MOBILE}, 84957778899")
        assert [click.number for click in clicks(page, anna)] == ["+79161234567", "+74957778899"]
        assert ">+7 495 777-88-99</span></button>" in page

    def test_the_link_opens_a_page_that_comes_back(self, anna: User) -> None:
        page = render("{% mango_call text %}", request=asking(anna), text=MOBILE)
        link = unescape(re.findall(r'<a class="mango-call [^"]*" href="([^"]+)"', page)[0])
        answer = page_of(anna).get(link, headers={"Accept": "text/html"})
        assert answer.status_code == 200
        assert 'href="/deals/5/?tab=2"' in answer.text

    @pytest.mark.parametrize("value", ["", None, "нет", "-"])
    def test_no_number_no_button(self, anna: User, value: Any) -> None:
        assert render("{% mango_call text %}", request=asking(anna), text=value) == ""

    def test_strangers_see_nothing(self, contact: Contact) -> None:
        for user in (AnonymousUser(), None):
            for source in ("{% mango_call contact %}", "{% mango_call contact.mobile %}"):
                assert render(source, request=asking(user), contact=contact) == ""

    def test_without_a_request_the_number_stands_open(self, contact: Contact) -> None:
        for source in ("{% mango_call contact.mobile %}", "{% mango_call contact %}"):
            page = render(source, contact=contact)
            assert 'data-mango-number="+79161234567"' in page
            assert "data-mango-click" not in page

    def test_media_has_no_inline_code(self) -> None:
        page = render("{% mango_media %}")
        assert page == str(call_media())
        assert re.search(
            r'<script src="/static/django_mango/call.js" data-[^>]* defer></script>', page
        )
        assert 'data-endpoint="/mango/api/call"' in page
        with translation.override("ru"):
            assert 'data-calling="Звоним…"' in render("{% mango_media %}")

    @pytest.mark.urls("tests.checks.urls_without_mango")
    def test_without_the_mount_there_is_neither_script_nor_button(self, anna: User) -> None:
        assert "<script" not in render("{% mango_media %}")
        assert "<button" not in render("{% mango_call t %}", request=asking(anna), t=MOBILE)


class TestReasons:
    """A button that cannot call says why: to a mouse, a keyboard and a screen reader."""

    def off(self, user: User, text: str = MOBILE) -> str:
        page = str(call_controls(asking(user), text))
        assert 'aria-disabled="true"' in page
        assert " disabled" not in page  # it stays in the tab order
        assert "data-mango-click" not in page
        assert "<a " not in page
        (title,) = titles(page)
        return title

    def test_no_right(self) -> None:
        assert self.off(make_user("x")) == "+7 916 123-45-67: You may not place calls."

    def test_no_extension(self) -> None:
        assert "You have no extension" in self.off(make_user("x", "django_mango.place_call"))

    @pytest.mark.parametrize("mango", [{}, {"API_KEY": "half"}])
    def test_no_pbx(self, anna: User, settings: Any, mango: dict[str, str]) -> None:
        settings.MANGO = mango
        assert self.off(anna) == "+7 916 123-45-67: Telephony is not set up."

    def test_locked_out(self, anna: User) -> None:
        until = timezone.now() + timedelta(minutes=20)
        Account.objects.update(blocked_until=until)
        clock = timezone.localtime(until).strftime("%H:%M")
        assert self.off(anna) == f"+7 916 123-45-67: The PBX refuses all calls until {clock}."

    def test_a_country_that_is_not_allowed(self, anna: User) -> None:
        assert "Calls to this country are not allowed" in self.off(anna, "+49 30 123456")

    def test_our_own_line_and_ones_own_number(self, anna: User, account: Account) -> None:
        Line.objects.create(account=account, number="79161234567")
        assert "a number of our own PBX" in self.off(anna)
        Line.objects.all().delete()
        kind = EmployeeAddress.Kind.NUMBER
        EmployeeAddress.objects.create(
            employee=anna.mango_employees.get(), kind=kind, value="+79161234567"
        )
        assert "your own number" in self.off(anna)

    @pytest.mark.parametrize("text", ["8 916 123-45", "12345", "+7 (916) 12345678901"])
    def test_digits_that_are_no_number(self, anna: User, text: str) -> None:
        assert self.off(anna, text) == f"“{text}” is not a phone number that can be called."


@pytest.mark.parametrize("count", [1, 100])
def test_many_numbers_cost_as_many_queries_as_one(
    anna: User, account: Account, django_assert_num_queries: Any, count: int
) -> None:
    request = asking(User.objects.get(pk=anna.pk))
    # Rights 2, employee 1, extension 2, lines 1, own numbers 1.
    with django_assert_num_queries(7):
        for number in range(count):
            assert "<button" in call_controls(request, f"+7916123{number:04}")


class TestWidget:
    def test_a_form_of_the_host(self) -> None:
        class ContactForm(forms.ModelForm):
            class Meta:
                model = Contact
                fields = ("name", "mobile")
                widgets = {"mobile": CallInput}

        form = ContactForm(instance=Contact(name="x", mobile=f"{MOBILE}, 84957778899"))
        page = str(form)
        assert re.search(r'<input type="tel" name="mobile" value="8 \(916\)', page)
        assert re.findall(r'data-mango-number="([^"]+)"', page) == ["+79161234567", "+74957778899"]
        assert form.media.render() == call_media().render()
        assert "data-mango" not in str(ContactForm())


def test_another_users_click_opens_nothing(anna: User, account: Account) -> None:
    other = make_user("other", "django_mango.place_call")
    make_employee(account, "Other", "105", other)
    sealed = Click("+79161234567").seal(anna)
    assert Click.unseal(sealed, other) is None
    assert Click.unseal(sealed, anna) == Click("+79161234567")
