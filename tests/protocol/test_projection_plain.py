"""The short way of plain conversations gives what the whole decision table gives."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from django_mango.protocol.projection import Address, Directory, Facts, project, project_rows
from django_mango.protocol.projection.plain import project_plain
from django_mango.protocol.projection.project import project_whole
from django_mango.protocol.statistics import OUR_FIELDS, Record, read_rows
from django_mango.sandbox import staff
from django_mango.sandbox.history import History
from django_mango.sandbox.rows import csv_lines
from tests.protocol.flows import T0, TEAM

ANNA, BORIS = "sip:anna@team.mangosip.ru", "SIP:Boris@team.mangosip.ru;transport=tcp"
CLIENT, MOBILE, LINE = "79161234567", "79031112233", "74951234567"
#: People known by extension, address and mobile telephone, some for a time only.
CHANGING = Directory(
    [
        Address("extension", "101", 1, valid_to=T0 + 20),
        Address("extension", "101", 2, valid_from=T0 + 20),
        Address("extension", "102", 2),
        Address("extension", "102", 3, valid_from=T0 + 10, valid_to=T0 + 15),
        Address("sip", ANNA, 1),
        Address("sip", BORIS, 2, valid_from=T0 + 10),
        Address("number", f"+{MOBILE}", 1, valid_from=T0 + 5),
    ]
)
BY_NUMBER = Directory([Address("number", f"+{MOBILE}", 7), Address("extension", "103", 7)])
DIRECTORIES = st.sampled_from([TEAM, CHANGING, BY_NUMBER, Directory()])

#: Few values, so that people meet, moments are equal and callbacks happen.
_moments = st.one_of(st.integers(T0, T0 + 6), st.integers(T0, T0 + 40), st.just(0))
_numbers = st.sampled_from(
    [CLIENT, "79037654321", MOBILE, LINE, ANNA, BORIS, "sip:x@else.where", "", "anonymous", "7"]
)
_extensions = st.sampled_from(["", "101", "102", "103"])
_reasons = st.sampled_from(
    [
        "", "1000", "1100", "1110", "1111", "1120", "1121", "1163", "1170",
        "1182", "1183", "1311", "2210", "4502", "Busy", "99", "0",
    ]
)  # fmt: skip
_locations = st.sampled_from(["ivr", "queue", "abonent", "abonent", "abonent", "", "moon"])
_wild = st.builds(
    Record,
    entry_id=st.just("E1"),
    start=_moments,
    finish=_moments,
    answer=_moments,
    from_extension=_extensions,
    from_number=_numbers,
    to_extension=_extensions,
    to_number=_numbers,
    disconnect_reason=_reasons,
    line_number=st.sampled_from(["", LINE]),
    location=_locations,
    create=_moments,
)


@st.composite
def _usual(draw: st.DrawFn) -> list[Record]:
    """One client who rings, times in order: the neighbourhood of what is plain."""
    caller = draw(st.sampled_from([("", CLIENT), ("", CLIENT), ("", ""), ("101", ANNA)]))
    rows = []
    for _ in range(draw(st.integers(1, 5))):
        start = T0 + draw(st.integers(0, 8))
        answer = draw(st.one_of(st.just(0), st.integers(start, start + 5)))
        rows.append(
            Record(
                entry_id="E1",
                create=draw(st.sampled_from([0, T0, T0 + 1])),
                start=start,
                answer=answer,
                finish=max(start, answer) + draw(st.integers(0, 8)),
                from_extension=caller[0],
                from_number=caller[1],
                to_extension=draw(st.sampled_from(["101", "102", "103", "", ""])),
                to_number=draw(st.sampled_from([ANNA, BORIS, MOBILE, LINE, CLIENT, ""])),
                disconnect_reason=draw(_reasons),
                line_number=draw(st.sampled_from(["", LINE, "74957654321"])),
                location=draw(_locations),
            )
        )
    return rows


@st.composite
def _callback(draw: st.DrawFn) -> list[Record]:
    """One of us is rung, then a client: the neighbourhood of a plain callback."""
    client = draw(st.sampled_from([CLIENT, CLIENT, CLIENT, "79037654321", MOBILE, ANNA, ""]))
    ours = st.sampled_from(
        [("101", ANNA), ("101", ANNA), ("102", BORIS), ("", ANNA), ("103", ""), ("", MOBILE)]
    )
    one = draw(ours)
    other = draw(st.one_of(st.just(one), ours))
    sides = [(("", client), one), (other, ("", draw(st.sampled_from([client, client, LINE]))))]
    sides += draw(st.sampled_from([[], [], [], [(("", client), other)]]))
    rows = []
    start = T0
    for caller, called in sides:
        answer = draw(st.one_of(st.just(0), st.integers(start, start + 4)))
        finish = max(start, answer) + draw(st.integers(0, 6))
        rows.append(
            Record(
                entry_id="E1",
                create=draw(st.sampled_from([0, T0, T0 + 1, start])),
                start=start,
                answer=answer,
                finish=finish,
                from_extension=caller[0],
                from_number=caller[1],
                to_extension=called[0],
                to_number=called[1],
                disconnect_reason=draw(st.one_of(st.just("1000"), _reasons)),
                line_number=draw(st.sampled_from(["", LINE, "74957654321"])),
                location=draw(st.sampled_from(["abonent"] * 8 + ["", "queue", "ivr"])),
            )
        )
        start = draw(st.sampled_from([finish, finish, finish + 1, max(start, finish - 3)]))
    return draw(st.permutations(rows))


_any = st.one_of(_usual(), _callback(), st.lists(_wild, min_size=1, max_size=6))


def _facts(records: list[Record], directory: Directory) -> Facts:
    return Facts("E1", records=tuple(records), directory=directory)


@settings(max_examples=1500)
@given(_any, DIRECTORIES)
@example([Record("E1", T0, T0 + 9, T0 + 3, "101", "", "101", "")], TEAM)
@example([Record("E1", T0, T0 + 9, T0 + 3, "", CLIENT, "101", CLIENT)], TEAM)
def test_both_ways_agree(records: list[Record], directory: Directory) -> None:
    whole = project_whole(_facts(records, directory))
    plain = project_plain(records, directory)
    assert plain is None or plain == whole
    assert project(_facts(records, directory)) == whole
    assert project_rows("E1", records, directory) == whole


@settings(max_examples=600)
@given(_callback(), DIRECTORIES)
def test_both_ways_agree_on_callbacks(records: list[Record], directory: Directory) -> None:
    plain = project_plain(records, directory)
    assert plain is None or plain == project_whole(_facts(records, directory))


def test_a_plain_callback_takes_the_short_way() -> None:
    rung = Record("E1", T0, T0 + 5, T0 + 3, "", CLIENT, "101", ANNA, "1000", LINE, "abonent")
    talk = Record("E1", T0 + 5, T0 + 9, T0 + 7, "101", ANNA, "", CLIENT, "1110", "", "abonent")
    call = project_plain([talk, rung], TEAM)
    assert call is not None
    assert (call.direction, call.client_number, call.line_number) == (
        "outgoing",
        f"+{CLIENT}",
        LINE,
    )
    assert (call.started_at, call.answered_at, call.ended_at) == (T0, T0 + 7, T0 + 9)
    assert [(one.extension, one.role) for one in call.parties] == [("101", "caller")]


def _history(seed: int, calls: int) -> dict[str, list[Record]]:
    end = T0 + 923
    lines = csv_lines(History(seed, calls, 30, end).rows(end - 30 * 86_400, end), OUR_FIELDS)
    found: dict[str, list[Record]] = {}
    for row in read_rows([line.encode() for line in lines]):
        assert isinstance(row, Record)
        found.setdefault(row.entry_id, []).append(row)
    return found


@pytest.mark.parametrize("seed", [3, 17, 42])
def test_of_a_generated_past_nearly_all_calls_are_plain(seed: int) -> None:
    directory = Directory(
        address
        for number, person in enumerate(staff.EMPLOYEES)
        for address in (
            Address("extension", person.extension, number),
            Address("sip", person.sip, number),
        )
    )
    history, plain = _history(seed, 1500), 0
    for records in history.values():
        found = project_plain(records, directory)
        if found is not None:
            plain += 1
            assert found == project_whole(_facts(records, directory))
    assert plain / len(history) > 0.95
