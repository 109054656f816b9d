"""The phone index follows the host's objects by signals, and harms none of their saves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection, transaction
from django.db.models.signals import post_delete, post_save, pre_save
from django.test import override_settings
from django.utils import timezone

from django_mango.models import ContactNumber
from example_project.crm.models import Company, Contact, Deal

A, B, C = "+79161234567", "+74957778899", "+74955404444"
Committing = Callable[[], AbstractContextManager[Any]]

pytestmark = pytest.mark.django_db


class Vip(Contact):
    """A proxy: its saves send signals of their own."""

    class Meta:
        app_label = "crm"
        proxy = True


def fails(contact: Contact) -> str:
    """A callable of the host with a mistake."""
    return {"known": contact.phone}[contact.name]


@pytest.fixture
def committing(django_capture_on_commit_callbacks: Any) -> Committing:
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture(autouse=True)
def _both_fields() -> Iterator[None]:
    with configure({"crm.Contact": ["phone", "mobile"]}):
        yield


def configure(fields: dict[str, list[Any]], **more: Any) -> Any:
    return override_settings(MANGO={"PHONE_FIELDS": fields, **more})


def index(**wanted: Any) -> list[tuple[str, str, bool]]:
    """Field, number, and whether in force."""
    rows = ContactNumber.objects.filter(**wanted).order_by("field", "number")
    return [(row.field, row.number, row.retired_at is None) for row in rows]


def test_a_new_object_is_indexed_on_commit(committing: Committing) -> None:
    with committing():
        contact = Contact.objects.create(name="S", phone="8 495 777-88-99 доб. 12", mobile=A)
        assert index() == []
    assert index() == [("mobile", A, True), ("phone", B, True)]
    row = ContactNumber.objects.get(field="phone")
    assert (row.object_id, row.extension) == (str(contact.pk), "12")
    assert row.content_type.model_class() is Contact


def test_a_changed_number_is_retired_and_keeps_its_history(committing: Committing) -> None:
    with committing():
        contact = Contact.objects.create(name="S", mobile=A)
    before = timezone.now()
    with committing():
        contact.mobile = B
        contact.save()
    assert index() == [("mobile", B, True), ("mobile", A, False)]
    retired_at: datetime | None = ContactNumber.objects.get(number=A).retired_at
    assert retired_at
    assert before <= retired_at <= timezone.now()
    with committing():
        contact.mobile = A
        contact.save()
    assert index() == [("mobile", B, False), ("mobile", A, True)]


def test_an_extension_that_changes_is_no_other_number(committing: Committing) -> None:
    with committing():
        contact = Contact.objects.create(name="S", phone=f"{B} доб. 12")
    with committing():
        contact.phone = f"{B} доб. 13"
        contact.save()
    assert list(ContactNumber.objects.values_list("extension", flat=True)) == ["13"]


def test_a_deleted_object_leaves_nothing(committing: Committing) -> None:
    with committing():
        Contact.objects.create(name="S", mobile=A)
        other = Contact.objects.create(name="T", mobile=B)
    with committing():
        Contact.objects.filter(name="S").delete()
    assert index() == [("mobile", B, True)]
    with committing():
        other.delete()
    assert index() == []


def test_what_counts_is_what_was_saved(committing: Committing) -> None:
    with committing():
        contact = Contact.objects.create(name="S", mobile=A)
    with committing():
        contact.mobile = B
        contact.save(update_fields=["name"])
    assert index() == [("mobile", A, True)]


def test_a_rolled_back_part_changes_nothing(committing: Committing) -> None:
    with committing():
        contact = Contact.objects.create(name="S", mobile=A)
    with committing():
        try:
            with transaction.atomic():
                contact.mobile = B
                contact.save()
                raise RuntimeError
        except RuntimeError:
            pass
        Contact.objects.create(name="T", mobile=C)
    assert index() == [("mobile", C, True), ("mobile", A, True)]


def test_saves_through_a_proxy_count(committing: Committing) -> None:
    with configure({"crm.Contact": ["mobile"]}), committing():
        Vip.objects.create(name="S", mobile=A)
    assert index() == [("mobile", A, True)]
    assert ContactNumber.objects.get().content_type.model == "contact"


def test_many_saves_of_one_transaction_are_indexed_at_once(
    committing: Committing, django_assert_max_num_queries: Any
) -> None:
    with committing():
        Contact.objects.create(name="warm", mobile=C)
    with django_assert_max_num_queries(50 + 12), committing():
        for number in range(50):
            Contact.objects.create(name=str(number), mobile=f"+7916000{number:04}")
    assert ContactNumber.objects.count() == 51


def test_other_models_pay_nothing(committing: Committing, django_assert_num_queries: Any) -> None:
    with committing(), django_assert_num_queries(1):
        Group.objects.create(name="sales")
    for signal in (pre_save, post_save, post_delete):
        assert not signal.has_listeners(Deal)
    assert not pre_save.has_listeners(Contact)
    assert post_save.has_listeners(Contact)
    with configure({}):
        assert not post_save.has_listeners(Contact)


def test_the_company_s_number_belongs_to_its_people_too(committing: Committing) -> None:
    with configure({"crm.Contact": ["company__phone"]}):
        with committing():
            firm = Company.objects.create(name="Vector", phone=B)
            contact = Contact.objects.create(name="S", company=firm)
        assert index() == [("company__phone", B, True)]
        with committing():
            firm.phone = C
            firm.save()
        assert index() == [("company__phone", C, True), ("company__phone", B, False)]
        with committing():
            contact.company = Company.objects.create(name="Other", phone=B)
            contact.save()
        assert index() == [("company__phone", C, False), ("company__phone", B, True)]
        with committing():
            contact.company.delete()
        assert index() == [("company__phone", C, False), ("company__phone", B, False)]


def test_numbers_in_a_table_of_their_own(committing: Committing) -> None:
    """Rows that belong to an owner may move to another one, or go."""
    with configure({"crm.Company": ["contacts__mobile"]}):
        with committing():
            first, second = (Company.objects.create(name=name) for name in "ab")
            row = Contact.objects.create(name="S", company=first, mobile=A)
        assert index(object_id=first.pk) == [("contacts__mobile", A, True)]
        with committing():
            row.company, row.mobile = second, B
            row.save()
        assert index(object_id=first.pk) == [("contacts__mobile", A, False)]
        assert index(object_id=second.pk) == [("contacts__mobile", B, True)]
        with committing():
            row.delete()
        assert index(object_id=second.pk) == [("contacts__mobile", B, False)]


def test_paths_through_several_relations(committing: Committing) -> None:
    with configure({"crm.Deal": ["contact__company__phone"]}):
        with committing():
            firm = Company.objects.create(name="Vector", phone=B)
            contact = Contact.objects.create(name="S", company=firm)
            Deal.objects.create(title="x", company=firm, contact=contact, amount=1)
        assert index() == [("contact__company__phone", B, True)]
        with committing():
            firm.phone = C
            firm.save()
        assert index()[0] == ("contact__company__phone", C, True)
        with committing():
            contact.company = None
            contact.save()
        assert [in_force for *_rest, in_force in index()] == [False, False]


def test_rows_linked_many_to_many(committing: Committing) -> None:
    with configure({"auth.User": ["groups__name"]}):
        with committing():
            user = User.objects.create(username="u")
            group = Group.objects.create(name=A)
        assert index() == []
        for link, unlink in (
            (lambda: user.groups.add(group), lambda: user.groups.clear()),
            (lambda: group.user_set.add(user), lambda: group.user_set.clear()),
            (lambda: user.groups.set([group]), lambda: user.groups.remove(group)),
            (lambda: group.user_set.set([user]), lambda: group.user_set.remove(user)),
        ):
            with committing():
                link()
            assert index() == [("groups__name", A, True)]
            with committing():
                unlink()
            assert index() == [("groups__name", A, False)]


def test_keys_may_be_texts(committing: Committing) -> None:
    with configure({"sessions.Session": ["session_data"]}), committing():
        Session.objects.create(session_key="Ключ", session_data=A, expire_date=timezone.now())
    assert ContactNumber.objects.get().object_id == "Ключ"


def test_own_storage_needs_no_index(committing: Committing) -> None:
    with configure({"crm.Contact": ["mobile"]}, CLIENTS_OF=lambda numbers: {}), committing():
        Contact.objects.create(name="S", mobile=A)
    assert index() == []


def test_a_mistake_of_the_host_s_callable_is_logged_and_spoils_no_other(
    committing: Committing, caplog: pytest.LogCaptureFixture
) -> None:
    with configure({"crm.Contact": [fails]}):
        with committing():
            good = Contact.objects.create(name="known", phone=A)
        with caplog.at_level(logging.ERROR), committing():
            bad = Contact.objects.create(name="unknown", phone=B)
            good.phone = C
            good.save()
    assert Contact.objects.filter(pk=bad.pk).exists()
    assert [number for _field, number, in_force in index() if in_force] == [C]
    assert "cannot be read" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_broken_index_does_not_stop_the_host(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if "django_mango_contactnumber" in sql:
            raise OperationalError("the table is gone")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse), caplog.at_level(logging.ERROR):
        contact = Contact.objects.create(name="S", mobile=A)
        contact.delete()
        contact = Contact.objects.create(name="T", mobile=A)
    assert "the table is gone" in caplog.text
    contact.save()
    assert index() == [("mobile", A, True)]


def test_what_changes_while_it_is_indexed_is_looked_at_again(committing: Committing) -> None:
    """Two changes at once: whoever writes the index last has read the last value."""
    with committing():
        contact = Contact.objects.create(name="S", mobile=A)
    done: list[str] = []

    def interfere(execute: Any, sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if "django_mango_contactnumber" in sql and sql.startswith("SELECT") and not done:
            done.append(sql)
            Contact.objects.filter(pk=contact.pk).update(mobile=C)
        return result

    contact.mobile = B
    with connection.execute_wrapper(interfere), committing():
        contact.save()
    assert [number for _field, number, in_force in index() if in_force] == [C]
