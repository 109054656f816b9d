"""The table of spellings and traps: the right owner or nobody, never the wrong one.

Each row: what stands in the phone field of a contact, who calls, as the service sends
it, and whether that call is the contact's. Decoys with confusingly similar numbers are in
the CRM all the while; no row may ever show one of them unless it is he who calls.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from django_mango.models import Account, Employee, EmployeeAddress, Line
from django_mango.protocol import numbers
from django_mango.services import clients_of, index_numbers
from example_project.crm.models import Contact
from tests.admin.conftest import make_call

pytestmark = pytest.mark.django_db

MOBILE, OFFICE, KAZAKH, BELARUS = "79161234567", "74955404444", "77012345678", "375291234567"
OWNER, NOBODY = "owner", ""
LINE, EMPLOYEE = "74959990000", "79039990000"

#: Same last seven or ten digits, neighbours, the same digits in another country.
DECOYS = {
    "decoy 926": "+7 926 123-45-67",
    "decoy 916 next": "+7 916 123-45-68",
    "decoy 495 next": "+7 495 540-44-45",
    "decoy 499": "+7 499 540-44-44",
    "decoy extension": "+7 495 111-22-33 доб. 101",
    "decoy Kazakhstan": "+7 702 234-56-78",
    "decoy short": "101",
    "decoy Moscow": "+7 495 123-45-67",
    "decoy line": f"+{LINE}",
    "decoy employee": f"+{EMPLOYEE}",
    "decoy Norway": "+47 41234567",
    "decoy Lipetsk": "8 (474) 123-45-67",
}

HOME = [
    "+79161234567",
    "79161234567",
    "89161234567",
    "9161234567",
    "+7 916 123 45 67",
    "+7 (916) 123-45-67",
    "8 (916) 123-45-67",
    "8(916)1234567",
    "8-916-123-45-67",
    "8.916.123.45.67",
    "(916) 123-45-67",
    "916 123 45 67",
    "7 916 123 45 67",
    "+7-916-123-45-67",
    "+7916 1234567",
    "  8 916 123 45 67  ",
    "8 916 1234 567",
    "+7(916)123-45-67",
    "+7 [916] 123-45-67",
    "8 916 123–45–67",
    "8 916 123—45—67",
    "8 916 123−45−67",
    "8 916 123‑45‑67",
    "8\u00a0916\u00a0123\u00a045\u00a067",
    "8\u2009916\u202f1234567",
    "\u202a+7 916 123-45-67\u202c",
    "\u200e+79161234567\u200f",
    "\ufeff8 916 123 45 67",
    "8 916 123\u200b45\u200b67",
    "8 916 123\u00ad4567",
    "８（９１６）１２３－４５－６７",
    "＋７９１６１２３４５６７",
    "٨٩١٦١٢٣٤٥٦٧",
    "tel:+79161234567",
    "tel:+7-916-123-45-67",
    "TEL:89161234567",
    "callto:+79161234567",
    "https://wa.me/79161234567",
    "whatsapp://send?phone=79161234567",
    "тел. 8 916 123 45 67",
    "тел89161234567",
    "т.89161234567",
    "моб: +7 916 123-45-67",
    "моб. 8 (916) 123-45-67 (после 18)",
    "8 916 123-45-67 Иван",
    "Иван, 8 916 123-45-67",
    "Иван Петров 89161234567",
    "'+79161234567",
    "8 916 123-45-67.",
    "8 10 7 916 123 45 67",
    "00 7 916 123 45 67",
    "+7 8 916 123 45 67",
    "8 916 123 45 67\n",
    "8 916 123-45-67 / 68",
    "12.05.2023: 8 916 123-45-67",
    "8 916 123-45-67 доб. 5",
]
WITH_EXTENSION = [
    "8 (495) 540-44-44 доб. 12",
    "84955404444 доб 12",
    "84955404444 доб.12",
    "84955404444доб12",
    "84955404444 (доб. 12)",
    "84955404444, доб. 12",
    "84955404444 добавочный 12",
    "84955404444 вн. 12",
    "84955404444 внутр. 12",
    "84955404444, внутренний 12",
    "84955404444 ext 12",
    "84955404444 ext. 12",
    "84955404444 Ext12",
    "84955404444 extension 12",
    "84955404444x12",
    "84955404444 x 12",
    "84955404444 х12",
    "84955404444#12",
    "84955404444 #12",
    "tel:+74955404444;ext=12",
    "+7 495 540 44 44 доб. №12",
]
TWO = [
    "8 (926) 000-11-22, 8 (916) 123-45-67",
    "8 916 123-45-67; 8 926 000 11 22",
    "89161234567/89260001122",
    "8 926 000 11 22 / 8 916 123 45 67",
    "89260001122\n89161234567",
    "89260001122 или 89161234567",
    "89161234567 и 89260001122",
    "+79260001122 +79161234567",
    "8 926 000 11 22 8 916 123 45 67",
    "раб. 8 495 540-44-44 доб. 12, моб. 8 916 123-45-67",
    "89260001122|89161234567",
]
FOREIGN = [
    ("+375 (29) 123-45-67", BELARUS),
    ("+375291234567", BELARUS),
    ("810 375 29 123 45 67", BELARUS),
    ("8-10-375-29-123-45-67", BELARUS),
    ("8~10 375 29 1234567", BELARUS),
    ("00375291234567", BELARUS),
    ("+7 701 234 56 78", KAZAKH),
    ("8 701 234 56 78", KAZAKH),
    ("8 (701) 234-56-78", KAZAKH),
    ("77012345678", KAZAKH),
    ("+38 (050) 123-45-67", "380501234567"),
    ("+44 (0)20 7946 0958", "442079460958"),
    ("+49 30 123456", "4930123456"),
    ("+1 (212) 555-0123", "12125550123"),
    ("+39 06 1234 5678", "390612345678"),
    ("+998 90 123-45-67", "998901234567"),
    ("+374 10 123456", "37410123456"),
    ("+84 971 234 567", "84971234567"),
]
TRAPS = [
    ("8 9O6 123-45-67", "79061234567"),  # a Latin O
    ("8 9О6 123-45-67", "79061234567"),  # a Cyrillic one
    ("8 916 12З-45-67", MOBILE),  # a Cyrillic letter for the three
    ("8 9l6 123-45-67", MOBILE),
    ("8 916 I23-45-67", MOBILE),
    ("8 916 123-4б-67", MOBILE),
    ("8 916 123-45-6", MOBILE),
    ("8 916 123-45-678", MOBILE),
    ("8 916 123 45 67 8", MOBILE),
    ("123-45-67", MOBILE),
    ("1234567", MOBILE),
    ("916 123", MOBILE),
    ("8 800 FLOWERS", "78003569377"),
    ("495 Oleg 1234", "74956534123"),
    ("8 916 CALL-NOW", "79162255669"),
    ("8 916 123-45-67²", MOBILE),
    ("8 916 123 45 67①", MOBILE),
    ("101", "101"),
    ("0511", "0511"),
    ("112", "112"),
    ("*100#", "100"),
    ("", ""),
    ("нет", ""),
    ("anonymous", "anonymous"),
    ("Unknown", "unknown"),
    ("sip:79161234567@pbx.example", MOBILE),
    ("79161234567@pbx.example", MOBILE),
    ("i9161234567@mail.ru", MOBILE),
    ("ИНН 7705123456", "77705123456"),
    ("ИНН: 4951234569", "74951234569"),
    ("7705123456", "77705123456"),
    ("7715123456", "77715123456"),
    ("500100732259", "500100732259"),
    ("ОГРН 1027700132195", "1027700132195"),
    ("паспорт 4951234569", "74951234569"),
    ("заказ № 4951234569", "74951234569"),
    ("30.12.2026 10:30", "73012202610"),
    ("30.12.2026", "730122026"),
    ("2026-11-25 10", "72026112510"),
    ("495-44-44/123", "74954444123"),
    ("495-44-44, 123", "74954444123"),
    ("540-44-44; 916", "75404444916"),
    ("+8 (491) 234-56-78", "+84912345678"),
    ("+89161234567", MOBILE),
    ("+7 (916) 123-45-67-89", MOBILE),
    ("0 916 123 45 67", MOBILE),
    ("88 916 123 45 67", MOBILE),
    ("7 916 123 45 6", "77916123456"),
    ("8916123456789161234567", MOBILE),
    ("+7+9161234567", MOBILE),
    ("ABC9161234567", MOBILE),
    ("8 916 123-45-67Иван", MOBILE),
    ("доб. 101", "101"),
    ("8 495 540-44-44 доб. 101", "101"),
    ("8 495 540-44-44 доб. 9161234567", "74955404444916"),
    (f"+{LINE}", LINE),
    (f"8{LINE[1:]}", LINE),
    (f"+{EMPLOYEE}", EMPLOYEE),
    ("375291234567", "7375291234567"),
    ("8 916 123-45-67", "79261234560"),
    ("8 (916) 123-45-67", "74161234567"),
]

TABLE = [
    *((text, MOBILE, OWNER) for text in HOME + TWO),
    *((text, OFFICE, OWNER) for text in WITH_EXTENSION),
    *((text, caller, OWNER) for text, caller in FOREIGN),
    *((text, caller, NOBODY) for text, caller in TRAPS),
]


def test_the_table_is_long_enough() -> None:
    assert len({text for text, _caller, _owner in TABLE}) >= 150


@pytest.fixture
def account() -> Account:
    account = Account.objects.create(alias="default")
    Line.objects.create(account=account, number=LINE)
    employee = Employee.objects.create(account=account, name="E")
    kind = EmployeeAddress.Kind.NUMBER
    EmployeeAddress.objects.create(employee=employee, kind=kind, value=f"+{EMPLOYEE}")
    Contact.objects.bulk_create(Contact(name=name, phone=text) for name, text in DECOYS.items())
    return account


@pytest.mark.parametrize(("text", "caller", "owner"), TABLE)
def test_right_owner_or_nobody(account: Account, text: str, caller: str, owner: str) -> None:
    assert shown(account, text, caller) == ([owner] if owner else [])


@pytest.mark.parametrize(("name", "text"), DECOYS.items())
def test_decoys_are_found_when_it_is_they_who_call(account: Account, name: str, text: str) -> None:
    """Else the table above would pass with nothing in the index."""
    caller = numbers.from_text(text).digits
    expected = [] if caller in ("", LINE, EMPLOYEE) else [name]
    assert shown(account, "8 916 123-45-67", caller or "101") == expected


@pytest.mark.parametrize("text", WITH_EXTENSION)
def test_the_extension_is_kept_as_a_hint(account: Account, text: str) -> None:
    Contact.objects.create(name=OWNER, mobile=text)
    with override_settings(MANGO={"PHONE_FIELDS": {"crm.Contact": ["mobile"]}}):
        index_numbers()
        call = make_call(account, "call", client_number=f"+{OFFICE}")
        (client,) = clients_of([call])[call.pk]
    assert client.extension == "12"


def shown(account: Account, text: str, caller: str) -> list[str]:
    """The clients of a call from ``caller`` when ``text`` stands in the owner's field."""
    Contact.objects.create(name=OWNER, mobile=text)
    fields: dict[str, Any] = {"crm.Contact": ["phone", "mobile"]}
    with override_settings(MANGO={"PHONE_FIELDS": fields}):
        index_numbers()
        number = numbers.from_service(caller)
        call = make_call(account, "c", client_number=number.e164, client_number_raw=caller)
        return [client.name for client in clients_of([call])[call.pk]]
