"""How people write moments and lengths of time."""

from __future__ import annotations

import contextlib
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from django_mango.management import arguments

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 11, 23, 14, 30, 15, tzinfo=MOSCOW)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW.astimezone(UTC))


def moscow(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=MOSCOW)  # type: ignore[misc, arg-type] # year first


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("now", NOW, NOW),
        ("NOW", NOW, NOW),
        ("today", moscow(2026, 11, 23), NOW),
        ("yesterday", moscow(2026, 11, 22), moscow(2026, 11, 23)),
        ("2026-11-23", moscow(2026, 11, 23), NOW),
        ("2026-11-01", moscow(2026, 11, 1), moscow(2026, 11, 2)),
        ("2026-10-31", moscow(2026, 10, 31), moscow(2026, 11, 1)),
        ("2027-01-01", moscow(2027, 1, 1), moscow(2027, 1, 2)),
        ("2026-11-01T09:30", moscow(2026, 11, 1, 9, 30), moscow(2026, 11, 1, 9, 30)),
        (" 2026-11-01 09:30:05 ", moscow(2026, 11, 1, 9, 30, 5), moscow(2026, 11, 1, 9, 30, 5)),
        (
            "2026-11-01T09:30Z",
            datetime(2026, 11, 1, 9, 30, tzinfo=UTC),
            moscow(2026, 11, 1, 12, 30),
        ),
        ("2026-11-01T09:30+05:00", moscow(2026, 11, 1, 7, 30), moscow(2026, 11, 1, 7, 30)),
        ("7d", NOW - timedelta(days=7), NOW - timedelta(days=7)),
        ("12h", NOW - timedelta(hours=12), NOW - timedelta(hours=12)),
        ("2W", NOW - timedelta(weeks=2), NOW - timedelta(weeks=2)),
    ],
)
def test_moments(text: str, since: datetime, until: datetime) -> None:
    assert arguments.since(text) == since
    assert arguments.until(text) == until


def test_a_moment_without_zone_is_wall_clock_time_of_the_current_zone() -> None:
    with timezone.override("Asia/Yekaterinburg"):
        assert arguments.since("2026-11-01T09:30") == moscow(2026, 11, 1, 7, 30)
        assert arguments.since("2026-11-01") == moscow(2026, 10, 31, 22)


def test_an_hour_that_comes_twice_is_its_first_time() -> None:
    with timezone.override("Europe/Berlin"):
        assert arguments.since("2026-10-25T02:30") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "7",
        "d",
        "-7d",
        "7x",
        "0d",
        "31.12.2026",
        "2026-13-01",
        "9999999d",
        "0001-01-01",
        "9999-12-31",
        "0001-01-01T00:00+14:00",
    ],
)
def test_what_is_no_moment_is_answered_with_examples(text: str) -> None:
    for parse in (arguments.since, arguments.until):
        with pytest.raises(ArgumentTypeError, match=r"2026-11-01|28d"):
            parse(text)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("28d", timedelta(days=28)),
        ("12h", timedelta(hours=12)),
        ("30M", timedelta(minutes=30)),
        ("90s", timedelta(seconds=90)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_lengths(text: str, length: timedelta) -> None:
    assert arguments.duration(text) == length


@pytest.mark.parametrize("text", ["", "0d", "-1d", "1.5d", "28", "28 days", "٣d", "99999w"])
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="28d"):
        arguments.duration(text)


@pytest.mark.parametrize(("text", "value"), [("0", 0.0), ("60", 60.0), ("1.5", 1.5)])
def test_seconds(text: str, value: float) -> None:
    assert arguments.seconds(text) == value


@pytest.mark.parametrize("text", ["", "-1", "nan", "inf", "1e99", "a minute"])
def test_what_is_no_number_of_seconds(text: str) -> None:
    with pytest.raises(ArgumentTypeError):
        arguments.seconds(text)


def test_numbers_of_rows() -> None:
    assert arguments.row_number(" 17 ") == 17
    for text in (
        "",
        "0",
        "-1",
        "1.0",
        "٣",
        "9223372036854775808",
        "9" * 40,
        "0" * 19 + "1" + "9" * 20,
        "9" * 5000,
    ):
        with pytest.raises(ArgumentTypeError):
            arguments.row_number(text)


@given(st.text())
def test_no_text_ends_in_a_traceback(text: str) -> None:
    for parse in (arguments.since, arguments.until, arguments.duration, arguments.seconds):
        with contextlib.suppress(ArgumentTypeError):
            parse(text)
