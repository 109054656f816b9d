"""Where a call may go, by every spelling a person may write (design, section 6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone, translation
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from django_mango.models import EmployeeAddress, Line
from django_mango.services import DestinationRefused, NumberRefused, UserError
from django_mango.services.destinations import destination
from tests.services.calling_bench import Team, hire

pytestmark = pytest.mark.django_db

DIALLED = [
    *[
        (text, "79161234567", "")
        for text in (
            "+79161234567",
            "79161234567",
            "89161234567",
            "9161234567",
            "8 (916) 123-45-67",
            "+7 916 123‑45‑67",
            " 8-916-123-45-67\n",
            "+7(916)1234567",
            "tel:+79161234567",
            "810 7 916 123 45 67",
            "+7 916 123 45 67",
            "８９１６１２３４５６７",
        )
    ],
    *[
        (text, "79161234567", "12")
        for text in (
            "8 916 123-45-67 доб. 12",
            "8 916 123-45-67 доб.12",
            "89161234567 добавочный: 12",
            "8 916 123-45-67 вн. 12",
            "+7 916 123-45-67 ext. 12",
            "+7 916 123-45-67 #12",
            "+7 916 123-45-67 x12",
        )
    ],
    ("8 800 555-35-35", "78005553535", ""),
    ("(495) 987-65-43", "74959876543", ""),
]
REFUSED = [
    ("", "no_number"),
    ("   ", "no_number"),
    ("anonymous", "no_number"),
    ("unknown", "no_number"),
    *[
        (text, "invalid_number")
        for text in (
            "rubbish",
            "нет телефона",
            "12",
            "999",
            "123456",
            "1234567",
            "123-45-67",
            "8 916 123-45-6",
            "8 916 123-45-678",
            "+7 916 123-45-67, +7 916 765-43-21",
            "8 916 123-45-67; 8 916 765-43-21",
            "sip:anna@example.mangosip.ru",
            "anna@example.ru",
            "+",
            "+7",
            "0",
            "1-1-2",
            "+7 112",
            "8 916 12О-45-67",
            "9" * 1000,
            "x" * 1000,
            "8 916 123-45-67 " + "0" * 1000,
            "line\nbreak",
            "nul\0byte",
            "\u202e7654321",
            "\ud800",
            "'; DROP TABLE commands; --",
            "<script>alert(1)</script>",
            "%(number)s %s {0}",
        )
    ],
    *[(text, "emergency") for text in ("112", "01", "02", "03", "103", " 112 ")],
    *[(text, "premium_number") for text in ("8 809 123-45-67", "+78031234567", "+979 123 456 789")],
    *[
        (text, "country")
        for text in (
            "+1 650 253 0000",
            "810 1 650 253 0000",
            "+7 701 234 56 78",
            "+375 29 123 45 67",
            "+44 20 7031 3000",
            "+883 5100 1234 5678",
        )
    ],
    *[(text, "own_number") for text in ("101", "+7 495 123-45-67", "84951234567")],
    *[(text, "own_number") for text in ("+7 903 000-00-01", "89030000001")],
]


@pytest.fixture(autouse=True)
def _lines(team: Team) -> None:
    for number in ("74951234567", "sip:warehouse@example.mangosip.ru"):
        Line.objects.create(account=team.account, number=number)
    mobile = {"kind": EmployeeAddress.Kind.NUMBER, "value": "+79030000001"}
    EmployeeAddress.objects.create(employee=team.anna_employee, **mobile)


def call(team: Team, text: str) -> Any:
    return destination(text, team.account, team.anna_employee)


@pytest.mark.parametrize(("text", "digits", "extension"), DIALLED)
def test_dialled(team: Team, text: str, digits: str, extension: str) -> None:
    number = call(team, text)
    assert (number.digits, number.extension) == (digits, extension)


@pytest.mark.parametrize(
    ("text", "code"), [pytest.param(*row, id=ascii(row[0])[:40]) for row in REFUSED]
)
def test_refused(team: Team, text: str, code: str) -> None:
    with pytest.raises(UserError) as caught:
        call(team, text)
    assert caught.value.code == code
    expected = NumberRefused if code in ("no_number", "invalid_number") else DestinationRefused
    assert type(caught.value) is expected
    with translation.override("ru"), pytest.raises(UserError) as caught:
        call(team, text)
    assert str(caught.value).isprintable(), "one line, fit for a page"
    assert len(str(caught.value)) < 200


def test_a_colleague(team: Team) -> None:
    assert call(team, " 102 ").raw.strip() == "102"
    assert call(team, "102").digits == "", "an extension is no number"


def test_a_colleague_whose_extension_is_the_fire_brigade_elsewhere(team: Team) -> None:
    """101 is an emergency number in Russia and the most usual extension of all."""
    number = destination("101", team.account, team.boris_employee)
    assert number.raw == "101"


def test_the_mobile_of_a_colleague(team: Team) -> None:
    assert destination("89030000001", team.account, team.boris_employee).digits == "79030000001"


def test_a_number_that_was_mine(team: Team) -> None:
    team.anna_employee.addresses.update(valid_to=timezone.now() - timedelta(days=1))
    assert call(team, "89030000001").digits == "79030000001"


@pytest.mark.parametrize("why", ["left", "dismissed", "another PBX"])
def test_an_extension_nobody_answers(team: Team, why: str) -> None:
    boris = team.boris_employee
    if why == "left":
        boris.addresses.update(valid_to=timezone.now())
    elif why == "dismissed":
        boris.is_active = False
        boris.save()
    else:
        boris.addresses.all().delete()
        other = team.account.__class__.objects.create(alias="other")
        hire(other, None, "102")
    with pytest.raises(UserError) as caught:
        call(team, "102")
    assert caught.value.code in ("invalid_number", "emergency")


@pytest.mark.parametrize(
    ("allowed", "text", "code"),
    [
        (["RU", "KZ"], "+7 701 234 56 78", None),
        (["kz"], "+7 701 234 56 78", None),
        (["kz"], "+7 916 123 45 67", "country"),
        (["*"], "+1 650 253 0000", None),
        (["*"], "+883 5100 1234 5678", None),
        (["*"], "+979 123 456 789", "premium_number"),
        (["*"], "8 809 123-45-67", "premium_number"),
        (["*"], "112", "emergency"),
        ([], "+7 916 123 45 67", "country"),
    ],
)
def test_the_policy(
    team: Team, settings: Any, allowed: list[str], text: str, code: str | None
) -> None:
    settings.MANGO = {"ALLOWED_DESTINATIONS": allowed}
    if code is None:
        assert call(team, text).digits
        return
    with pytest.raises(DestinationRefused) as caught:
        call(team, text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("region", "text", "digits"),
    [("KZ", "8 701 234 56 78", "77012345678"), ("by", "8 029 123-45-67", "375291234567")],
)
def test_another_home(team: Team, settings: Any, region: str, text: str, digits: str) -> None:
    settings.MANGO = {"DEFAULT_REGION": region}
    assert call(team, text).digits == digits


@given(st.text(max_size=60) | st.from_regex(r"[+8]?[-() 0-9x#;,]{0,30}", fullmatch=True))
@hypothesis_settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_is_typed_is_dialled_or_refused(team: Team, text: str) -> None:
    try:
        number = call(team, text)
    except UserError as refusal:
        shown = str(refusal)
    else:
        shown = ""
    if shown:
        assert shown.isprintable()
        return
    dialled = number.digits or number.raw.strip()
    assert dialled.isascii()
    assert dialled.isdigit()
    assert number.e164.startswith("+7") or dialled == "102"
