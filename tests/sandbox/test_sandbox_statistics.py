"""Basic statistics: 204, then the CSV once, then 404; fields, filters and periods (§3.4.1)."""

import pytest

START = 1_748_090_923
PERIOD = {"date_from": str(START - 27 * 86_400), "date_to": str(START)}


@pytest.fixture
def past(make_bench):
    return make_bench(calls=400, days=30)


def ask(bench, read_json, **query):
    return read_json(bench.post("stats/request", {**PERIOD, **query}))["key"]


def fetch(bench, key):
    return bench.post("stats/result", {"key": key})


def test_not_ready_then_once_then_gone(past, read_json, read_lines):
    key = ask(past, read_json)
    waiting = fetch(past, key)
    assert (waiting.status, waiting.body) == (204, b"")
    past.clock.advance(2)
    ready = fetch(past, key)
    assert ready.content_type == "text/csv;charset=UTF-8"
    assert len(read_lines(ready)) > 400
    assert fetch(past, key).status == 404


def test_a_report_nobody_fetches_is_dropped(past, read_json):
    key = ask(past, read_json)
    past.clock.advance(2 + 60)
    other = ask(past, read_json)
    past.clock.advance(61)
    assert fetch(past, key).status == 404
    assert fetch(past, other).status == 200


def test_two_reports_do_not_mix(past, read_json, read_lines):
    one = ask(past, read_json, fields="start")
    past.clock.advance(2)
    two = ask(past, read_json, fields="entry_id,create")
    past.clock.advance(2)
    assert {row.count(";") for row in read_lines(fetch(past, two))} == {1}
    assert {row.count(";") for row in read_lines(fetch(past, one))} == {0}


def test_the_default_columns_in_the_documented_order(bench):
    bench.call("79161234501")
    bench.pbx.play()
    assert [row.split(";") for row in bench.report()] == [
        ["[]", f"{START}", f"{START + 3}", f"{START + 2}", "", "79161234501", "101",
         "sip:smirnova@romashka.mangosip.ru", "1000", "74951234567", "abonent"],
        ["[]", f"{START + 3}", f"{START + 5}", "0", "101",
         "sip:smirnova@romashka.mangosip.ru", "", "79161234501", "1121", "74951234567",
         "abonent"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "fields", ["location, entry_id,create", ["location", "entry_id", "create"]]
)
def test_columns_are_given_in_the_order_asked_for(bench, fields):
    entry_id = bench.pbx.incoming_call("79161234567", outcome="ivr")
    bench.pbx.play()
    assert bench.report(fields=fields) == [f"ivr;{entry_id};{START}"]


def test_the_readiness_notification_echoes_the_request_id(past, read_json):
    key = ask(past, read_json, request_id="r7")
    assert past.events("result/stat") == []
    past.pbx.play(2)
    assert past.events("result/stat") == [{"key": key, "request_id": "r7"}]
    assert fetch(past, key).status == 200


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ({"from": {"extension": "101", "number": ""}}, [0]),
        ({"to": {"extension": "101"}}, [2]),
        ({"to": {"number": "79161234567"}}, [3]),
        ({"call_party": {"extension": "101"}}, [0, 2]),
        ({"call_party": {"number": "79161234567"}}, [1, 3]),
    ],
)
def test_party_filters(past, read_json, read_lines, query, columns):
    fields = "from_extension,from_number,to_extension,to_number,entry_id,start"
    wanted = next(iter(query.values()))
    value = wanted.get("extension") or wanted["number"]
    key = ask(past, read_json, fields=fields)
    past.clock.advance(2)
    everything = read_lines(fetch(past, key))
    key = ask(past, read_json, fields=fields, **query)
    past.clock.advance(2)
    chosen = read_lines(fetch(past, key))
    fitting = [row for row in everything if value in [row.split(";")[n] for n in columns]]
    assert chosen == fitting
    assert 0 < len(chosen) < len(everything)


def test_a_month_is_31_days_to_the_second(bench, read_json):
    month = {"date_from": "1440000000", "date_to": str(1440000000 + 31 * 86_400)}
    assert "key" in read_json(bench.post("stats/request", month))


def test_numbers_may_be_numbers(bench, read_json):
    query = {"date_from": 1440000000, "date_to": 1440000001}
    assert "key" in read_json(bench.post("stats/request", query))


def test_a_running_talk_shows_only_its_finished_legs(bench):
    bench.pbx.incoming_call("79161234567", to="101", talk_seconds=600)
    bench.pbx.play(60)
    assert [row.split(";")[-1] for row in bench.report()] == ["ivr"]
