"""Calls on the client's own page: in the host's admin by itself, elsewhere by a tag."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import OperationalError
from django.template import Context, Template
from django.test import RequestFactory, override_settings
from django.urls import reverse
from django.utils import timezone

from django_mango.models import Account, Call, CallWork, Employee
from django_mango.services import calls_of, index_numbers
from example_project.crm.models import Company, Contact

from .conftest import make_call, make_user, page_of

LIST = "/admin/django_mango/call/"
MOBILE, OFFICE, OTHER = "+79161234567", "+74957778899", "+79031112233"


@pytest.fixture
def boss(db: None) -> User:
    return make_user("boss", superuser=True)


@pytest.fixture
def known(contact: Contact) -> Contact:
    index_numbers()
    return contact


def page(user: User, obj: Any, **query: str) -> str:
    name = f"admin:crm_{obj._meta.model_name}_change"
    return page_of(user).get(reverse(name, args=[obj.pk]), query).text


def tag(user: User | None, obj: Any, arguments: str = "") -> str:
    request = RequestFactory().get("/")
    request.user = user  # type: ignore[assignment] # a strange request has none
    template = Template(f"{{% load mango %}}{{% mango_calls obj {arguments} %}}")
    return template.render(Context({"request": request, "obj": obj} if user else {"obj": obj}))


def test_the_page_of_a_contact_has_his_calls(account: Account, boss: User, known: Contact) -> None:
    calls = [make_call(account, f"c{n}", client_number=MOBILE) for n in range(2)]
    make_call(account, "other", client_number=OTHER)
    shown = page(boss, known)
    assert "Calls (2)" in shown
    for call in calls:
        assert reverse("admin:django_mango_call_change", args=[call.pk]) in shown
    assert "+7 903 111-22-33" not in shown


def test_missed_calls_are_counted_while_nobody_returned_them(
    account: Account, boss: User, known: Contact
) -> None:
    for number in range(3):
        make_call(account, f"m{number}", client_number=MOBILE, is_missed=True, outcome="missed")
    Call.objects.filter(entry_id="m1").update(missed_resolved_at=timezone.now())
    CallWork.objects.create(call=Call.objects.get(entry_id="m2"), closed_at=timezone.now())
    assert "Calls (3, missed 1)" in page(boss, known)


def test_the_latest_come_first_and_all_are_a_link_away(
    account: Account, boss: User, known: Contact
) -> None:
    now = timezone.now()
    for number in range(7):
        make_call(
            account, f"c{number}", client_number=MOBILE, started_at=now - timedelta(hours=number)
        )
    make_call(account, "other", client_number=OTHER)
    shown = page(boss, known)
    assert "Calls (7)" in shown
    url = f"{LIST}?client=crm.contact%3A{known.pk}"
    assert url in shown
    answer = page_of(boss).get(url)
    found = [call.entry_id for call in answer.context["cl"].result_list]
    assert found == [f"c{number}" for number in range(7)]
    assert "Sergey Orlov" in answer.text


@pytest.mark.parametrize("client", ["crm.contact:999", "crm.contact:x", "crm.gone:1", "x", ":"])
def test_a_client_nobody_knows_has_no_calls(
    account: Account, boss: User, known: Contact, client: str
) -> None:
    make_call(account, "a", client_number=MOBILE)
    assert page_of(boss).get(LIST, {"client": client}).context["cl"].result_count == 0


def test_nor_one_that_may_not_be_seen(account: Account, known: Contact) -> None:
    make_call(account, "a", client_number=MOBILE)
    user = make_user("u", "django_mango.view_all_calls")
    answer = page_of(user).get(LIST, {"client": f"crm.contact:{known.pk}"})
    assert answer.context["cl"].result_count == 0
    assert "Sergey" not in answer.text


def test_everybody_sees_the_calls_he_may_see(
    account: Account, anna: User, petr: User, known: Contact
) -> None:
    employee = Employee.objects.get(user=anna)
    make_call(account, "hers", client_number=MOBILE, employee=employee, extension="101")
    make_call(account, "nobody's", client_number=MOBILE)
    assert "Calls (1)" in page(anna, known)
    assert "No calls yet." in page(petr, known)
    assert "mango-calls" not in page(make_user("u", "crm.view_contact"), known)
    assert {call.entry_id for call in calls_of(known)} == {"hers", "nobody's"}
    assert [call.entry_id for call in calls_of(known, anna)] == ["hers"]


def test_a_company_may_show_the_calls_of_its_people(
    account: Account, boss: User, known: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_call(account, "his", client_number=MOBILE)
    make_call(account, "both", client_number=OFFICE)
    assert known.company
    assert "Calls (1)" in page(boss, known.company)
    companies = type(admin.site.get_model_admin(Company))
    monkeypatch.setattr(companies, "mango_calls_panel", ["contacts"], raising=False)
    assert "Calls (2)" in page(boss, known.company)
    assert tag(boss, known.company, 'also="contacts"').count("<tr>") == 3
    monkeypatch.setattr(companies, "mango_calls_panel", False)
    assert "mango-calls" not in page(boss, known.company)


def test_a_former_number_brings_the_calls_of_its_time(
    account: Account, boss: User, known: Contact
) -> None:
    make_call(account, "then", client_number=MOBILE)
    Contact.objects.update(mobile="")
    index_numbers()
    later = timezone.now() + timedelta(minutes=1)
    make_call(account, "later", client_number=MOBILE, started_at=later)
    assert [call.entry_id for call in calls_of(known)] == ["then"]


def test_new_objects_other_models_and_popups_have_no_panel(
    account: Account, boss: User, known: Contact
) -> None:
    assert "mango-calls" not in page_of(boss).get(reverse("admin:crm_contact_add")).text
    assert "mango-calls" not in page(boss, known, _popup="1")
    assert tag(boss, boss) == ""
    with override_settings(MANGO={"PHONE_FIELDS": {}}):
        assert "mango-calls" not in page(boss, known)


def test_the_tag_shows_nothing_to_strangers(account: Account, boss: User, known: Contact) -> None:
    make_call(account, "a", client_number=MOBILE)
    assert tag(boss, known).count("<tr>") == 2
    assert tag(None, known) == ""
    assert tag(make_user("u"), known) == ""
    assert tag(boss, "text") == ""


def test_our_failure_does_not_take_the_page_away(
    account: Account, boss: User, known: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError

    monkeypatch.setattr("django_mango.admin.client_panel.calls_panel", fail)
    assert "Sergey Orlov" in page(boss, known)


@pytest.mark.parametrize("query", ["client=crm.contact:{pk}", "q=Orlov"])
def test_whom_the_host_hides_is_not_found_in_the_list_of_calls(
    account: Account, boss: User, known: Contact, settings: Any, query: str
) -> None:
    make_call(account, "c", client_number=MOBILE)
    address = f"{LIST}?{query.format(pk=known.pk)}"
    assert "+7 916 123-45-67" in page_of(boss).get(address).text
    for hook in (lambda user, objects: objects.none(), lambda user, objects: 1 / 0):
        settings.MANGO = {**settings.MANGO, "VISIBLE_CLIENTS": hook}
        shown = page_of(boss).get(address).text
        assert "Sergey" not in shown
        assert "+7 916 123-45-67" not in shown
