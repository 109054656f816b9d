"""The outgoing line is checked here where the lines of the PBX are known (Q12, Q87)."""

from __future__ import annotations

import pytest

from django_mango.models import Account, Line
from django_mango.services.destinations import outgoing_line
from django_mango.services.errors import DestinationRefused

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    account = Account.objects.create(alias="lines")
    Line.objects.create(account=account, number="74951234567", name="Main")
    Line.objects.create(account=account, number="sip:store@romashka.mangosip.ru", name="SIP Store")
    return account


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("", ""),
        (" 74951234567 ", "74951234567"),
        ("+7 (495) 123-45-67", "74951234567"),
        ("8 495 123 45 67", "74951234567"),
        ("SIP Store", "SIP Store"),
    ],
)
def test_a_known_line_is_sent_as_the_service_wants_it(
    account: Account, text: str, sent: str
) -> None:
    assert outgoing_line(text, account) == sent


@pytest.mark.parametrize("text", ["74950000000", "sip:store@romashka.mangosip.ru", "Main", "Store"])
def test_another_line_is_refused_before_anything_is_sent(account: Account, text: str) -> None:
    with pytest.raises(DestinationRefused) as refused:
        outgoing_line(text, account)
    assert refused.value.code == "unknown_line"


def test_without_known_lines_the_service_decides() -> None:
    assert outgoing_line("anything", Account.objects.create(alias="empty")) == "anything"
