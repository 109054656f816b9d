"""What we ask of the extended statistics, and what is refused before it is sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from django_mango.protocol.errors import InputError
from django_mango.protocol.extended_requests import (
    LIMITS,
    LONGEST_PERIOD,
    StatsCallsRequest,
    StatsCallsResult,
)

SINCE = 1_572_469_200  # 31.10.2019 00:00:00 in Moscow


def test_dates_are_wall_clock_of_moscow() -> None:
    """Q38, and the sample of the document."""
    request = StatsCallsRequest(SINCE, datetime(2019, 11, 29, 20, 59, 59, 900_000, tzinfo=UTC))
    assert request.payload() == {
        "start_date": "31.10.2019 00:00:00",
        "end_date": "29.11.2019 23:59:59",
        "limit": 5000,
        "offset": 0,
        "ext_fields": ["context_cost_full", "context_cost_tariff"],
    }


def test_filters_travel_as_numbers() -> None:
    """Q40: ids as texts make the job fail with 5004."""
    payload = StatsCallsRequest(
        SINCE,
        SINCE + 60,
        limit=1,
        offset=7,
        user_ids=(300100101,),
        group_ids=(10051301,),
        context_type=1,
        context_status=0,
        recall_status=2,
        search_string="916",
        ext_fields=(),
    ).payload()
    assert payload == {
        "start_date": "31.10.2019 00:00:00",
        "end_date": "31.10.2019 00:01:00",
        "limit": 1,
        "offset": 7,
        "user_ids": [300100101],
        "group_ids": [10051301],
        "context_type": 1,
        "context_status": 0,
        "recall_status": 2,
        "search_string": "916",
    }


def test_the_longest_period_is_a_second_less_than_thirty_days() -> None:
    """Q41."""
    assert StatsCallsRequest(SINCE, SINCE + LONGEST_PERIOD)
    with pytest.raises(InputError) as caught:
        StatsCallsRequest(SINCE, SINCE + LONGEST_PERIOD + 1)
    assert caught.value.reason == "period_length"


@pytest.mark.parametrize("limit", LIMITS)
def test_limits_of_the_service(limit: int) -> None:
    assert StatsCallsRequest(SINCE, SINCE, limit=limit).payload()["limit"] == limit


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"limit": 3}, "limit", "invalid"),
        ({"limit": "100"}, "limit", "invalid"),
        ({"limit": True}, "limit", "invalid"),
        ({"offset": -1}, "offset", "invalid"),
        ({"offset": "0"}, "offset", "invalid"),
        ({"user_ids": ("1",)}, "user_ids", "invalid"),
        ({"group_ids": (True,)}, "group_ids", "invalid"),
        ({"context_type": 4}, "context_type", "invalid"),
        ({"context_type": 0}, "context_type", "invalid"),
        ({"context_status": 2}, "context_status", "invalid"),
        ({"recall_status": 1}, "recall_status", "conflict"),
        ({"recall_status": 1, "context_type": 1, "context_status": 1}, "recall_status", "conflict"),
        ({"recall_status": 3, "context_type": 1, "context_status": 0}, "recall_status", "invalid"),
        ({"search_string": "79"}, "search_string", "invalid"),
        ({"search_string": "7\0916"}, "search_string", "control_characters"),
        ({"ext_fields": ("cost",)}, "ext_fields", "unknown_field"),
        ({"date_to": SINCE - 1}, "date_to", "period_order"),
        ({"date_from": datetime(2025, 1, 1)}, "date_from", "naive_time"),
        ({"date_from": 0}, "date_from", "invalid"),
    ],
)
def test_what_the_service_would_refuse_is_never_built(
    changes: Any, field: str, reason: str
) -> None:
    with pytest.raises(InputError) as caught:
        StatsCallsRequest(**{"date_from": SINCE, "date_to": SINCE + 60, **changes})
    assert (caught.value.field, caught.value.reason) == (field, reason)


def test_a_key_is_required() -> None:
    assert StatsCallsResult("B+/==").payload() == {"key": "B+/=="}
    with pytest.raises(InputError):
        StatsCallsResult(" ")
