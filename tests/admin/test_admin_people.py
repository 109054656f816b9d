"""The pages "Load employees" and "Who is who"."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from django_mango.models import Account, Employee, EmployeeAddress
from django_mango.testing import running_sandbox
from tests.admin.conftest import make_user

pytestmark = pytest.mark.django_db
RIGHTS = ("django_mango.manage_settings", "django_mango.view_employee")


def url(name: str) -> str:
    return reverse(f"admin:django_mango_employee_{name}")


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(make_user("boss", *RIGHTS))
    return client


def messages_of(response: Any) -> str:
    return " ".join(str(one) for one in response.context["messages"])


def test_the_list_leads_there_only_who_may(boss: Client) -> None:
    page = boss.get(url("changelist")).content.decode()
    assert url("load") in page
    assert url("mapping") in page
    other = Client()
    other.force_login(make_user("viewer", "django_mango.view_employee"))
    page = other.get(url("changelist")).content.decode()
    assert url("load") not in page
    assert other.get(url("load")).status_code == 403
    assert other.post(url("load")).status_code == 403
    assert other.post(url("mapping")).status_code == 403


def test_loading_from_the_sandbox_and_confirming(boss: Client, settings: Any) -> None:
    anna = User.objects.create(
        username="anna", is_staff=True, first_name="Анна", last_name="Смирнова"
    )
    with running_sandbox(enforce_limits=False) as pbx:
        settings.MANGO = {
            "API_KEY": "demo-key",
            "API_SALT": "demo-salt",
            "API_URL": pbx.url,
        }
        assert boss.get(url("load")).status_code == 200
        assert not Employee.objects.exists(), "looking loads nothing"
        response = boss.post(url("load"), follow=True)
    assert "employees 7 (new 7" in messages_of(response)
    page = response.content.decode()
    smirnova = Employee.objects.get(name="Анна Смирнова")
    assert f'name="employee-{smirnova.pk}"' in page
    assert "To be confirmed: 1" in page
    response = boss.post(url("mapping"), {f"employee-{smirnova.pk}": anna.pk}, follow=True)
    assert "1 employee was joined" in messages_of(response)
    smirnova.refresh_from_db()
    assert smirnova.user == anna
    assert "anna" in LogEntry.objects.get().get_change_message()
    response = boss.post(url("mapping"), {f"employee-{smirnova.pk}": anna.pk}, follow=True)
    assert "Nothing was chosen" in messages_of(response)


def test_a_pbx_that_refuses_is_one_line(boss: Client, settings: Any) -> None:
    with running_sandbox(api_key="another") as pbx:
        settings.MANGO = {"API_KEY": "k-secret", "API_SALT": "s-secret", "API_URL": pbx.url}
        response = boss.post(url("load"), follow=True)
    text = messages_of(response)
    assert "could not be loaded" in text
    assert "\n" not in text
    assert "secret" not in response.content.decode()


def test_without_an_account(boss: Client, settings: Any) -> None:
    settings.MANGO = {}
    assert "No PBX account is configured" in boss.get(url("load")).content.decode()
    assert boss.get(url("mapping")).status_code == 200


def test_before_anything_is_loaded(boss: Client) -> None:
    page = boss.get(url("mapping")).content.decode()
    assert "No employees of the PBX are known yet." in page
    assert url("load") in page


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_standing_has_its_section(boss: Client, language: str) -> None:
    account = Account.objects.create(alias="default")
    for number, (name, user) in enumerate(
        [("Анна Ли", None), ("Вера Ким", None), ("Никто Никак", None), ("Глеб", "gleb")]
    ):
        row = Employee.objects.create(
            account=account,
            name=name,
            user=User.objects.create(username=user, is_staff=True) if user else None,
        )
        EmployeeAddress.objects.create(employee=row, value=f"10{number}")
    for name, first, last in (("a", "Анна", "Ли"), ("v1", "Вера", "Ким"), ("v2", "Вера", "Ким")):
        User.objects.create(username=name, is_staff=True, first_name=first, last_name=last)
    boss.cookies[django_settings.LANGUAGE_COOKIE_NAME] = language
    page = boss.get(url("mapping")).content.decode()
    assert page.count("<section") == 5
    assert ("Кто есть кто" in page) == (language == "ru")
    assert "<script>" not in page
    assert "style=" not in page.partition('id="content"')[2]


@pytest.mark.parametrize(
    "data",
    [{"employee-x": "1"}, {"employee-": ""}, {"employee-1": "x" * 5000}, {"employee-9" * 9: ""}],
)
def test_rubbish_changes_nothing(boss: Client, data: dict[str, str]) -> None:
    Account.objects.create(alias="default")
    assert boss.post(url("mapping"), data).status_code == 302
