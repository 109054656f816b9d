"""The extended statistics tell the same call as events, summary and rows, alone and beside them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from django_mango.protocol.extended import ExtendedRecord
from django_mango.protocol.projection import Directory, Facts, ProjectedCall, project, project_rows
from tests.protocol.conversations import conversations
from tests.protocol.extended_flows import extended_of, read_conversation
from tests.protocol.flows import (
    ANNA,
    BORIS,
    CLIENT,
    T0,
    TEAM,
    Flow,
    callback,
    queue_answered_by_boris,
    row,
    summary,
)

ESSENCE = (
    "direction", "state", "outcome", "client_number", "started_at", "answered_at", "ended_at",
    "wait_seconds", "talk_seconds", "is_final", "is_missed",
)  # fmt: skip


def of(flow: Flow, extended: Any = (), *sources: str, directory: Directory = TEAM) -> ProjectedCall:
    call = project(
        Facts(
            "E1",
            tuple(flow.events) if "events" in sources else (),
            tuple(flow.summaries) if "summary" in sources else (),
            tuple(flow.records) if "basic" in sources else (),
            flow.commands,
            directory=directory,
            extended=tuple(extended),
        )
    )
    assert call is not None
    return call


def essence(call: ProjectedCall) -> dict[str, object]:
    return {name: getattr(call, name) for name in ESSENCE}


_sources = st.sets(st.sampled_from(["events", "basic", "summary"]))


@given(conversations(), st.booleans(), st.booleans())
def test_rows_of_either_kind_make_the_call_of_their_facts(
    flow: Flow, has_basic: bool, has_extended: bool
) -> None:
    records = tuple(flow.records) if has_basic else ()
    extended = tuple(extended_of(flow)) if has_extended else ()
    facts = Facts("E1", records=records, extended=extended, directory=TEAM)
    assert project_rows("E1", (*records, *extended), TEAM) == project(facts)
    assert project_rows("", (*records, *extended), TEAM) is None


@given(conversations(), _sources, st.booleans())
def test_any_mix_with_extended_statistics_makes_the_same_call(
    flow: Flow, sources: set[str], shows_first_legs: bool
) -> None:
    whole = of(flow, (), "events", "basic", "summary")
    extended = extended_of(flow, shows_first_legs=shows_first_legs)
    call = of(flow, extended, *sources)
    assert essence(call) == essence(whole)
    assert call.sources == tuple(
        name for name in ("summary", "extended", "basic", "events")
        if name in {"extended", *sources}
    )  # fmt: skip


@given(conversations(), st.data())
def test_order_and_repetition_do_not_matter(flow: Flow, data: st.DataObject) -> None:
    extended = extended_of(flow)
    again = data.draw(st.lists(st.sampled_from(extended), max_size=4))
    shuffled = data.draw(st.permutations([*extended, *again]))
    assert of(flow, shuffled, "events") == of(flow, extended, "events")


@given(conversations())
def test_nobody_takes_part_twice(flow: Flow) -> None:
    call = of(flow, extended_of(flow), "events", "basic")
    who = [(one.extension, one.number) for one in call.parties]
    assert len(who) == len(set(who))
    assert {one.extension for one in call.parties} == {
        one.extension for one in of(flow, (), "events", "basic").parties
    }


@given(conversations(), st.data())
def test_any_part_of_the_facts_makes_a_valid_call(flow: Flow, data: st.DataObject) -> None:
    extended = data.draw(st.lists(st.sampled_from(extended_of(flow))))
    events = data.draw(st.lists(st.sampled_from(flow.events)))
    call = project(
        Facts("E1", tuple(events), commands=flow.commands, directory=TEAM, extended=tuple(extended))
    )
    if call is None:
        assert not events
        assert all(one.level != "conversation" for one in extended)
        return
    assert call.started_at > 0
    if call.state == "finished":
        assert call.ended_at >= max(call.started_at, call.answered_at)
        assert (call.outcome == "answered") == bool(call.answered_at)


@given(conversations(), st.data())
def test_a_report_from_the_middle_changes_nothing_that_lives(
    flow: Flow, data: st.DataObject
) -> None:
    """A talk that goes on has no end in the report, or lasts longer than it says."""
    count = data.draw(st.integers(1, len(flow.events)))
    part = Flow(flow.commands)
    part.events = flow.events[:count]
    live = of(part, (), "events")
    now = part.events[-1].timestamp
    assume(now > T0)
    extended = [
        one for one in extended_of(flow, duration=max(0, now - 1 - T0)) if one.level != "member"
    ]
    if live.state == "talking" and data.draw(st.booleans()):
        extended = [one for one in extended if one.level == "conversation"]
    call = of(part, extended, "events")
    if live.state != "finished":
        for name in ("state", "legs", "live_call_id", "answered_at", "client_number"):
            assert getattr(call, name) == getattr(live, name), name
        assert not call.is_final


def incoming(**changes: Any) -> list[ExtendedRecord]:
    return read_conversation(
        {
            "entry_id": "E1",
            "context_type": 1,
            "context_status": 1,
            "caller_id": None,
            "caller_number": CLIENT["number"],
            "called_number": "74951234567",
            "context_start_time": T0,
            "duration": 60,
            "talk_duration": 50,
            **changes,
        }
    )


def leg(user: str = "101", **changes: Any) -> dict[str, Any]:
    return {
        "call_type": "user",
        "call_abonent_id": int(f"300{user}"),
        "call_abonent_number": None,
        "call_start_time": T0 + 5,
        "call_answer_time": T0 + 10,
        "call_end_time": T0 + 60,
        "call_end_reason": 1110,
        **changes,
    }


def alone(extended: Any, **facts: Any) -> ProjectedCall:
    call = project(Facts("E1", extended=tuple(extended), directory=TEAM, **facts))
    assert call is not None
    return call


def test_an_employee_is_known_by_his_id_alone() -> None:
    call = alone(incoming(context_calls=[leg("102")]))
    assert (call.extension, call.owner) == ("102", "102")
    (party,) = call.parties
    assert (party.extension, party.role, party.rang_at, party.answered_at, party.ended_at) == (
        "102", "callee", T0 + 5, T0 + 10, T0 + 60,
    )  # fmt: skip
    assert call.line_number == "74951234567"
    assert call.disconnect_reason == "1110"


def test_an_unknown_employee_is_known_by_his_address() -> None:
    legs = [leg("999", call_abonent_number="sip:eva@team.mangosip.ru")]
    (party,) = alone(incoming(context_calls=legs)).parties
    assert (party.extension, party.number) == ("", "eva@team.mangosip.ru")


def test_without_legs_the_length_of_the_talk_tells_the_answer() -> None:
    call = alone(incoming(context_calls=None))
    assert (call.outcome, call.answered_at, call.ended_at) == ("answered", T0 + 10, T0 + 60)


@pytest.mark.parametrize(
    ("changes", "answered_at"),
    [
        ({"context_status": 0, "talk_duration": 0, "context_calls": [leg()]}, 0),
        ({"context_status": 0, "talk_duration": 0}, 0),
        ({"context_status": 1, "talk_duration": 0}, 0),
        ({"context_status": 1, "talk_duration": None}, 0),
        ({"context_status": 0, "talk_duration": 50, "context_calls": [leg()]}, T0 + 10),
        ({"context_status": 1, "duration": None, "context_calls": [leg()]}, T0 + 10),
        ({"context_status": 1, "talk_duration": 500}, T0),
        # The queue plays music to who waits: its answer is that of a member.
        (
            {"context_calls": [leg(call_type="group", call_answer_time=T0 + 6, members=[leg()])]},
            T0 + 10,
        ),
        ({"context_calls": [leg(call_type="group", members=[])]}, T0 + 10),
        ({"context_calls": [leg(call_type="group", members=None, call_answer_time=None)]}, T0 + 10),
    ],
)
def test_when_an_incoming_call_was_answered(changes: dict[str, Any], answered_at: int) -> None:
    call = alone(incoming(**changes))
    assert call.answered_at == answered_at
    assert call.outcome == ("answered" if answered_at else "missed")


@pytest.mark.parametrize(
    ("legs", "reached"),
    [
        ([], "ivr"),
        ([leg(call_type="group", call_answer_time=None, members=[])], "queue"),
        ([leg(call_answer_time=None)], "person"),
        (
            [leg(call_type="group", call_answer_time=None, members=[leg(call_answer_time=None)])],
            "person",
        ),
    ],
)
def test_how_far_a_missed_caller_came(legs: list[dict[str, Any]], reached: str) -> None:
    call = alone(incoming(context_status=0, talk_duration=0, context_calls=legs))
    assert (call.outcome, call.is_missed, call.reached) == ("missed", True, reached)


def test_elements_of_a_conference_without_answer_ring_nobody() -> None:
    """Q46, T-54."""
    service = leg("103", call_type="conference", call_answer_time=None, call_end_time=None)
    call = alone(incoming(context_calls=[leg(), service]))
    assert [one.extension for one in call.parties] == ["101"]
    assert call.is_final


@pytest.mark.parametrize(
    ("code", "direction"), [(1, "incoming"), (2, "outgoing"), (3, "internal"), (7, "incoming")]
)
def test_direction_codes(code: int, direction: str) -> None:
    """Q44; of an unknown code the parties decide."""
    call = alone(incoming(context_type=code, context_calls=[]))
    assert call.direction == direction
    assert call.client_number == {"internal": "", "outgoing": "+74951234567"}.get(
        direction, "+79161234567"
    )


def test_a_colleague_who_calls_the_office_makes_an_internal_call() -> None:
    assert alone(incoming(caller_id=300101)).direction == "internal"


def test_a_hidden_caller() -> None:
    call = alone(incoming(caller_number=None))
    assert (call.direction, call.client_number, call.client_number_raw) == ("incoming", "", "")


def test_an_internal_call_by_short_numbers() -> None:
    call = alone(
        incoming(context_type=3, caller_id=300101, caller_number="101", called_number="102",
                 context_calls=[leg("102")])
    )  # fmt: skip
    assert (call.direction, call.extension, call.client_number) == ("internal", "101", "")
    assert {one.extension for one in call.parties} == {"101", "102"}


def outgoing(**changes: Any) -> list[ExtendedRecord]:
    return incoming(
        **{
            "context_type": 2,
            "caller_id": 300101,
            "caller_number": ANNA["number"],
            "called_number": CLIENT["number"],
            "context_init_type": 4,
            **changes,
        }
    )


def test_an_answered_first_leg_of_a_callback_proves_nothing() -> None:
    """Q67: our own employee took the phone, the client was busy."""
    busy = leg(call_type="number", call_start_time=T0 + 12, call_answer_time=None,
               call_end_reason=1121, call_abonent_number=CLIENT["number"])  # fmt: skip
    call = alone(
        outgoing(
            context_status=0, talk_duration=0, context_calls=[leg(call_end_time=T0 + 12), busy]
        )
    )
    assert (call.direction, call.outcome, call.answered_at) == ("outgoing", "busy", 0)
    (party,) = call.parties
    assert (party.role, party.answered_at) == ("caller", 0)


def test_even_where_the_service_counts_it_as_talk() -> None:
    busy = leg(call_type="number", call_start_time=T0 + 12, call_answer_time=None,
               call_end_reason=1121, call_abonent_number=CLIENT["number"])  # fmt: skip
    legs = [leg(call_end_time=T0 + 12), busy]
    assert alone(outgoing(context_status=0, talk_duration=2, context_calls=legs)).answered_at == 0


@pytest.mark.parametrize("legs", [[], [leg(call_answer_time=None, call_end_reason=1111)]])
def test_a_callback_whose_client_never_rang(legs: list[dict[str, Any]]) -> None:
    rows = outgoing(context_status=0, talk_duration=0, context_calls=legs)
    assert alone(rows).outcome == "cancelled"
    # The row alone looks like a missed call; the extended statistics know better.
    lone = row(CLIENT, ANNA, 0, 60, reason=1111)
    assert (alone(rows, records=(lone,)).direction, alone(rows, records=(lone,)).outcome) == (
        "outgoing", "cancelled",
    )  # fmt: skip


def test_a_widget_callback_nobody_took_is_missed() -> None:
    """The client asked for it."""
    legs = [leg(call_answer_time=None)]
    widget = outgoing(context_init_type=5, context_status=0, talk_duration=0, context_calls=legs)
    assert alone(widget).is_missed
    assert not alone(outgoing(context_status=0, talk_duration=0, context_calls=legs)).is_missed


def test_a_colleague_who_joins_an_outgoing_call_talked_to_the_client() -> None:
    to_client = leg(call_type="number", call_abonent_number=CLIENT["number"])
    moved = leg("102", call_start_time=T0 + 30, call_answer_time=T0 + 35)
    call = alone(outgoing(context_calls=[to_client, moved]))
    assert call.answered_at == T0 + 10
    assert {one.extension: one.answered_at for one in call.parties} == {
        "101": T0 + 10, "102": T0 + 35,
    }  # fmt: skip


def test_who_called_is_known_by_the_leg_to_the_client_too() -> None:
    to_client = leg(call_type="number", call_abonent_number=CLIENT["number"])
    call = alone(outgoing(caller_id=None, caller_number=None, context_calls=[to_client]))
    assert (call.direction, call.extension) == ("outgoing", "101")


def test_the_summary_decides_before_and_the_rows_after() -> None:
    flow = queue_answered_by_boris()
    flow.summaries = [summary(1, CLIENT, BORIS, talked=15, ended=60)]
    extended = extended_of(flow, context_start_time=T0 - 1)
    assert of(flow, extended, "summary", "basic", "events").started_at == T0
    assert of(flow, extended, "basic", "events").started_at == T0 - 1
    assert of(flow, (), "basic", "events").started_at == T0


def test_extended_statistics_confirm_a_call_of_events() -> None:
    flow = callback()
    flow.summaries = [summary(2, ANNA, CLIENT, talked=12, ended=60)]
    assert not of(flow, (), "events").is_final
    assert of(flow, extended_of(flow), "events").is_final


def test_a_lost_end_is_made_up_for() -> None:
    """The last event of the talk never came; the whole was over after it."""
    flow = callback()
    flow.summaries = [summary(2, ANNA, CLIENT, talked=12, ended=60)]
    extended = extended_of(flow)
    flow.events.pop()
    assert of(flow, (), "events").state == "talking"
    call = of(flow, extended, "events")
    assert (call.state, call.ended_at, call.is_final) == ("finished", T0 + 60, True)


def test_a_leg_reported_with_and_without_its_id_is_one() -> None:
    before, after = (
        incoming(context_calls=[leg()]),
        incoming(context_calls=[leg(external_call_id="A", call_answer_time=T0 + 12)]),
    )
    assert alone([*before, *after]).answered_at == T0 + 12
    assert len(alone([*before, *after]).parties) == 1


def test_legs_without_their_conversation_make_no_call() -> None:
    assert project(Facts("E1", extended=tuple(incoming(context_calls=[leg()])[1:]))) is None
