"""Extended statistics on the page of a call: under their own heading, in words, for who may."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import translation

from django_mango.admin.extended_tables import money
from django_mango.models import Account, Call, CallRecord, Employee
from django_mango.services import import_file
from tests.protocol.wire_samples import wire_body

from .conftest import make_call, page_of

EVIL = "<script>alert(1)</script>"
ENTRY = "NTAwODcxNjIyNQ=="


def load(account: Account, name: str = "stats_calls_complete", **changes: Any) -> Call:
    """The sample with other fields of its conversation."""
    body = json.loads(wire_body(name))
    body["data"][0]["list"][0].update(changes)
    text = json.dumps(body).encode()
    assert import_file(account, io.BytesIO(text), name="x", kind="extended").ok
    return Call.objects.get(entry_id=ENTRY)


def page(user: User, call: Call) -> str:
    path = reverse("admin:django_mango_call_change", args=[call.pk])
    text: str = page_of(user).get(path).text
    return text


def test_costs_legs_and_people_are_shown(account: Account, maria: User) -> None:
    text = page(maria, load(account))
    for heading in ("Extended statistics", "Legs by extended statistics"):
        assert f"<h2>{heading}</h2>" in text
    for shown in (
        "155.25", "12.50", "10.25", "successful", "by an employee, from any device",
        "Перезвонить", "1:07", "0:53", "Отдел продаж", "Анна Смирнова", "Пётр Иванов",
        "– employee", "1183: ",
    ):  # fmt: skip
        assert shown in text, shown


def test_the_rows_of_basic_statistics_are_not_mixed_with_them(
    account: Account, maria: User
) -> None:
    call = load(account)
    assert "<h2>Rows of statistics</h2>" not in page(maria, call)
    CallRecord.objects.create(
        account=account,
        key="b1",
        row_digest="d",
        entry_id=ENTRY,
        started_at=call.started_at,
        location="abonent",
        first_seen_at=call.started_at,
        changed_at=call.started_at,
    )
    assert "<h2>Rows of statistics</h2>" in page(maria, call)


def test_a_call_without_them_shows_no_heading(account: Account, maria: User) -> None:
    text = page(maria, make_call(account, "entry-1"))
    assert "Extended statistics" not in text
    assert "<h2>Rows of statistics</h2>" in text


def test_in_russian(account: Account, maria: User) -> None:
    call = load(account, context_status=0, talk_duration=0, recall_status=2)
    path = reverse("admin:django_mango_call_change", args=[call.pk])
    text = page_of(maria).get(path, headers={"accept-language": "ru"}).text
    for shown in ("Расширенная статистика", "155,25", "неуспешный", "Стоимость без услуг"):
        assert shown in text, shown


def test_what_the_service_sends_is_only_text(account: Account, maria: User) -> None:
    legs = [
        {"call_type": EVIL[:20], "call_abonent_info": EVIL, "call_abonent_number": EVIL,
         "call_end_reason": EVIL},
    ]  # fmt: skip
    text = page(maria, load(account, call_comment=EVIL, context_calls=legs, context_type=77))
    assert EVIL not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<td>77</td>" in text


def test_only_who_may_view_records_sees_them(account: Account, anna: User) -> None:
    call = load(account)
    call.parties.create(
        account=account, employee=Employee.objects.get(user=anna), extension="101", role="callee"
    )
    text = page(anna, call)
    assert "<h2>Participants</h2>" in text
    assert "Extended statistics" not in text


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (None, ""),
        (Decimal("155.2500"), "155.25"),
        (Decimal("0.0000"), "0.00"),
        (Decimal("3.0000"), "3.00"),
        (Decimal("0.0155"), "0.0155"),
    ],
)
def test_money(amount: Decimal | None, expected: str) -> None:
    with translation.override("en"):
        assert money(amount) == expected
