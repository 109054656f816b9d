"""``stats/calls/*`` of the sandbox: refusals, statuses, pages, days, and the same calls."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from django_mango.protocol.extended import ExtendedRecord, Page
from django_mango.protocol.extended_requests import StatsCallsRequest
from django_mango.protocol.statistics import OUR_FIELDS, Record, read_rows
from django_mango.protocol.times import moscow_text
from django_mango.sandbox import staff
from tests.sandbox.conftest import CLOCK_START

REQUEST, RESULT = "stats/calls/request", "stats/calls/result/"
WEEK = 7 * 86_400
PERIOD = {"start_date": moscow_text(CLOCK_START - WEEK), "end_date": moscow_text(CLOCK_START)}
FIRST = {**PERIOD, "limit": 5000, "offset": 0}


@pytest.fixture
def past(make_bench):
    return make_bench(calls=300, days=7, history_end=CLOCK_START)


def body_of(answer) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)


def ask(bench, **query: Any) -> dict[str, Any]:
    """The whole answer to one page, waited for."""
    answer = bench.post(REQUEST, {**FIRST, **query})
    assert answer.status == 200, answer.body
    bench.clock.advance(3)
    return json.loads(body_of(bench.post(RESULT, {"key": json.loads(answer.body)["key"]})))


def conversations(answer: dict[str, Any]) -> list[dict[str, Any]]:
    assert (answer["result"], answer["status"]) == (1000, "complete")
    return [item for day in answer["data"] for item in day["list"]]


@pytest.mark.parametrize(
    ("changes", "code", "fields"),
    [
        ({"start_date": None}, 3103, None),
        ({"end_date": ""}, 3103, None),
        ({"limit": None}, 3103, None),
        ({"offset": None}, 3103, None),
        ({"start_date": "2025-05-20 00:00:00"}, 3104, None),
        ({"end_date": "2025-05-20T00:00:00"}, 3104, None),
        ({"start_date": 1748090923}, 3104, None),
        ({"limit": "many"}, 3104, None),
        ({"offset": -1}, 3104, None),
        ({"limit": 3}, 3100, None),
        ({"limit": 10_000}, 3100, None),
        ({"start_date": "24.05.2025 00:00:01", "end_date": "24.05.2025"}, 3111, None),
        ({"start_date": "01.04.2025", "end_date": "01.05.2025"}, 3100, {"end_date": 3111}),
        ({"recall_status": 1}, 3100, None),
        ({"search_string": "79"}, 3104, None),
        ({"user_ids": 5}, 3104, None),
    ],
)
def test_wrong_requests(make_bench, changes, code, fields):
    """Q37-Q41."""
    bench = make_bench(enforce_limits=False)
    answer = bench.post(REQUEST, FIRST | changes)
    found = json.loads(answer.body)
    assert (answer.status, found["result"], found.get("fields")) == (420, code, fields)
    assert "key" not in found


def test_a_second_less_than_thirty_days_works(bench):
    """Q41."""
    period = {"start_date": "01.04.2025 00:00:00", "end_date": "30.04.2025 23:59:59"}
    assert conversations(ask(bench, **period)) == []


@pytest.mark.parametrize("ids", [{"user_ids": ["300100101"]}, {"group_ids": [10051301, "1"]}])
def test_ids_as_texts_make_the_job_fail(past, ids):
    """Q40."""
    answer = ask(past, **ids)
    assert (answer["result"], answer["status"]) == (5004, "error")


def test_the_job_goes_from_request_over_work_to_complete_and_is_spent(past):
    """Q42: what comes with ``work`` is a part only."""
    key = json.loads(past.post(REQUEST, FIRST).body)["key"]

    def status():
        found = json.loads(body_of(past.post(RESULT, {"key": key})))
        return found["status"], sum(len(day["list"]) for day in found["data"])

    assert status() == ("request", 0)
    past.clock.advance(1.2)
    assert status() == ("work", 3)
    past.clock.advance(1)
    assert status() == ("complete", 300)
    assert status() == ("not-found", 0)
    assert json.loads(body_of(past.post(RESULT, {"key": "none"})))["status"] == "not-found"


def test_pages_join_to_the_whole(past):
    whole = [item["entry_id"] for item in conversations(ask(past))]
    assert len(set(whole)) == len(whole) == 300
    pages = [conversations(ask(past, limit=100, offset=offset)) for offset in (0, 100, 200, 300)]
    assert [len(page) for page in pages] == [100, 100, 100, 0]
    assert [item["entry_id"] for page in pages for item in page] == whole


def test_totals_of_a_day_do_not_depend_on_the_page(past):
    whole = {day["period"]: day for day in ask(past)["data"]}
    page = ask(past, limit=20, offset=100)["data"]
    assert sum(len(day["list"]) for day in page) == 20
    for day in page:
        totals = {name: value for name, value in day.items() if name != "list"}
        assert totals == {name: v for name, v in whole[day["period"]].items() if name != "list"}
    for day in whole.values():
        assert day["total_calls_count"] == len(day["list"])
        assert day["total_talks_duration"] == sum(one["talk_duration"] for one in day["list"])
    moscow = [
        datetime.fromtimestamp(one["context_start_time"], UTC) + timedelta(hours=3)
        for one in whole["2025-05-20"]["list"]
    ]
    assert {moment.strftime("%Y-%m-%d") for moment in moscow} == {"2025-05-20"}


def test_filters(past):
    whole = conversations(ask(past))
    missed = conversations(ask(past, context_type=1, context_status=0, recall_status=2))
    assert missed == [
        one for one in whole if (one["context_type"], one["context_status"]) == (1, 0)
    ]
    assert conversations(ask(past, context_type=[2, 3])) == [
        one for one in whole if one["context_type"] in (2, 3)
    ]
    anna = staff.EMPLOYEES[1].user_id
    of_anna = conversations(ask(past, user_ids=[anna]))
    assert 0 < len(of_anna) < 300
    assert all(str(anna) in json.dumps(one) for one in of_anna)
    sales = conversations(ask(past, group_ids=[staff.SALES.group_id]))
    assert sales
    assert {one["context_calls"][0]["call_abonent_id"] for one in sales} == {staff.SALES.group_id}
    number = whole[0]["caller_number"]
    assert whole[0] in conversations(ask(past, search_string=number[-7:]))


def test_costs_come_where_they_are_asked_for(past):
    assert "context_cost_full" not in conversations(ask(past))[0]
    asked = conversations(ask(past, ext_fields=["context_cost_full", "context_cost_tariff"]))
    paid = [one for one in asked if one["cost"]]
    assert paid
    assert {one["context_type"] for one in paid} == {2}
    assert all(float(one["context_cost_full"]) == one["cost"] for one in paid)


def test_our_request_is_understood(past):
    command = StatsCallsRequest(CLOCK_START - WEEK, CLOCK_START, limit=10)
    answer = past.post(command.path, command.payload())
    assert json.loads(answer.body)["key"]


def test_both_reports_tell_of_the_same_legs(past):
    """Every conversation, every talk and every recording of one report stands in the other."""
    period = {"date_from": str(CLOCK_START - WEEK), "date_to": str(CLOCK_START)}
    answer = past.post("stats/request", {**period, "fields": ",".join(OUR_FIELDS)})
    past.clock.advance(3)
    key = json.loads(answer.body)["key"]
    basic = [
        row
        for row in read_rows([body_of(past.post("stats/result", {"key": key}))])
        if isinstance(row, Record)
    ]
    extended = [
        row for row in Page([json.dumps(ask(past)).encode()]) if isinstance(row, ExtendedRecord)
    ]
    assert {row.entry_id for row in basic} == {row.entry_id for row in extended}
    talks = {
        (row.entry_id, row.answer, row.finish)
        for row in basic
        if row.answer and row.location == "abonent"
    }
    phones = {"user", "number"}
    assert talks == {
        (row.entry_id, row.answer, row.finish)
        for row in extended
        if row.answer and row.abonent_type in phones
    }
    assert {one for row in basic for one in row.records} == {
        one for row in extended for one in row.records
    }


def test_a_call_that_goes_on_is_not_told_of(bench):
    bench.call("79161234508")
    bench.pbx.play(30)
    period = {
        "start_date": moscow_text(CLOCK_START - 60),
        "end_date": moscow_text(CLOCK_START + 86_400),
    }
    assert conversations(ask(bench, **period)) == []
    bench.pbx.play()
    (told,) = conversations(ask(bench, **period))
    assert (told["context_type"], told["context_status"], told["context_init_type"]) == (2, 1, 4)
    assert [leg["call_type"] for leg in told["context_calls"]] == ["user", "number"]
