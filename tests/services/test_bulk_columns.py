"""Values of a column made ready in few calls are what they would be one by one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from django_mango.models import Call
from django_mango.protocol.statistics_record import LATEST
from django_mango.services.bulk import moments
from django_mango.services.bulk.columns import prepared
from django_mango.services.bulk.moments import texts_of_moments

_texts = (
    st.lists(st.text()) | st.lists(st.text()).map(tuple) | st.dictionaries(st.text(), st.text())
)
_others = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.lists(st.none() | _texts) | st.lists(_texts | _others))
def test_json_is_that_of_the_standard_library(values: list[Any]) -> None:
    field = Call._meta.get_field("participants")
    expected = [None if value is None else json.dumps(value) for value in values]
    assert list(prepared(field, values, connection)) == expected


@given(st.lists(st.none() | st.integers(0, LATEST)))
def test_moments_are_written_in_utc(values: list[int | None]) -> None:
    expected = [
        f"{datetime.fromtimestamp(v, UTC):%Y-%m-%d %H:%M:%S}" if v else None for v in values
    ]
    assert texts_of_moments(values) == expected
    assert texts_of_moments(values, "+00") == [text and f"{text}+00" for text in expected]


def _written(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2025, 5, 24, 12, 48, 43, 7, tzinfo=UTC), "2025-05-24 12:48:43.000007"),
        (datetime(2025, 5, 24, 1, tzinfo=timezone(timedelta(hours=3))), "2025-05-23 22:00:00"),
    ],
)
def test_times_are_moments_too(moment: datetime, text: str) -> None:
    assert texts_of_moments([moment, 0], "+00") == [f"{text}+00", None]


def test_a_long_import_does_not_keep_all_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "_REMEMBERED", 100)
    for start in range(1, 2000, 50):
        texts_of_moments(range(start, start + 50))
    assert len(moments._TEXTS[""]) <= 150
