"""What the doctor says of clients: nothing configured, nothing indexed, how many are known."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from django_mango.models import Account
from django_mango.services import index_numbers
from django_mango.services.client_doctor import clients_findings
from example_project.crm.models import Contact
from tests.admin.conftest import make_call

pytestmark = pytest.mark.django_db
FIELDS = {"crm.Contact": ["mobile"]}


def told(**mango: Any) -> list[tuple[str, str]]:
    with override_settings(MANGO=mango):
        return [(one.level.value, one.text) for one in clients_findings()]


def test_nothing_configured() -> None:
    ((level, text),) = told()
    assert level == "warning"
    assert "calls belong to nobody" in text


def test_nothing_indexed() -> None:
    Contact.objects.create(name="S", mobile="+79161234567")
    ((level, text),) = told(PHONE_FIELDS=FIELDS)
    assert level == "warning"
    assert "The phone index is empty" in text


def test_how_many_callers_are_known() -> None:
    account = Account.objects.create(alias="default")
    Contact.objects.create(name="S", mobile="+79161234567")
    with override_settings(MANGO={"PHONE_FIELDS": FIELDS}):
        index_numbers()
    assert told(PHONE_FIELDS=FIELDS) == []
    make_call(account, "known", client_number="+79161234567")
    make_call(account, "stranger", client_number="+79031112233")
    make_call(account, "hidden", client_number="")
    ((level, text),) = told(PHONE_FIELDS=FIELDS)
    assert (level, text) == ("ok", "Of the last 2 calls with a number 1 belong to known clients.")


def test_a_storage_that_fails_is_a_problem() -> None:
    account = Account.objects.create(alias="default")
    make_call(account, "a")

    def fail(numbers: Any) -> Any:
        raise RuntimeError("the storage is away")

    ((level, text),) = told(CLIENTS_OF=fail)
    assert level == "problem"
    assert "the storage is away" in text
