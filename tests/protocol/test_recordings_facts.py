"""One recording from everything told of it (§3.1.4, §3.1.7, §3.1.8, Q76-Q79)."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol.errors import ReadError
from django_mango.protocol.notifications import RecordingEvent, RecordStored, read
from django_mango.protocol.recordings import RecordingFacts, recordings_of

ADDED, TAGGED = "events/record/added", "events/record/tagged"


def event(state: str, seq: int = 1, at: int = 100, **more: Any) -> RecordingEvent:
    payload = {
        "recording_id": "R1",
        "recording_state": state,
        "seq": seq,
        "entry_id": "E1",
        "call_id": "L1",
        "extension": "101",
        "timestamp": str(at),
        **more,
    }
    value = read("events/recording", json.dumps(payload))
    assert isinstance(value, RecordingEvent)
    return value


def stored(kind: str = ADDED, at: int = 300, **more: Any) -> RecordStored:
    payload = {"recording_id": "R1", "entry_id": "E1", "timestamp": at, "user_id": 77, **more}
    value = read(kind, json.dumps(payload))
    assert isinstance(value, RecordStored)
    return value


def one(*facts: RecordingEvent | RecordStored, reported: Any = ()) -> RecordingFacts:
    (found,) = recordings_of(
        [fact for fact in facts if isinstance(fact, RecordingEvent)],
        [fact for fact in facts if isinstance(fact, RecordStored)],
        reported,
    )
    return found


def test_nothing_told_is_no_recording() -> None:
    assert recordings_of([], [], []) == []


def test_a_whole_life() -> None:
    end = event("Completed", 2, 200, completion_code=1000, recipient="Cloud")
    assert one(event("Started", 1, 100), end, stored(), stored(TAGGED, 400)) == RecordingFacts(
        recording_id="R1",
        state="available",
        entry_id="E1",
        extension="101",
        pbx_user_id=77,
        started_at=100,
        completed_at=200,
        completion_code=1000,
        recipient="Cloud",
        added_at=300,
        tagged_at=400,
    )


def test_an_end_or_an_id_in_statistics_proves_no_file() -> None:
    assert one(event("Completed", completion_code=1000, recipient="Cloud")).state == "expected"
    found = one(reported=[("E1", "R1")])
    assert (found.state, found.entry_id) == ("expected", "E1")


@pytest.mark.parametrize("kind", [ADDED, TAGGED])
def test_a_stored_file_or_its_topics_prove_it(kind: str) -> None:
    assert one(stored(kind)).state == "available"


@pytest.mark.parametrize("code", [4002, "4002"])
def test_too_short_is_never_available(code: object) -> None:
    end = event("Completed", 2, completion_code=code)
    for facts in ((end,), (event("Started"), end), (end, stored())):
        assert one(*facts, reported=[("E1", "R1")]).state == "missing"


def test_the_recipient_may_stand_in_started_and_the_code_nowhere() -> None:
    found = one(event("Started", recipient="Mail"), event("Completed", 2))
    assert (found.recipient, found.completion_code) == ("Mail", None)


def test_a_recording_that_goes_on_in_another_leg() -> None:
    found = one(
        event("Continued", 2, 150, call_id="L2", extension="102"),
        event("Completed", 3, 200, call_id="L2", extension="102"),
        event("Started", 1, 100, extension="101"),
    )
    assert (found.extension, found.started_at, found.completed_at) == ("101", 100, 200)


def test_seq_orders_what_the_clock_does_not() -> None:
    late = event("Completed", 2, 100, completion_code=1000)
    early = event("Completed", 1, 100, completion_code=2210)
    assert one(late, early).completion_code == 1000


def test_a_lost_start_leaves_the_first_moment_known() -> None:
    assert one(event("Continued", 2, 150), event("Completed", 3, 200)).started_at == 150


@pytest.mark.parametrize("user_id", [-1, 0, None, "x"])
def test_nobody_is_nobody(user_id: object) -> None:
    assert one(stored(user_id=user_id)).pbx_user_id is None
    assert one(stored(user_id=user_id), stored(TAGGED, user_id="5")).pbx_user_id == 5


def test_facts_without_entry_find_it_by_the_id() -> None:
    found = one(stored(entry_id=None), reported=[("E7", "R1")])
    assert (found.state, found.entry_id) == ("available", "E7")
    assert one(stored(entry_id="")).entry_id == ""


def test_several_recordings_of_a_conversation() -> None:
    found = recordings_of(
        [event("Started"), event("Started", recording_id="R2", extension="102")],
        [stored(recording_id="R2")],
        [("E1", "R1"), ("E1", "R2"), ("E1", "R3")],
    )
    assert [(item.recording_id, item.state) for item in found] == [
        ("R1", "expected"),
        ("R2", "available"),
        ("R3", "expected"),
    ]


def test_without_an_id_it_is_an_error_of_the_reader() -> None:
    for kind in ("events/recording", ADDED, TAGGED):
        with pytest.raises(ReadError):
            read(kind, '{"entry_id": "E1", "recording_id": null}')


def test_every_order_of_a_whole_life() -> None:
    facts: list[RecordingEvent | RecordStored] = [
        event("Started", 1, 100),
        event("Continued", 2, 150, extension="102"),
        event("Completed", 3, 200, completion_code=1000),
        stored(),
        stored(TAGGED, 290, user_id=5),
    ]
    assert len({one(*order, *order[:2]) for order in permutations(facts)}) == 1


ids = st.sampled_from(["", "E1", "E2"])
moments = st.integers(0, 5)
events = st.builds(
    lambda state, seq, at, entry, extension, code, to: event(
        state, seq, at, entry_id=entry, extension=extension, completion_code=code, recipient=to
    ),
    st.sampled_from(["Started", "Continued", "Completed", "Paused", ""]),
    st.integers(0, 3),
    moments,
    ids,
    st.sampled_from(["", "101", "102"]),
    st.sampled_from([None, 1000, 2210, 4002]),
    st.sampled_from(["", "Cloud", "Mail"]),
)
notices = st.builds(
    lambda kind, at, entry, user: stored(kind, at, entry_id=entry, user_id=user),
    st.sampled_from([ADDED, TAGGED]),
    moments,
    ids,
    st.sampled_from([-1, 5, 6, None]),
)
reports = st.lists(st.tuples(st.sampled_from(["E1", "E2"]), st.sampled_from(["R1", "R2"])))


@given(
    started=st.lists(events, max_size=6),
    kept=st.lists(notices, max_size=4),
    reported=reports,
    chance=st.randoms(use_true_random=False),
)
def test_neither_order_nor_repetition_matters(
    started: list[RecordingEvent],
    kept: list[RecordStored],
    reported: list[tuple[str, str]],
    chance: Any,
) -> None:
    expected = recordings_of(started, kept, reported)
    started, kept, reported = [*started, *started[:2]], [*kept, *kept[:2]], reported * 2
    for facts in (started, kept, reported):
        chance.shuffle(facts)
    assert recordings_of(started, kept, reported) == expected
    for item in expected:
        assert item.state in {"expected", "available", "missing"}
