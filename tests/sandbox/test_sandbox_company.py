"""Staff, groups, lines, balance and recordings (§3.5.1, §3.7, Q83)."""

import pytest

from django_mango.sandbox import staff
from django_mango.sandbox.answers import Request
from django_mango.sandbox.recordings import silence


def test_staff_without_ext_fields_has_the_basic_fields_only(bench, read_json):
    answer = read_json(bench.post("config/users/request", {}))
    assert "result" not in answer  # as the live service (Q83)
    assert [user["telephony"]["extension"] for user in answer["users"]] == [
        "100", "101", "102", "103", "104", "105", "0511",
    ]  # fmt: skip
    anna = answer["users"][1]
    assert anna["general"]["name"] == "Анна Смирнова"
    assert set(anna) == {"general", "telephony"}
    assert set(anna["general"]) == {"name", "email", "department", "position"}
    assert set(anna["telephony"]) == {"extension", "outgoingline", "numbers"}


def test_ext_fields_add_exactly_what_they_name(bench, read_json):
    wanted = ["general.user_id", "general.sips", "telephony.dial_alg", "groups"]
    query = {"extension": "102", "ext_fields": wanted}
    (user,) = read_json(bench.post("config/users/request", query))["users"]
    assert user["general"]["user_id"] == 300100102
    assert user["general"]["sips"] == [{"number": "ivanov@romashka.mangosip.ru"}]
    assert "mobile" not in user["general"]
    assert user["telephony"]["dial_alg"] == 1
    assert user["groups"] == [10051301]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["301", "302"]),
        ({"group_id": 10051302}, ["302"]),
        ({"operator_extension": "102"}, ["301"]),
        ({"operator_id": 300100104}, ["302"]),
        ({"operator_extension": "0511"}, []),
    ],
)
def test_groups_are_filtered(bench, read_json, query, found):
    answer = read_json(bench.post("groups", query))
    assert answer["result"] == 1000
    assert [group["extension"] for group in answer["groups"]] == found
    assert not any("operators" in group for group in answer["groups"])


def test_groups_show_their_members_on_request(bench, read_json):
    sales, _ = read_json(bench.post("groups", {"show_users": 1}))["groups"]
    assert [one["extension"] for one in sales["operators"]] == ["101", "102", "103"]


def test_lines_and_balance(bench, read_json):
    lines = read_json(bench.post("incominglines", {}))["lines"]
    assert [(line["number"], line["name"]) for line in lines[:2]] == [
        ("74951234567", "Основной"),
        ("78001234567", "Бесплатная линия"),
    ]
    assert lines[2]["region"] == "sip-uac"
    balance = read_json(bench.post("account/balance", {}))
    assert balance["currency"] == "RUB"
    assert balance["response_at"] == "2025-05-24 15:48:43"  # Moscow wall clock, no zone (Q92)


def test_no_two_numbers_or_extensions_are_the_same():
    people = staff.EMPLOYEES
    numbers = [*staff.CUSTOMERS, *(one.mobile for one in people), *(one.sip for one in people)]
    numbers += [line.number for line in staff.LINES]
    assert len(set(numbers)) == len(numbers)
    short = [one.extension for one in people] + [one.extension for one in staff.GROUPS]
    assert len(set(short)) == len(short)
    assert not any("00" < number[-2:] < "10" for number in staff.CUSTOMERS)  # none is scripted


def test_a_recording_is_behind_a_link_that_works_once(make_bench):
    bench = make_bench(calls=50)
    recorded = next(row for row in bench.pbx.history.rows(0, 2**40) if row.records)
    wish = {"recording_id": recorded.records[0], "action": "download"}
    answer = bench.post("queries/recording/post", wish)
    assert (answer.status, answer.body) == (302, b"")
    location = answer.headers["Location"]
    assert location.startswith("http://127.0.0.1:1/files/")
    path = location.removeprefix("http://127.0.0.1:1")
    file = bench.pbx.switchboard.handle(Request("GET", path))
    assert (file.status, file.content_type) == (200, "audio/mpeg")
    assert bench.pbx.switchboard.handle(Request("GET", path)).status == 404
    assert bench.post("queries/recording/post", wish).headers["Location"] != location


def test_the_file_is_a_row_of_whole_mp3_frames():
    sound = silence(3.6)
    assert len(sound) == 100 * 144  # 36 ms each: 32 kbit/s at 32 kHz
    assert {sound[at : at + 4] for at in range(0, len(sound), 144)} == {b"\xff\xfb\x18\xc0"}
