"""What must hold in every host project. ``test_hosts.py`` runs this file under each one's settings.

Not collected by itself: it needs a process with the settings of its project.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core import checks
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from django_mango.models import Call, Command, Employee, EmployeeAddress, Notification
from django_mango.sandbox import Sandbox
from django_mango.services import account_for, employee_of
from django_mango.testing import running_sandbox
from tests.webhooks.signed import EVENT, FORM, signed_fields

SITE = getattr(settings, "HOST_SITE", "admin")
RIGHTS = ("place_call", "hang_up", "view_call", "view_all_calls", "manage_settings")
LISTS = ("call", "command", "employee", "line", "group", "notification", "recording", "statsimport")


def make_user(name: str, *rights: str, **more: Any) -> Any:
    model = get_user_model()
    user = model(**{model.USERNAME_FIELD: f"{name}@crm.example"}, is_staff=True, **more)
    user.save()
    user.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    return model._default_manager.get(pk=user.pk)


def site_url(name: str, *arguments: Any) -> str:
    return reverse(f"{SITE}:{name}", args=arguments)


@pytest.fixture
def client_of_crm(db: None) -> Any:
    return apps.get_model("hostdirectory.Client")._default_manager.create(
        name="Иван Петров", phone="8 (916) 123-45-67"
    )


@pytest.fixture
def manager(db: None) -> Any:
    user = make_user("anna", *RIGHTS, "view_client", "change_client", "add_client")
    employee = Employee.objects.create(account=account_for(), name="Анна", user=user)
    EmployeeAddress.objects.create(employee=employee, value="101")
    return user


@pytest.fixture
def browser(manager: Any) -> Client:
    client = Client()
    client.force_login(manager)
    return client


@pytest.fixture
def pbx() -> Iterator[Sandbox]:
    with running_sandbox(enforce_limits=False) as found:
        yield found


def test_nothing_of_ours_wants_a_migration_of_the_host(db: None) -> None:
    out = StringIO()
    call_command("makemigrations", "django_mango", check=True, dry_run=True, stdout=out)
    assert "No changes" in out.getvalue()


def test_the_checks_are_silent() -> None:
    assert checks.run_checks(tags=["django_mango"]) == []


@pytest.mark.parametrize("path", ["events/call", "events/call/"])
def test_a_notification_arrives_through_every_middleware(db: None, path: str) -> None:
    url = reverse("django_mango:webhook") + f"default/{path}"
    client = Client(enforce_csrf_checks=True)
    body = urlencode(signed_fields(EVENT))
    response = client.post(url, body, content_type=FORM)
    assert (response.status_code, response.content) == (200, b"")
    assert Notification.objects.count() == 1
    assert Call.objects.get().entry_id == EVENT["entry_id"]
    forged = signed_fields(EVENT, signature="0" * 64)
    assert client.post(url, urlencode(forged), content_type=FORM).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("name", LISTS)
def test_every_list_opens(name: str) -> None:
    boss = make_user("boss", is_superuser=True)
    client = Client()
    client.force_login(boss)
    page = client.get(site_url(f"django_mango_{name}_changelist"))
    assert page.status_code == 200
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*json)", page.content.decode())


def test_the_hosts_pages_offer_to_call(browser: Client, client_of_crm: Any) -> None:
    for url in (
        site_url("hostdirectory_client_changelist"),
        site_url("hostdirectory_client_change", client_of_crm.pk),
    ):
        page = browser.get(url)
        assert page.status_code == 200
        assert "mango-call" in page.content.decode(), url


def test_who_may_only_look_is_offered_it_too(client_of_crm: Any) -> None:
    viewer = make_user("viewer", "view_client", "place_call")
    client = Client()
    client.force_login(viewer)
    page = client.get(site_url("hostdirectory_client_change", client_of_crm.pk)).content.decode()
    assert "8 (916) 123-45-67" in page
    assert "mango-call" in page


def test_without_the_right_the_reason_is_shown(client_of_crm: Any) -> None:
    stranger = make_user("stranger", "view_client", "change_client")
    client = Client()
    client.force_login(stranger)
    for url in (
        site_url("hostdirectory_client_changelist"),
        site_url("hostdirectory_client_change", client_of_crm.pk),
    ):
        page = client.get(url).content.decode()
        assert page.count('class="mango-call ') == page.count("You may not place calls.")
        assert "data-mango-click" not in page
    url = site_url("django_mango_call_place", "hostdirectory", "client", client_of_crm.pk)
    assert client.get(url).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_a_call_is_placed_from_the_confirmation_page(pbx: Sandbox, settings: Any) -> None:
    settings.MANGO = {
        **settings.MANGO, "API_KEY": "demo-key", "API_SALT": "demo-salt", "API_URL": pbx.url,
    }  # fmt: skip
    contact = apps.get_model("hostdirectory.Client")._default_manager.create(
        name="Иван", phone="8 (916) 123-45-67"
    )
    user = make_user("caller", *RIGHTS, "view_client", "change_client")
    employee = Employee.objects.create(account=account_for(), name="Анна", user=user)
    EmployeeAddress.objects.create(employee=employee, value="101")
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    url = site_url("django_mango_call_place", "hostdirectory", "client", contact.pk)
    page = client.get(url).content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    fields |= dict(re.findall(r'<button[^>]*name="(\w+)" value="([^"]*)"', page))
    assert fields["csrfmiddlewaretoken"]
    response = client.post(url, fields)
    assert response.status_code == 302, page
    command = Command.objects.get()
    assert (command.status, command.number) == ("accepted", "+79161234567")
    assert (command.user, command.target) == (user, contact)


def test_endpoints_answer_in_json_and_never_redirect(db: None) -> None:
    root = reverse("django_mango:webhook")
    for path in ("api/live", "api/live/"):
        response = Client().get(root + path)
        assert response.status_code in (401, 404), (path, response.status_code)
        if response.status_code == 401:
            assert "json" in response["Content-Type"]
            json.loads(response.content)
    assert Client().get(root + "api/live").status_code == 401


def test_users_are_found_by_their_own_keys(manager: Any) -> None:
    employee = employee_of(manager)
    assert employee is not None
    assert employee.user == manager
    Call.objects.create(account=employee.account, entry_id="e", employee=employee)
    assert Call.objects.visible_to(manager).count() == 1


def test_the_doctor_knows_the_user_by_the_hosts_name(manager: Any) -> None:
    out = StringIO()
    call_command("mango_doctor", "--user", manager.get_username(), stdout=out)
    assert "101" in out.getvalue()
