"""Where numbers stand in a host's objects, and what they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import phonenumbers
import pytest
from django.test import override_settings

from django_mango.services.phone_fields import numbers_in, numbers_of, phone_paths, values_of
from example_project.crm.models import Company, Contact, Deal

MOBILE, OFFICE, SWITCHBOARD = "+79161234567", "+74957778899", "+74955404444"


class Sales(Contact):
    """The same rows under another name, as hosts make them for a second admin."""

    class Meta:
        app_label = "crm"
        proxy = True


def both(contact: Contact) -> list[str]:
    """A callable of the host."""
    return [contact.phone, contact.mobile]


def configure(*entries: Any, model: str = "crm.Contact") -> Any:
    return override_settings(MANGO={"PHONE_FIELDS": {model: list(entries)}})


@pytest.fixture
def contact(db: None) -> Contact:
    firm = Company.objects.create(name="Vector", phone="8 (495) 540-44-44")
    return Contact.objects.create(
        name="Sergey Orlov",
        company=firm,
        phone="84957778899 доб. 12, 8 (916) 123-45-67",
        mobile="8 (916) 123-45-67",
    )


def found(obj: Any) -> list[tuple[str, str]]:
    return [(phone.path, phone.number.e164) for phone in numbers_of(obj)]


def test_without_configuration_a_model_has_no_numbers(contact: Contact, settings: Any) -> None:
    settings.MANGO = {}
    assert phone_paths(Contact) == ()
    assert numbers_of(contact) == []


def test_fields_in_their_order_with_labels_and_extensions(contact: Contact) -> None:
    with configure("phone", "mobile"):
        assert phone_paths(Contact) == ("phone", "mobile")
        phones = numbers_of(contact)
        assert numbers_of(contact, "mobile") == phones[2:]
    assert [(one.path, one.label, one.number.e164, one.extension) for one in phones] == [
        ("phone", "office phone", OFFICE, "12"),
        ("phone", "office phone", MOBILE, ""),
        ("mobile", "mobile phone", MOBILE, ""),
    ]


def test_related_paths_lead_to_one_and_to_many(contact: Contact) -> None:
    with configure("company__phone"):
        assert found(contact) == [("company__phone", SWITCHBOARD)]
    with configure("contacts__mobile", model="crm.Company"):
        assert contact.company
        assert found(contact.company) == [("contacts__mobile", MOBILE)]
    deal = Deal(title="", amount=1, company=contact.company)
    with configure("contact__company__phone", model="crm.Deal"):
        assert found(deal) == [], "a missing relation is no number"
        deal.contact = contact
        assert found(deal) == [("contact__company__phone", SWITCHBOARD)]


def test_methods_callables_and_dotted_paths(contact: Contact) -> None:
    dotted = f"{__name__}.both"
    for entries, name in (([both], dotted), ([dotted], dotted)):
        with configure(*entries):
            assert phone_paths(Contact) == (name,)
            assert found(contact) == [(name, OFFICE), (name, MOBILE)]
            assert numbers_of(contact)[0].label == "Both"
    contact.name = "8 495 540 44 44"
    with configure("__str__"):
        assert found(contact) == [("__str__", SWITCHBOARD)]


def test_proxies_have_the_fields_of_their_model(contact: Contact) -> None:
    with configure("mobile"):
        assert phone_paths(Sales) == ("mobile",)
        assert found(Sales(mobile=MOBILE)) == [("mobile", MOBILE)]


def test_an_unreadable_entry_is_left_out_and_spoils_no_other(contact: Contact) -> None:
    with configure("fax", "mobile"):
        assert phone_paths(Contact) == ("mobile",)
    with override_settings(MANGO={"PHONE_FIELDS": {"crm.Gone": ["x"], "crm.Contact": ["phone"]}}):
        assert phone_paths(Contact) == ("phone",)


def test_values_are_texts_however_they_are_kept(contact: Contact) -> None:
    with configure("phone", "mobile"):
        assert values_of(contact)[1] == ("mobile", ("8 (916) 123-45-67",))
        contact.mobile = ""
        assert values_of(contact, "mobile") == [("mobile", ())]


def _parsed(text: str) -> phonenumbers.PhoneNumber:
    return phonenumbers.parse(text, "RU", keep_raw_input=True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, []),
        ("", []),
        (79161234567, [(MOBILE, "")]),
        (["8 916 123-45-67", None, "84957778899"], [(MOBILE, ""), (OFFICE, "")]),
        ({"home": "8 916 123-45-67", "work": ["84957778899"]}, [(MOBILE, ""), (OFFICE, "")]),
        (_parsed("8 495 777 88 99 доб. 12"), [(OFFICE, "12")]),
        (phonenumbers.PhoneNumber(raw_input="8 916 123-45-67 моб"), [(MOBILE, "")]),
        (phonenumbers.PhoneNumber(), []),
    ],
)
def test_numbers_in_values_of_every_type(value: object, expected: Sequence[object]) -> None:
    assert [(one.e164, one.extension) for one in numbers_in(value)] == expected


def test_the_home_country_is_read_in_any_case() -> None:
    with override_settings(MANGO={"DEFAULT_REGION": "gb"}):
        assert [one.e164 for one in numbers_in("020 7946 0958")] == ["+442079460958"]


@pytest.mark.parametrize("form", ["E164", "NATIONAL", "INTERNATIONAL", "RFC3966"])
def test_values_of_phone_number_fields(form: str, settings: Any) -> None:
    field = pytest.importorskip("phonenumber_field.phonenumber", reason="needs phonenumber_field")
    settings.PHONENUMBER_DEFAULT_FORMAT = form
    value = field.to_python("8 495 777-88-99 доб. 12", region="RU")
    assert [(one.e164, one.extension) for one in numbers_in(value)] == [(OFFICE, "12")]
    assert numbers_in(field.to_python("no number", region="RU")) == ()
