"""Whose calls they are: the right owner or nobody, and only for who may see it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import override_settings
from django.utils import timezone

from django_mango.models import Account, Call, ContactNumber, Employee, EmployeeAddress, Line
from django_mango.services import clients_of, clients_of_number, index_numbers
from django_mango.services.contacts import MOST_OWNERS
from example_project.crm.models import Company, Contact
from tests.admin.conftest import make_call, make_user

A, B, C = "+79161234567", "+74957778899", "+74955404444"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _configured() -> Iterator[None]:
    fields = {"crm.Contact": ["phone", "mobile"], "crm.Company": ["phone"]}
    with override_settings(MANGO={"PHONE_FIELDS": fields}):
        yield


@pytest.fixture
def account() -> Account:
    return Account.objects.create(alias="default")


@pytest.fixture
def contact() -> Contact:
    firm = Company.objects.create(name="Vector", phone=B)
    contact = Contact.objects.create(name="Orlov", company=firm, phone=f"{B} доб. 12", mobile=A)
    index_numbers()
    return contact


def names(found: Any) -> list[str]:
    return [one.name for one in found]


def test_each_call_has_its_clients(account: Account, contact: Contact) -> None:
    mobile = make_call(account, "mobile", client_number=A)
    office = make_call(account, "office", client_number=B)
    nobody = make_call(account, "nobody", client_number=C)
    found = clients_of([mobile, office, nobody])
    assert {key: names(clients) for key, clients in found.items()} == {
        mobile.pk: ["Orlov"],
        office.pk: ["Orlov", "Vector"],
        nobody.pk: [],
    }
    one, firm = found[office.pk]
    assert (one.obj, one.path, one.extension, one.is_current) == (contact, "phone", "12", True)
    assert (one.kind, one.label, firm.kind) == ("contact", "office phone", "company")


def test_a_number_in_two_fields_is_one_client(account: Account, contact: Contact) -> None:
    contact.phone = A
    contact.save()
    index_numbers()
    assert names(clients_of_number(A)) == ["Orlov"]


def test_what_belongs_to_nobody(account: Account, contact: Contact) -> None:
    hidden = make_call(account, "hidden", client_number="", client_number_raw="anonymous")
    inside = make_call(account, "inside", client_number=A, direction=Call.Direction.INTERNAL)
    assert clients_of([hidden, inside]) == {hidden.pk: (), inside.pk: ()}
    for text in ("", "anonymous", "101", "1234567", "sip:user@host"):
        assert clients_of_number(text) == ()
    assert clients_of([]) == {}


@pytest.mark.parametrize("spelling", ["+7 916 123-45-67", "89161234567", "79161234567"])
def test_a_number_is_asked_for_in_any_spelling(contact: Contact, spelling: str) -> None:
    assert names(clients_of_number(spelling)) == ["Orlov"]


@pytest.mark.parametrize("line", [A[1:], A])
def test_own_lines_match_nobody(account: Account, contact: Contact, line: str) -> None:
    Line.objects.create(account=account, number=line)
    assert clients_of_number(A) == ()
    assert names(clients_of_number(B)) == ["Orlov", "Vector"]


def test_employees_numbers_match_nobody_while_they_are_theirs(
    account: Account, contact: Contact
) -> None:
    employee = Employee.objects.create(account=account, name="E")
    kind = EmployeeAddress.Kind.NUMBER
    address = EmployeeAddress.objects.create(employee=employee, kind=kind, value=A)
    assert clients_of_number(A) == ()
    address.valid_to = timezone.now()
    address.save()
    assert names(clients_of_number(A)) == ["Orlov"]


def test_a_new_contact_gets_its_old_calls(account: Account) -> None:
    old = make_call(account, "old", client_number=A, started_at=timezone.now() - timedelta(900))
    assert clients_of([old])[old.pk] == ()
    Contact.objects.create(name="New", mobile=A)
    index_numbers()
    assert names(clients_of([old])[old.pk]) == ["New"]


def test_a_changed_number_keeps_the_calls_it_had(account: Account, contact: Contact) -> None:
    before = make_call(account, "before", client_number=A)
    contact.mobile = C
    contact.save()
    index_numbers()
    after = make_call(
        account, "after", client_number=A, started_at=timezone.now() + timedelta(seconds=5)
    )
    found = clients_of([before, after])
    assert names(found[before.pk]) == ["Orlov"]
    assert not found[before.pk][0].is_current
    assert found[after.pk] == ()
    assert clients_of_number(A) == (), "now it is nobody's"
    assert names(clients_of_number(A, before.started_at)) == ["Orlov"]


def test_the_new_owner_of_a_number_goes_before_the_former(
    account: Account, contact: Contact
) -> None:
    before = make_call(account, "before", client_number=A)
    contact.mobile = ""
    contact.save()
    Contact.objects.create(name="Heir", mobile=A)
    index_numbers()
    assert names(clients_of([before])[before.pk]) == ["Heir", "Orlov"]
    assert names(clients_of_number(A)) == ["Heir"]


def test_a_page_costs_a_query_for_the_index_and_one_for_each_kind(
    account: Account, django_assert_num_queries: Any
) -> None:
    people = [Contact(name=f"C{n}", mobile=f"+7916000{n:04}") for n in range(50)]
    Contact.objects.bulk_create(people)
    firms = [Company(name=f"F{n}", phone=f"+7495000{n:04}") for n in range(50)]
    Company.objects.bulk_create(firms)
    index_numbers()
    calls = [
        make_call(account, number, client_number=number)
        for n in range(50)
        for number in (f"+7916000{n:04}", f"+7495000{n:04}")
    ]
    with django_assert_num_queries(3):
        found = clients_of(calls)
    assert all(len(clients) == 1 for clients in found.values())
    with django_assert_num_queries(1):
        clients_of([Call(pk=1, client_number=C)])
    with django_assert_num_queries(0):
        clients_of([Call(pk=1, client_number="")])


def test_a_number_everybody_has_does_not_flood_the_page(account: Account) -> None:
    Contact.objects.bulk_create(Contact(name=f"C{n}", mobile=A) for n in range(60))
    Contact.objects.create(name="Z", mobile=B)
    index_numbers()
    ContactNumber.objects.filter(object_id=Contact.objects.first().pk).update(  # type: ignore[union-attr] # there are
        retired_at=timezone.now() + timedelta(days=1)
    )
    flooded = make_call(account, "flooded", client_number=A)
    other = make_call(account, "other", client_number=B)
    found = clients_of([flooded, other])
    assert len(found[flooded.pk]) == MOST_OWNERS
    assert all(client.is_current for client in found[flooded.pk])
    assert names(found[other.pk]) == ["Z"]


def test_names_only_for_who_may_view(account: Account, contact: Contact) -> None:
    call = make_call(account, "c", client_number=B)
    nobody, seller, boss = (
        make_user("nobody", "django_mango.view_call"),
        make_user("seller", "crm.change_contact"),
        make_user("boss", "crm.view_contact", "crm.view_company"),
    )
    assert names(clients_of([call], nobody)[call.pk]) == []
    assert names(clients_of([call], seller)[call.pk]) == ["Orlov"]
    assert names(clients_of([call], boss)[call.pk]) == ["Orlov", "Vector"]
    boss.is_active = False
    assert names(clients_of([call], boss)[call.pk]) == []


def visible(user: Any, objects: Any) -> Any:
    """Everybody sees what begins with V."""
    return objects.filter(name__startswith="V")


def test_the_host_decides_who_sees_which_object(account: Account, contact: Contact) -> None:
    call = make_call(account, "c", client_number=B)
    user = make_user("nobody")
    fields = {"crm.Contact": ["phone"], "crm.Company": ["phone"]}
    with override_settings(
        MANGO={"PHONE_FIELDS": fields, "VISIBLE_CLIENTS": f"{__name__}.visible"}
    ):
        assert names(clients_of([call], user)[call.pk]) == ["Vector"]
        assert names(clients_of([call])[call.pk]) == ["Orlov", "Vector"]


def test_a_page_may_narrow_further(account: Account, contact: Contact) -> None:
    call = make_call(account, "c", client_number=B)
    user = make_user("boss")
    only = {Contact: Contact.objects.all(), Company: None}
    assert names(clients_of([call], user, objects_of=only.get)[call.pk]) == ["Orlov"]


def test_own_storage_of_the_host(account: Account, contact: Contact) -> None:
    asked: list[Collection[str]] = []

    def find(numbers: Collection[str]) -> Mapping[str, list[Any]]:
        asked.append(sorted(numbers))
        return {A: [contact], B: []}

    Line.objects.create(account=account, number=C[1:])
    calls = [make_call(account, number, client_number=number) for number in (A, B, C)]
    with override_settings(MANGO={"CLIENTS_OF": find}):
        found = clients_of(calls)
        user = make_user("nobody")
        hidden = clients_of(calls, user)
    assert [names(found[call.pk]) for call in calls] == [["Orlov"], [], []]
    assert asked[0] == sorted([A, B]), "our own line is not asked for"
    assert (found[calls[0].pk][0].path, found[calls[0].pk][0].label) == ("", "")
    assert not any(hidden.values())


def test_entries_of_what_is_not_configured_any_more_do_not_show(
    account: Account, contact: Contact
) -> None:
    with override_settings(MANGO={"PHONE_FIELDS": {"crm.Company": ["phone"]}}):
        assert names(clients_of_number(B)) == ["Vector"]
    with override_settings(MANGO={}):
        assert clients_of_number(B) == ()


def test_a_vanished_object_is_nobody(account: Account, contact: Contact) -> None:
    kind = ContentType.objects.get_for_model(Contact)
    ContactNumber.objects.create(
        number=C, content_type=kind, object_id="999", field="phone", known_since=timezone.now()
    )
    assert clients_of_number(C) == ()
