"""The page "My telephony"."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from django_mango.models import Account, Employee, EmployeeAddress, Line, Preference

from .conftest import make_user, page_of, told

pytestmark = pytest.mark.django_db

MINE = "/admin/django_mango/call/my/"


def test_it_shows_ones_extension(anna: User) -> None:
    page = page_of(anna).get(MINE).text
    assert "Extension <strong>101</strong>, Anna Smirnova" in page
    assert "It rings first" in page
    assert 'name="line"' not in page  # no line is known to choose from


def test_it_is_for_everybody_of_the_site(account: Account, settings: Any) -> None:
    page = page_of(make_user("x")).get(MINE).text
    assert "You have no extension" in page
    assert "Ask your administrator" in page
    assert "no right to place calls" in page


def test_who_may_mend_it_is_led_there(account: Account) -> None:
    page = page_of(make_user("x", "django_mango.manage_settings")).get(MINE).text
    assert 'href="/admin/django_mango/employee/who-is-who/"' in page


def test_an_employee_without_extension(anna: User) -> None:
    EmployeeAddress.objects.all().delete()
    assert "Anna Smirnova has no extension now" in page_of(anna).get(MINE).text


def test_choices_are_kept(account: Account, anna: User) -> None:
    line = Line.objects.create(account=account, number="74951234567", name="Main")
    Line.objects.create(account=account, number="74950000000", is_active=False)
    client = page_of(anna)
    page = client.get(MINE).text
    assert "Main" in page
    assert "74950000000" not in page
    answer = client.post(MINE, {"notifications": "silent", "line": line.pk})
    assert answer.status_code == 302
    chosen = Preference.objects.get(user=anna)
    assert (chosen.notifications, chosen.line) == ("silent", line)
    assert told(client) == ["Your choices are saved."]
    client.post(MINE, {"notifications": "", "line": ""})
    chosen.refresh_from_db()
    assert (chosen.notifications, chosen.line) == ("", None)


def test_a_line_of_another_pbx_is_refused(anna: User) -> None:
    other = Account.objects.create(alias="other")
    line = Line.objects.create(account=other, number="74950000001")
    Line.objects.create(account=Employee.objects.get(user=anna).account, number="74950000002")
    client = page_of(anna)
    answer = client.post(MINE, {"notifications": "on", "line": line.pk})
    assert answer.status_code == 200
    assert "errorlist" in answer.text
    assert not Preference.objects.exists()


def test_it_is_russian(anna: User) -> None:
    page = page_of(anna).get(MINE, headers={"accept-language": "ru"}).text
    assert "Внутренний номер <strong>101</strong>" in page
    assert "Моя телефония" in page
