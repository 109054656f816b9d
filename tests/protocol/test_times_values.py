"""Times on the wire are plain Unix seconds (T-01, Q52); whole numbers come in any dress (T-02)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol.times import from_unix, integer_or_none, moment_or_none, to_unix


def test_the_captured_moment_is_utc_without_a_shift() -> None:
    """1748090923 was received at 12:48:44.117Z."""
    moment = datetime(2025, 5, 24, 12, 48, 43, tzinfo=UTC)
    assert from_unix(1748090923) == moment
    assert from_unix(1748090923).utcoffset() == timedelta(0)
    assert to_unix(moment) == 1748090923


def test_any_zone_names_the_same_second() -> None:
    moscow = timezone(timedelta(hours=3))
    assert to_unix(datetime(2015, 10, 20, tzinfo=moscow)) == 1445288400
    assert to_unix(datetime(2015, 10, 20, 0, 0, 0, 999_999, tzinfo=moscow)) == 1445288400


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        to_unix(datetime(2025, 5, 24))


@pytest.mark.parametrize(
    "value",
    [None, "", 0, "0", -1, "-1", "x", True, False, [], {}, 1.5, "1.5", 4102444800, 1748090923000,
     10**30, float("inf"), float("nan")],
)  # fmt: skip
def test_never(value: object) -> None:
    assert moment_or_none(value) is None


@pytest.mark.parametrize("value", [1748090923, "1748090923", " 1748090923 ", 1748090923.0])
def test_a_moment_in_any_dress(value: object) -> None:
    assert moment_or_none(value) == from_unix(1748090923)


@given(st.integers(0, 4102444799))
def test_there_and_back(seconds: int) -> None:
    assert to_unix(from_unix(seconds)) == seconds


@given(st.integers())
def test_integers_as_text_and_number_are_the_same_or_none(value: int) -> None:
    as_number, as_text = integer_or_none(value), integer_or_none(str(value))
    assert as_number in (value, None)
    assert as_text in (value, None)
    if abs(value) < 10**18:
        assert as_number == as_text == value
    if abs(value) > 2**63:
        assert as_number is None
        assert as_text is None


@given(st.one_of(st.text(), st.floats(), st.binary(), st.none(), st.lists(st.integers())))
def test_anything_else_is_none_or_a_whole_number(value: object) -> None:
    number = integer_or_none(value)
    assert number is None or float(number) == float(value)  # type: ignore[arg-type]
