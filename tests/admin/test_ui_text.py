from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from django_mango.services.phone_fields import numbers_in
from django_mango.ui import text


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, ""), (0, "0:00"), (9, "0:09"), (65, "1:05"), (3599, "59:59"), (3661, "1:01:01")],
)
def test_durations_are_read_as_clocks(seconds: int | None, shown: str) -> None:
    assert text.duration(seconds) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("79161234567", "+7 916 123-45-67"),
        ("+79161234567", "+7 916 123-45-67"),
        ("0511", "0511"),
        ("sip:a@b.mangosip.ru", "sip:a@b.mangosip.ru"),
        ("", "number withheld"),
        ("anonymous", "number withheld"),
    ],
)
def test_numbers_are_shown_for_people(raw: str, shown: str) -> None:
    assert text.phone(raw) == shown


def test_moments_are_shown_in_the_readers_zone_and_format() -> None:
    moment = datetime(2026, 3, 1, 22, 30, 5, tzinfo=UTC)
    with timezone.override(ZoneInfo("Asia/Vladivostok")), translation.override("ru"):
        assert text.moment(moment) == "02.03.2026 08:30"
        assert text.moment(moment, seconds=True) == "02.03.2026 08:30:05"
    assert text.moment(None) == ""


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("8 (916) 123-45-67", ["+79161234567"]),
        ("8 (926) 789-01-23, 8 (916) 444-55-66", ["+79267890123", "+79164445566"]),
        ("+7 903 765-43-21 или 84957778899", ["+79037654321", "+74957778899"]),
        ("9161234567; +79161234567", ["+79161234567"]),
        ("84957778899 доб. 12", ["+74957778899"]),
        ("101", []),
        ("нет", []),
        ("", []),
        (None, []),
    ],
)
def test_a_free_text_field_gives_its_dialable_numbers(value: object, found: list[str]) -> None:
    assert [number.e164 for number in numbers_in(value)] == found


def test_an_extension_is_kept_as_a_hint() -> None:
    assert numbers_in("84957778899 доб. 12")[0].extension == "12"


def test_json_is_indented_and_escaped() -> None:
    shown = text.pretty_json('{"a":"<script>","имя":"Анна"}')
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "имя" in shown
    assert "\n  " in shown


@pytest.mark.parametrize("broken", ["{", "", "<b>", "[" * 100_000])
def test_text_that_is_no_json_is_shown_as_it_came(broken: str) -> None:
    assert "<b>" not in text.pretty_json(broken)
    assert text.pretty_json(broken).startswith("<pre")


def test_a_very_long_text_is_cut_and_says_so() -> None:
    shown = text.pretty_json('"' + "x" * 150_000 + '"')
    assert len(shown) < 101_000
    assert "50002 characters more" in shown
