"""What a text in a number field is, and its one normal form (§11.5, Q61, Q62)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol import numbers
from django_mango.protocol.errors import InputError
from django_mango.protocol.numbers import Kind, Number, dialable, from_service, from_text

MOBILE = "+79161234567"


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("79161234567", MOBILE),
        ("+79161234567", MOBILE),
        (" 79161234567 ", MOBILE),
        ("89161234567", MOBILE),
        ("9161234567", MOBILE),
        ("74955404444", "+74955404444"),
        ("78001234567", "+78001234567"),
        ("88001234567", "+78001234567"),
        ("+375291111111", "+375291111111"),
        ("375291111111", "+375291111111"),
        ("442079460958", "+442079460958"),
        ("390612345678", "+390612345678"),
        ("12125550123", "+12125550123"),
        ("8 (916) 123-45-67", MOBILE),
        ("79990000000", "+79990000000"),
        ("70001234567", "+70001234567"),  # a plan newer than our tables
    ],
)
def test_service_numbers(text: str, e164: str) -> None:
    number = from_service(text)
    assert (number.kind, number.e164, number.raw) == (Kind.E164, e164, text)
    assert number.digits == e164[1:]


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("8 (916) 123-45-67", MOBILE),
        ("+7 916 123 45 67", MOBILE),
        ("9161234567", MOBILE),
        ("7-916-123-45-67", MOBILE),
        ("\u00a08\u00a0916\u00a01234567", MOBILE),
        ("tel:+7-916-123-45-67", MOBILE),
        ("+375 (29) 111-11-11", "+375291111111"),
        ("810 375 29 111 11 11", "+375291111111"),
        ("8 800 100-20-30", "+78001002030"),
    ],
)
def test_numbers_as_people_write_them(text: str, e164: str) -> None:
    assert (from_text(text).kind, from_text(text).e164) == (Kind.E164, e164)


def test_the_two_readers_differ_on_purpose() -> None:
    """From the service it is international, typed in Russia it lacks its eight."""
    assert from_service("4741234567").e164 == "+4741234567"
    assert from_text("4741234567").e164 == "+74741234567"


def test_home_region_decides_national_numbers() -> None:
    assert from_text("020 7946 0958", "GB").e164 == "+442079460958"
    assert from_text("029 111-11-11", "BY").e164 == "+375291111111"
    assert from_service("84951234567", "VN").e164 != from_service("84951234567", "RU").e164


@pytest.mark.parametrize("text", ["1", "101", "0511", "001", "999999"])
@pytest.mark.parametrize("reader", [from_service, from_text])
def test_short_numbers_are_extensions(reader: object, text: str) -> None:
    number = reader(text)  # type: ignore[operator]
    assert (number.kind, number.e164, number.digits) == (Kind.EXTENSION, "", "")


@pytest.mark.parametrize(
    "text",
    ["sip:user00000@tech.mangosip.ru", "SIP:A@B", "sips:a@b", "user1@xyz.mangosip.ru", "sip:line"],
)
@pytest.mark.parametrize("reader", [from_service, from_text])
def test_sip_addresses(reader: object, text: str) -> None:
    assert reader(text).kind is Kind.SIP  # type: ignore[operator]


@pytest.mark.parametrize(
    "text", ["", "  ", "anonymous", "Anonymous", "UNKNOWN", "private", "-1", "None"]
)
@pytest.mark.parametrize("reader", [from_service, from_text])
def test_hidden_numbers(reader: object, text: str) -> None:
    assert reader(text).kind is Kind.ANONYMOUS  # type: ignore[operator]


@pytest.mark.parametrize(
    "text", ["what", "12345678", "9" * 40, "+", "+0", "784w487", "a b@c", "٣٤٥", "x" * 500]
)
def test_what_is_no_number(text: str) -> None:
    assert (from_service(text).kind, from_service(text).e164) == (Kind.UNKNOWN, "")


@pytest.mark.parametrize(
    ("text", "extension"),
    [
        ("8 (495) 540-44-44 доб. 12", "12"),
        ("+7 495 540 44 44 доб 1234", "1234"),
        ("84955404444 добавочный 7", "7"),
        ("84955404444, вн. 101", "101"),
        ("84955404444 внутр: 101", "101"),
        ("+7 495 540-44-44 ext. 12", "12"),
        ("+74955404444;ext=12", "12"),
        ("84955404444 Доб. №12", "12"),
        ("+74955404444", ""),
    ],
)
def test_extension_is_a_hint_and_never_dialled(text: str, extension: str) -> None:
    number = dialable(text)
    assert (number.e164, number.extension, number.digits) == (
        "+74955404444",
        extension,
        "74955404444",
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "required"),
        (" ", "required"),
        ("anonymous", "required"),
        ("101", "invalid_number"),
        ("sip:a@b", "invalid_number"),
        ("+7 916", "invalid_number"),
        ("x" * 500, "invalid_number"),
    ],
)
def test_what_cannot_be_dialled(text: str, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        dialable(text)
    assert (caught.value.field, caught.value.reason) == ("number", reason)
    assert len(caught.value.detail) <= 64


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("sip:User@Host;transport=tcp", "user@host"),
        ("SIPS:a@b", "a@b"),
        (" a@b ", "a@b"),
        ("sip:line", "line"),
    ],
)
def test_sip_addresses_compare_without_scheme_parameters_and_case(
    text: str, canonical: str
) -> None:
    assert numbers.canonical_sip(text) == canonical


def test_premium_and_region() -> None:
    assert numbers.is_premium(from_text("+7 809 123-45-67"))
    assert not numbers.is_premium(from_text(MOBILE))
    assert not numbers.is_premium(Number("", Kind.ANONYMOUS))
    assert numbers.region_of(from_text(MOBILE)) == "RU"
    assert numbers.region_of(from_text("+77012345678")) == "KZ"
    assert numbers.region_of(Number("", Kind.ANONYMOUS)) == ""


def test_numbers_for_people() -> None:
    assert numbers.for_people(MOBILE) == "+7 916 123-45-67"
    assert numbers.for_people("") == ""
    assert numbers.for_people("not a number") == "not a number"


_texts = st.one_of(
    st.text(max_size=30),
    st.text("0123456789+-() .,;доб@sip:", max_size=24),
    st.from_regex(r"\+?[0-9]{1,16}", fullmatch=True),
    st.from_regex(
        r"(\+7|8|7) ?\(?9[0-9]{2}\)? ?[0-9]{3}-?[0-9]{2}-?[0-9]{2}( доб\. [0-9]{1,4})?",
        fullmatch=True,
    ),
)


@given(_texts, st.sampled_from(["RU", "KZ", "DE", "US", "IT"]))
def test_normal_form_is_its_own_normal_form(text: str, region: str) -> None:
    for reader in (from_service, from_text):
        number = reader(text, region)
        assert number.raw == text
        assert bool(number.e164) == (number.kind is Kind.E164)
        if number.e164:
            assert number.e164[0] == "+"
            assert number.digits.isascii()
            assert number.digits.isdigit()
            assert reader(number.e164, region).e164 == number.e164
            assert from_service(number.e164, region).e164 == number.e164


@given(_texts)
def test_anything_can_be_dialled_or_is_refused(text: str) -> None:
    try:
        number = dialable(text)
    except InputError:
        return
    assert dialable(number.e164).e164 == number.e164


@given(_texts)
def test_canonical_sip_is_idempotent(text: str) -> None:
    once = numbers.canonical_sip(text)
    assert numbers.canonical_sip(once) == once


@given(st.from_regex(r"7[347-9][0-9]{9}", fullmatch=True), st.sampled_from(["RU", "KZ", "DE"]))
def test_the_short_way_of_russian_numbers_is_the_plan_s(text: str, region: str) -> None:
    assert from_service(text, region) == numbers.by_numbering_plan(text, region)


@pytest.mark.parametrize(
    "text", ["8 940 123-45-67", "+7 840 226-12-34", "8 (954) 012-34-56", "810 7 940 1234567"]
)
def test_numbers_with_a_foreign_tariff_are_not_at_home(text: str) -> None:
    number = from_text(text)
    assert number.kind is Kind.E164
    assert numbers.region_of(number) == ""


def test_personal_numbers_cost_like_premium_ones() -> None:
    assert numbers.is_premium(from_text("070 1234 5678", "GB"))
    assert not numbers.is_premium(from_text("020 7946 0958", "GB"))


def test_long_texts_are_read_and_not_kept() -> None:
    kept = (numbers._remembered, numbers._all_remembered)
    before = [one.cache_info().currsize for one in kept]
    note = f"{MOBILE} {'слово ' * 100}"
    assert [one.e164 for one in numbers.all_in(note)] == ["+79161234567"]
    assert from_text(note).e164 == "+79161234567"
    assert [one.cache_info().currsize for one in kept] == before
