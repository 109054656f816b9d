"""Whose call is it: said by hand, kept through reindexing, and taken back."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import override_settings
from django.urls import reverse

from django_mango.models import Account, Call, ContactNumber, Line
from django_mango.services import clients_of, clients_of_number, index_numbers
from django_mango.services.errors import PermissionRefused, UserError
from django_mango.services.linking import link_number, unlink_number
from example_project.crm.models import Contact, Deal

from .conftest import make_call, make_user, page_of, told

STRANGER = "+79031112233"


@pytest.fixture
def linker(db: None) -> User:
    rights = ("view_all_calls", "link_number")
    return make_user("linker", *(f"django_mango.{one}" for one in rights), "crm.view_contact")


@pytest.fixture
def call(account: Account) -> Call:
    return make_call(account, "c", client_number=STRANGER, client_number_raw=STRANGER[1:])


@pytest.fixture
def known(contact: Contact) -> Contact:
    index_numbers()
    return contact


def url(call: Call) -> str:
    return reverse("admin:django_mango_call_client", args=[call.pk])


def names(call: Call) -> list[str]:
    return [one.name for one in clients_of([call])[call.pk]]


def test_the_client_is_searched_and_chosen(linker: User, call: Call, known: Contact) -> None:
    client = page_of(linker)
    detail = client.get(reverse("admin:django_mango_call_change", args=[call.pk])).text
    assert url(call) in detail
    assert 'name="client"' not in client.get(url(call)).text
    value = f"crm.contact:{known.pk}"
    assert f'value="{value}"' in client.get(url(call), {"q": "Orlov"}).text
    client.post(url(call), {"client": value})
    assert names(call) == ["Sergey Orlov"]
    assert told(client) == ["+7 903 111-22-33 belongs to Sergey Orlov now."]
    assert LogEntry.objects.get().object_id == str(call.pk)
    known.refresh_from_db()
    assert STRANGER not in known.mobile, "the host's data stays as it is"


def test_reindexing_keeps_it_until_the_client_is_gone(
    linker: User, call: Call, known: Contact
) -> None:
    link_number(linker, STRANGER, known)
    index_numbers()
    assert names(call) == ["Sergey Orlov"]
    assert clients_of([call])[call.pk][0].label == "by hand"
    assert index_numbers(verify=True).changes == 0
    Contact.objects.filter(pk=known.pk)._raw_delete("default")  # type: ignore[attr-defined]
    assert index_numbers().removed == 3
    assert not ContactNumber.objects.filter(number=STRANGER).exists()


def test_it_can_be_taken_back(linker: User, call: Call, known: Contact) -> None:
    link_number(linker, STRANGER, known)
    client = page_of(linker)
    value = f"crm.contact:{known.pk}"
    page = client.get(url(call)).text
    assert "Not the number of Sergey Orlov" in page
    client.post(url(call), {"unlink": value})
    assert names(call) == []
    assert told(client) == ["+7 903 111-22-33 does not belong to Sergey Orlov any more."]
    assert not unlink_number(linker, STRANGER, known)


def test_what_a_field_says_cannot_be_taken_back(
    linker: User, account: Account, known: Contact
) -> None:
    call = make_call(account, "his", client_number="+79161234567")
    client = page_of(linker)
    assert "Not the number of" not in client.get(url(call)).text
    client.post(url(call), {"unlink": f"crm.contact:{known.pk}"})
    assert names(call) == ["Sergey Orlov"]
    assert told(client) == ["The number stands in the client's own fields."]


def test_saying_it_twice_is_saying_it_once(linker: User, call: Call, known: Contact) -> None:
    for _time in range(2):
        link_number(linker, STRANGER, known)
    assert ContactNumber.objects.filter(number=STRANGER).count() == 1


@pytest.mark.parametrize("chosen", ["", "crm.contact:999", "crm.company:1", "auth.user:1", "x"])
def test_only_clients_one_may_view_can_be_chosen(
    linker: User, call: Call, known: Contact, chosen: str
) -> None:
    client = page_of(linker)
    client.post(url(call), {"client": chosen})
    assert names(call) == []
    assert len(told(client)) == 1


def test_only_with_the_right_and_for_calls_one_may_see(call: Call, known: Contact) -> None:
    viewer = make_user("viewer", "django_mango.view_all_calls", "crm.view_contact")
    client = page_of(viewer)
    assert client.get(url(call)).status_code == 403
    assert client.post(url(call), {"client": f"crm.contact:{known.pk}"}).status_code == 403
    detail = client.get(reverse("admin:django_mango_call_change", args=[call.pk])).text
    assert url(call) not in detail
    own = make_user("own", "django_mango.view_call", "django_mango.link_number")
    assert page_of(own).get(url(call)).status_code == 404
    with pytest.raises(PermissionRefused):
        link_number(viewer, STRANGER, known)
    assert names(call) == []


def test_what_cannot_be_linked(linker: User, account: Account, known: Contact) -> None:
    hidden = make_call(account, "hidden", client_number="", client_number_raw="")
    page = page_of(linker).get(url(hidden), {"q": "Orlov"}).text
    assert "This call has no number." in page
    assert 'name="client"' not in page
    with pytest.raises(UserError):
        link_number(linker, "", known)
    with pytest.raises(UserError):
        link_number(linker, STRANGER, Deal(pk=1))
    Line.objects.create(account=account, number=STRANGER[1:])
    link_number(linker, STRANGER, known)
    assert clients_of_number(STRANGER) == (), "our own lines belong to nobody, whatever is said"


def test_with_a_storage_of_the_host_it_is_not_offered(
    linker: User, call: Call, known: Contact
) -> None:
    with override_settings(MANGO={"CLIENTS_OF": lambda numbers: {}}):
        page = page_of(linker).get(reverse("admin:django_mango_call_change", args=[call.pk])).text
    assert url(call) not in page


def test_nobody_of_that_name(linker: User, call: Call, known: Contact) -> None:
    page = page_of(linker).get(url(call), {"q": "<Nobody>"}).text
    assert "Nobody of that name is found" in page
    assert "<Nobody>" not in page
