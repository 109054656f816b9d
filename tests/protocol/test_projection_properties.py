"""What holds for every conversation, however its facts arrive or get lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol import projection
from django_mango.protocol.notifications import CallEvent, Party, Summary
from django_mango.protocol.projection import Facts, ProjectedCall, project
from django_mango.protocol.statistics import Record
from tests.protocol.conversations import conversations
from tests.protocol.flows import T0, TEAM, Flow

Fact = CallEvent | Summary | Record
DECIDED = (
    "direction", "outcome", "state", "client_number", "started_at", "answered_at", "ended_at",
    "wait_seconds", "talk_seconds", "disconnect_reason", "line_number", "extension", "is_final",
)  # fmt: skip


def _facts(flow: Flow) -> list[Fact]:
    return [*flow.events, *flow.summaries, *flow.records]


def _project(facts: list[Fact], flow: Flow, **more: Any) -> ProjectedCall | None:
    return project(
        Facts(
            "E1",
            tuple(one for one in facts if isinstance(one, CallEvent)),
            tuple(one for one in facts if isinstance(one, Summary)),
            tuple(one for one in facts if isinstance(one, Record)),
            flow.commands,
            directory=TEAM,
            **more,
        )
    )


def _check(result: ProjectedCall, facts: list[Fact]) -> None:
    """What every call must be, whatever is known of it."""
    assert result.direction in ("incoming", "outgoing", "internal", "unknown")
    assert result.started_at > 0
    if result.state == "finished":
        assert result.legs == ()
        assert result.live_call_id == ""
        assert result.outcome in (
            "answered", "missed", "busy", "no_answer", "failed", "cancelled",
        )  # fmt: skip
        assert (result.outcome == "answered") == bool(result.answered_at)
        assert (result.outcome == "missed") <= (result.direction == "incoming")
        assert result.ended_at >= max(result.started_at, result.answered_at)
        assert result.wait_seconds is not None
        assert result.talk_seconds is not None
        assert result.wait_seconds >= 0
        assert result.talk_seconds >= 0
    else:
        assert result.legs
        assert (result.outcome, result.ended_at, result.disconnect_reason) == ("", 0, "")
        assert (result.wait_seconds, result.talk_seconds) == (None, None)
        assert not result.is_final
    names = {CallEvent: "events", Summary: "summary", Record: "basic"}
    assert set(result.sources) == {names[type(one)] for one in facts}
    if "summary" in result.sources:
        assert result.is_final
    elif "basic" not in result.sources:
        assert not result.is_final
    for party in result.parties:
        assert party.answered_at == 0 or party.rang_at <= party.answered_at
        assert party.ended_at == 0 or party.ended_at >= max(party.answered_at, party.rang_at)


@given(conversations(), st.data())
def test_order_and_repetition_do_not_matter(flow: Flow, data: st.DataObject) -> None:
    facts = _facts(flow)
    expected = _project(facts, flow)
    again = data.draw(st.lists(st.sampled_from(facts), max_size=6))
    assert _project(data.draw(st.permutations([*facts, *again])), flow) == expected


@given(conversations(), st.data())
def test_order_does_not_matter_for_a_part_of_the_facts(flow: Flow, data: st.DataObject) -> None:
    facts = _facts(flow)
    part = [one for one in facts if data.draw(st.booleans())]
    assert _project(data.draw(st.permutations(part)), flow) == _project(part, flow)


@given(conversations(), st.data())
def test_any_part_in_any_order_makes_a_valid_call(flow: Flow, data: st.DataObject) -> None:
    """Every prefix of every delivery is such a part."""
    facts = data.draw(st.permutations(_facts(flow)))
    known = facts[: data.draw(st.integers(1, len(facts)))]
    result = _project(known, flow)
    assert result is not None
    _check(result, known)


@given(conversations())
def test_events_as_they_happen(flow: Flow) -> None:
    """Before the summary a call is never final, and an answer once seen stays.

    Except where only the end of its first leg will betray a callback.
    """
    is_secret = flow.events[0].call_id == "first" and not flow.events[0].command_id
    answered = 0
    for count in range(1, len(flow.events) + 1):
        known: list[Fact] = [*flow.events[:count]]
        result = _project(known, flow)
        assert result is not None
        _check(result, known)
        assert answered in (0, result.answered_at) or is_secret
        answered = result.answered_at
    assert result.state == "finished"


@given(conversations(), st.data())
def test_an_import_in_the_middle_changes_nothing_that_lives(
    flow: Flow, data: st.DataObject
) -> None:
    """Statistics know the legs that are over; the events of the others go on deciding."""
    count = data.draw(st.integers(1, len(flow.events)))
    events = flow.events[:count]
    over = sum(one.state == "Disconnected" for one in events)
    live, imported = _project([*events], flow), _project([*events, *flow.records[:over]], flow)
    assert live is not None
    assert imported is not None
    if live.state != "finished":
        for name in ("state", "legs", "live_call_id", "answered_at", "direction", "client_number"):
            assert getattr(imported, name) == getattr(live, name), name
        assert not imported.is_final


@given(conversations())
def test_each_source_tells_the_same(flow: Flow) -> None:
    """A faultless service: what statistics or events alone say is what the summary says."""
    whole = _project(_facts(flow), flow)
    assert whole is not None
    for facts in ([*flow.events], [*flow.records], [*flow.events, *flow.records]):
        result = _project(facts, flow)
        assert result is not None
        for name in ("direction", "client_number", "answered_at", "ended_at"):
            if name == "direction" and _is_untold_callback(flow, facts):
                continue
            assert getattr(result, name) == getattr(whole, name), name


def _is_untold_callback(flow: Flow, facts: list[Fact]) -> bool:
    """A callback nobody of us took, without a command: nothing tells it from a missed call."""
    first = [one for one in flow.events if one.call_id == "first"]
    told = any(isinstance(one, CallEvent) and one.command_id for one in facts)
    return bool(first) and len(flow.records) == 1 and not told


@given(conversations(), st.data())
def test_one_lost_fact_changes_nothing_that_the_summary_says(
    flow: Flow, data: st.DataObject
) -> None:
    facts = _facts(flow)
    whole = _project(facts, flow)
    lost = data.draw(st.sampled_from([*flow.events, *flow.records]))
    result = _project([one for one in facts if one is not lost], flow)
    assert whole is not None
    assert result is not None
    changed = [name for name in DECIDED if getattr(whole, name) != getattr(result, name)]
    assert changed == []


@given(conversations())
def test_a_lost_summary_leaves_direction_and_times(flow: Flow) -> None:
    whole, result = _project(_facts(flow), flow), _project([*flow.events, *flow.records], flow)
    assert whole is not None
    assert result is not None
    for name in ("direction", "outcome", "started_at", "answered_at", "ended_at", "client_number"):
        if name in ("direction", "outcome") and _is_untold_callback(flow, [*flow.events]):
            continue
        assert getattr(result, name) == getattr(whole, name), name


@given(conversations(), st.data())
def test_any_one_lost_event_is_survived(flow: Flow, data: st.DataObject) -> None:
    lost = data.draw(st.integers(0, len(flow.events) - 1))
    known: list[Fact] = [one for number, one in enumerate(flow.events) if number != lost]
    result = _project(known, flow)
    if known:
        assert result is not None
        _check(result, known)


@given(conversations(), st.integers(-100, 100_000))
def test_closing_ends_what_is_older_and_nothing_else(flow: Flow, at: int) -> None:
    live: list[Fact] = [*flow.events[:-1]] or [*flow.events]
    latest = max(one.timestamp for one in live if isinstance(one, CallEvent))
    before, after = _project(live, flow), _project(live, flow, stale_closed_at=T0 + at)
    assert before is not None
    assert after is not None
    if T0 + at < latest:
        assert after == before
    else:
        _check(replace(after, is_final=False), live)
        assert (after.state, after.is_final) == ("finished", True)
        assert after.ended_at <= latest


_words = st.sampled_from(
    ["", "101", "102", "79161234567", "sip:anna@team.mangosip.ru", "anonymous", "7"]
)
_sides = st.builds(Party, st.sampled_from(["", "101", "102"]), _words)
_moments = st.one_of(st.just(0), st.integers(T0, T0 + 50))
_reasons = st.sampled_from(
    ["", "1000", "1100", "1110", "1120", "1182", "1183", "1311", "Busy", "99"]
)
_wild_events = st.builds(
    CallEvent,
    entry_id=st.just("E1"),
    call_id=st.sampled_from(["", "L1", "L2", "L3"]),
    timestamp=_moments,
    seq=st.integers(0, 3),
    state=st.sampled_from(["Appeared", "Connected", "OnHold", "Disconnected"]),
    location=st.sampled_from(["", "ivr", "queue", "abonent", "moon"]),
    caller=_sides,
    called=_sides,
    taken_from=st.sampled_from(["", "L1", "L2", "L3"]),
    from_line=_words,
    to_line=_words,
    group_number=st.sampled_from(["", "303"]),
    disconnect_reason=_reasons,
    command_id=st.sampled_from(["", "own", "route", "foreign"]),
    callback_initiator=st.sampled_from(["", "API", "CC"]),
    transfer=st.sampled_from(["", "blind", "consultative", "return_blind"]),
    text=st.text("ab", max_size=2),
)
_wild_summaries = st.builds(
    Summary,
    entry_id=st.just("E1"),
    direction=st.sampled_from([None, 0, 1, 2]),
    caller=_sides,
    called=_sides,
    line_number=_words,
    create_time=_moments,
    forward_time=_moments,
    talk_time=_moments,
    end_time=_moments,
    entry_result=st.sampled_from([None, 0, 1]),
    disconnect_reason=_reasons,
    text=st.text("ab", max_size=2),
)
_wild_records = st.builds(
    Record,
    entry_id=st.just("E1"),
    start=_moments,
    finish=_moments,
    answer=_moments,
    from_extension=st.sampled_from(["", "101"]),
    from_number=_words,
    to_extension=st.sampled_from(["", "102"]),
    to_number=_words,
    disconnect_reason=_reasons,
    line_number=_words,
    location=st.sampled_from(["", "ivr", "queue", "abonent"]),
    create=_moments,
)


def _text_tells_all(event: CallEvent) -> CallEvent:
    """As in life: events that differ have texts that differ."""
    return replace(event, text=repr(replace(event, text="")))


@given(
    st.lists(_wild_events.map(_text_tells_all), max_size=8),
    st.lists(_wild_summaries, max_size=1),
    st.lists(_wild_records, max_size=5),
    st.integers(0, 1),
    st.data(),
)
def test_rubbish_raises_nothing_and_has_one_reading(
    events: list[CallEvent],
    summaries: list[Summary],
    records: list[Record],
    closed: int,
    data: st.DataObject,
) -> None:
    flow = Flow(commands={"own": "callback", "route": "route"})
    facts: list[Fact] = [*events, *summaries, *records]
    more = {"stale_closed_at": closed * (T0 + 30)}
    result = _project(facts, flow, **more)
    assert _project(data.draw(st.permutations(facts)), flow, **more) == result
    if result is not None:
        assert (result.wait_seconds or 0) >= 0
        assert (result.talk_seconds or 0) >= 0
        if result.state == "finished":
            assert result.ended_at >= max(result.started_at, result.answered_at)
        assert projection.choose_leg(result.legs, "101") in (None, *result.legs)
