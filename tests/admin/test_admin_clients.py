"""Clients on the pages of calls: names and links, only for who may see them, at a fixed price."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_mango.models import Account, Call, CallWork, Employee, Recording
from django_mango.services import index_numbers
from example_project.crm.models import Company, Contact

from .conftest import make_call, make_user, page_of

LIST = "/admin/django_mango/call/"
RECORDINGS = "/admin/django_mango/recording/"
MOBILE, OFFICE = "+79161234567", "+74957778899"


@pytest.fixture
def boss(db: None) -> User:
    return make_user("boss", superuser=True)


@pytest.fixture
def known(contact: Contact) -> Contact:
    """Sergey Orlov of Vector; the office number is both his and the company's."""
    index_numbers()
    return contact


def page_of_call(user: User, call: Call) -> str:
    url = reverse("admin:django_mango_call_change", args=[call.pk])
    return page_of(user).get(url).text


def href(obj: Any) -> str:
    return f'href="{reverse(f"admin:crm_{obj._meta.model_name}_change", args=[obj.pk])}"'


def test_the_list_names_the_client_and_leads_to_him(
    account: Account, boss: User, known: Contact
) -> None:
    make_call(account, "a", client_number=MOBILE)
    page = page_of(boss).get(LIST).text
    assert f"<a {href(known)}>Sergey Orlov</a>" in page
    assert "+7 916 123-45-67" in page


def test_several_owners_are_shown_as_several_with_the_extension(
    account: Account, boss: User, known: Contact
) -> None:
    call = make_call(account, "a", client_number=OFFICE)
    for page in (page_of(boss).get(LIST).text, page_of_call(boss, call)):
        assert "Sergey Orlov" in page
        assert "ext. 12" in page
        assert known.company
        assert href(known.company) in page
    assert "(contact, office phone)" in page_of_call(boss, call)
    assert "(company, switchboard)" in page_of_call(boss, call)


def test_very_many_owners_are_counted(account: Account, boss: User, db: None) -> None:
    Contact.objects.bulk_create(Contact(name=f"C{n}", mobile=MOBILE) for n in range(5))
    index_numbers()
    make_call(account, "a", client_number=MOBILE)
    page = page_of(boss).get(LIST).text
    assert (">C2<" in page, ">C3<" in page, "+2" in page) == (True, False, True)


def test_a_former_number_is_called_so(account: Account, boss: User, known: Contact) -> None:
    make_call(account, "a", client_number=MOBILE)
    Contact.objects.update(mobile="")
    index_numbers()
    assert "a former number" in page_of(boss).get(LIST).text


def test_a_stranger_stays_a_number(account: Account, boss: User, known: Contact) -> None:
    call = make_call(account, "a", client_number="+79031112233", client_number_raw="79031112233")
    assert "mango-client" not in page_of(boss).get(LIST).text
    assert "+7 903 111-22-33" in page_of_call(boss, call)


def test_names_only_for_who_may_view_them(account: Account, known: Contact) -> None:
    call = make_call(account, "a", client_number=OFFICE)
    user = make_user("u", "django_mango.view_all_calls", "crm.view_company")
    for page in (page_of(user).get(LIST).text, page_of_call(user, call)):
        assert "Vector" in page
        assert "Sergey Orlov" not in page
    assert page_of(user).get(LIST, {"q": "Orlov"}).context["cl"].result_count == 0


def test_rows_the_host_hides_stay_hidden(
    account: Account, boss: User, known: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The admin of the host says who sees which row, by its query set or row by row."""
    call = make_call(account, "a", client_number=MOBILE)
    contacts = type(admin.site.get_model_admin(Contact))
    monkeypatch.setattr(contacts, "get_queryset", lambda *_: Contact.objects.none())
    assert "Sergey Orlov" not in page_of(boss).get(LIST).text
    assert page_of(boss).get(LIST, {"q": "Orlov"}).context["cl"].result_count == 0
    monkeypatch.undo()
    monkeypatch.setattr(contacts, "has_view_permission", lambda *args: len(args) < 3 or not args[2])
    assert "Sergey Orlov" not in page_of(boss).get(LIST).text
    assert "Sergey Orlov" not in page_of_call(boss, call)


def test_names_are_escaped(account: Account, boss: User, db: None) -> None:
    Contact.objects.create(name="<script>x</script>", mobile=MOBILE)
    index_numbers()
    make_call(account, "a", client_number=MOBILE)
    page = page_of(boss).get(LIST).text
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


@pytest.mark.parametrize("term", ["Orlov", "sergey", "Vector"])
def test_calls_are_found_by_the_name_of_the_client(
    account: Account, boss: User, known: Contact, term: str
) -> None:
    make_call(account, "office", client_number=OFFICE)
    make_call(account, "other", client_number="+79031112233")
    answer = page_of(boss).get(LIST, {"q": term})
    assert [call.entry_id for call in answer.context["cl"].result_list] == ["office"]


def test_a_former_number_finds_only_the_calls_of_its_time(
    account: Account, boss: User, known: Contact
) -> None:
    make_call(account, "then", client_number=MOBILE)
    Contact.objects.update(mobile="")
    index_numbers()
    later = timezone.now() + timedelta(minutes=1)
    make_call(account, "later", client_number=MOBILE, started_at=later)
    answer = page_of(boss).get(LIST, {"q": "Orlov"})
    assert [call.entry_id for call in answer.context["cl"].result_list] == ["then"]


def test_recordings_name_and_find_clients_too(account: Account, boss: User, known: Contact) -> None:
    call = make_call(account, "a", client_number=MOBILE)
    other = make_call(account, "b", client_number="+79031112233")
    for one in (call, other):
        Recording.objects.create(
            account=account, recording_id=one.entry_id, entry_id=one.entry_id, call=one
        )
    page = page_of(boss).get(RECORDINGS)
    assert "Sergey Orlov" in page.text
    found = page_of(boss).get(RECORDINGS, {"q": "Orlov"}).context["cl"].result_list
    assert [one.recording_id for one in found] == ["a"]
    url = reverse("admin:django_mango_recording_change", args=[found[0].pk])
    assert "Sergey Orlov" in page_of(boss).get(url).text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("viewer", ["boss", "maria", "anna"])
def test_a_page_of_calls_costs_twelve_queries_at_most(
    account: Account, anna: User, maria: User, boss: User, viewer: str
) -> None:
    """Two kinds of clients, missed calls settled and open; outside of a test's transaction."""
    people = [Contact(name=f"C{n}", mobile=f"+7916000{n:04}") for n in range(20)]
    Contact.objects.bulk_create(people)
    Company.objects.bulk_create(Company(name=f"F{n}", phone=f"+7495000{n:04}") for n in range(20))
    index_numbers()
    employee = Employee.objects.get(user=anna)
    for n in range(20):
        talk = make_call(account, f"talk {n}", client_number=f"+7916000{n:04}", employee=employee)
        missed = make_call(
            account,
            f"missed {n}",
            client_number=f"+7495000{n:04}",
            employee=employee,
            outcome=Call.Outcome.MISSED,
            is_missed=True,
            missed_resolved_at=timezone.now() if n % 2 else None,
            missed_resolved_by=talk if n % 2 else None,
        )
        if n % 3 == 0:
            CallWork.objects.create(call=missed, closed_at=timezone.now(), closed_by=maria)
    client = page_of(User.objects.get(username=viewer))
    client.get(LIST)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(LIST)
    assert len(answer.context["cl"].result_list) == 40
    assert "C19" in answer.text
    assert "F19" in answer.text
    assert len(queries) <= 12, [one["sql"][:90] for one in queries]


def test_own_storage_of_the_host_is_searched_by_its_objects(
    account: Account, boss: User, known: Contact
) -> None:
    fields = {"crm.Contact": ["mobile"]}
    make_call(account, "a", client_number=MOBILE)
    with override_settings(
        MANGO={"PHONE_FIELDS": fields, "CLIENTS_OF": lambda numbers: {MOBILE: [known]}}
    ):
        answer = page_of(boss).get(LIST, {"q": "Orlov"})
    assert [call.entry_id for call in answer.context["cl"].result_list] == ["a"]
    assert "Sergey Orlov" in answer.text


def test_a_mistake_of_the_host_leaves_numbers(
    account: Account, boss: User, known: Contact, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(numbers: Any) -> Any:
        raise RuntimeError("the storage is away")

    call = make_call(account, "a", client_number=MOBILE)
    with override_settings(MANGO={"CLIENTS_OF": fail}), caplog.at_level("ERROR"):
        assert "+7 916 123-45-67" in page_of(boss).get(LIST).text
        assert "+7 916 123-45-67" in page_of_call(boss, call)
    assert "the storage is away" in caplog.text
