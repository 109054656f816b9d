"""``mango_index_numbers``: after bulk updates, and as a judge of the index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from django_mango.models import ContactNumber
from django_mango.models.contact_number import BY_HAND
from django_mango.services import phone_rebuild
from django_mango.services.phone_index import refresh
from example_project.crm.models import Company, Contact, Deal
from tests.commands.conftest import Ran, Terminal

Run = Callable[..., Ran]
NAME = "mango_index_numbers"
A, B, C = "+79161234567", "+74957778899", "+74955404444"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _configured() -> Iterator[None]:
    with configure({"crm.Contact": ["phone", "mobile"], "crm.Company": ["phone"]}):
        yield


def configure(fields: dict[str, Any]) -> Any:
    return override_settings(MANGO={"PHONE_FIELDS": fields})


@pytest.fixture
def people() -> list[Contact]:
    Company.objects.create(name="Vector", phone="8 495 777-88-99")
    Contact.objects.create(name="S", phone="8 (495) 777-88-99 доб. 12", mobile=f"{A}, {C}")
    Contact.objects.create(name="T", phone="no number")
    return list(Contact.objects.order_by("pk"))


def in_force() -> list[tuple[str, str]]:
    rows = ContactNumber.objects.filter(retired_at=None).order_by("field", "number")
    return [(row.field, row.number) for row in rows]


def test_it_builds_the_index(run: Run, people: list[Contact]) -> None:
    ran = run(NAME)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == ("Objects: 3, numbers: 4.\nAdded: 4, retired: 0, corrected: 0, removed: 0.\n")
    assert in_force() == [("mobile", C), ("mobile", A), ("phone", B), ("phone", B)]
    assert "Added: 0, retired: 0, corrected: 0, removed: 0." in run(NAME).out


def test_after_bulk_updates_it_puts_everything_right(run: Run, people: list[Contact]) -> None:
    run(NAME)
    Contact.objects.filter(name="S").update(phone="8 (495) 777-88-99 доб. 13", mobile=A)
    Contact.objects.filter(name="T").update(mobile=C)
    Company.objects.all()._raw_delete("default")  # type: ignore[attr-defined] # as raw SQL would
    before = ran = run(NAME, "--verify")
    assert ran.code == 1
    assert "run mango_index_numbers" in ran.error
    assert "Added: 1, retired: 1, corrected: 1, removed: 1." in ran.out
    assert f"retired: crm.Contact {people[0].pk} mobile {C}" in ran.err
    assert run(NAME, "--verify").out == before.out, "looking changes nothing"
    assert run(NAME).code == 0
    assert in_force() == [("mobile", C), ("mobile", A), ("phone", B)]
    assert ContactNumber.objects.exclude(retired_at=None).get().number == C
    assert ContactNumber.objects.get(field="phone").extension == "13"
    assert run(NAME, "--verify").code == 0


def test_what_is_not_configured_any_more_goes(run: Run, people: list[Contact]) -> None:
    run(NAME)
    with configure({"crm.Contact": ["mobile"]}):
        assert run(NAME, "--verify").code == 1
        assert "removed: 2." in run(NAME).out
    assert in_force() == [("mobile", C), ("mobile", A)]


def test_one_model(run: Run, people: list[Contact]) -> None:
    assert run(NAME, "--model", "crm.company").out.startswith("Objects: 1, numbers: 1.")
    assert in_force() == [("phone", B)]
    with configure({"crm.Contact": ["mobile"]}):
        run(NAME, "--model", "crm.Contact")
    assert ("phone", B) in in_force(), "another model's entries are not its business"
    assert run(NAME, "--model", "crm.Company", "--model", "crm.Contact", "--verify").code == 1


def test_an_unknown_model_is_not_tried(run: Run, people: list[Contact]) -> None:
    ran = run(NAME, "--model", "crm.Deal")
    assert (ran.code, ran.out) == (2, "")
    assert "crm.Contact" in ran.error
    with configure({}):
        assert run(NAME).code == 2


def test_an_object_that_cannot_be_read_is_told_and_keeps_its_entries(
    run: Run, people: list[Contact]
) -> None:
    def mobile(contact: Contact) -> str:
        return {"S": contact.mobile}[contact.name]

    with configure({"crm.Contact": [mobile]}):
        ran = run(NAME)
        assert (ran.code, len(in_force())) == (1, 2)
        assert f"crm.Contact {people[1].pk}: KeyError: 'T'" in ran.err
        assert "1" in ran.error
        Contact.objects.filter(name="S").update(name="U")
        assert run(NAME).code == 1
        assert len(in_force()) == 2


def test_keys_of_another_type_are_gone(run: Run, people: list[Contact]) -> None:
    run(NAME)
    kind = ContentType.objects.get_for_model(Contact)
    ContactNumber.objects.create(
        content_type=kind, object_id="a-b", field="phone", number=A, known_since=timezone.now()
    )
    assert "removed: 1." in run(NAME).out


def test_many_objects_go_by_in_parts(
    run: Run, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(phone_rebuild, "PART", 10)
    Contact.objects.bulk_create(Contact(name=str(n), mobile=f"+7916000{n:04}") for n in range(95))
    with django_assert_max_num_queries(10 * 8 + 10 * 2 + 8):
        assert "Added: 95" in run(NAME).out
    Contact.objects.filter(name__startswith="9")._raw_delete("default")  # type: ignore[attr-defined]
    assert "removed: 6." in run(NAME).out
    assert run(NAME, "--verify").code == 0


def test_paths_through_relations_cost_no_query_for_each_object(
    run: Run, django_assert_max_num_queries: Any
) -> None:
    firms = [Company(name=f"F{n}", phone=f"+7495000{n:04}") for n in range(30)]
    firms = Company.objects.bulk_create(firms)
    Contact.objects.bulk_create(Contact(name=f"C{n}", company=firms[n]) for n in range(30))
    Deal.objects.bulk_create(
        Deal(title="d", company=firm, amount=1, contact=firm.contacts.get()) for firm in firms
    )
    paths = {"crm.Deal": ["contact__company__phone", "company__phone", "contact__mobile"]}
    with configure(paths), django_assert_max_num_queries(20):
        assert "Added: 60" in run(NAME).out


def test_a_bar_on_a_terminal_and_silence_when_asked(run: Run, people: list[Contact]) -> None:
    terminal = Terminal()
    assert "3/3" in run(NAME, stderr=terminal).err
    assert run(NAME, verbosity=0).out == ""


@pytest.mark.parametrize("arguments", [[], ["--verify"]])
def test_a_save_during_the_run_is_not_undone(
    run: Run, people: list[Contact], arguments: list[str]
) -> None:
    """The run has read the object, then it is saved and indexed, then the run compares."""
    run(NAME)
    saved: list[str] = []

    def save_meanwhile(execute: Any, sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if "crm_contact" in sql and " LIMIT " in sql and not saved:
            saved.append(sql)
            Contact.objects.filter(name="S").update(mobile="+79031112233")
            refresh(Contact, [people[0].pk])
        return result

    with connection.execute_wrapper(save_meanwhile):
        assert run(NAME, *arguments).code == 0
    assert saved
    assert [number for field, number in in_force() if field == "mobile"] == ["+79031112233"]
    assert run(NAME, "--verify").code == 0


def test_what_was_said_by_hand_outlives_a_change_of_settings(
    run: Run, people: list[Contact]
) -> None:
    run(NAME)
    contact = ContentType.objects.get_for_model(Contact)
    ContactNumber.objects.create(
        content_type=contact, object_id=str(people[0].pk), field=BY_HAND, number="+79031112233",
        known_since=timezone.now(),
    )  # fmt: skip
    with configure({"crm.Company": ["phone"]}):
        run(NAME)
    assert [row.field for row in ContactNumber.objects.filter(content_type=contact)] == [BY_HAND]
