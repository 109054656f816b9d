"""Direction and outcome, rule by rule of the decision table."""

from __future__ import annotations

import pytest

from tests.protocol.flows import (
    ANNA,
    BORIS,
    CLIENT,
    DID,
    HIDDEN,
    T0,
    Flow,
    Side,
    call,
    event,
    row,
    summary,
)

OUTSIDE: Side = {"number": "74957777777"}


@pytest.mark.parametrize(
    ("reported", "source", "target", "expected"),
    [
        (1, CLIENT, ANNA, "incoming"),
        (1, HIDDEN, ANNA, "incoming"),
        (1, CLIENT, {}, "incoming"),
        (2, ANNA, CLIENT, "outgoing"),
        (0, ANNA, BORIS, "internal"),
        (1, ANNA, BORIS, "internal"),
        (2, ANNA, BORIS, "internal"),
        (1, ANNA, CLIENT, "outgoing"),
        (0, CLIENT, OUTSIDE, "internal"),
        (2, CLIENT, OUTSIDE, "outgoing"),
        (None, CLIENT, ANNA, "incoming"),
        (None, ANNA, CLIENT, "outgoing"),
        (None, {}, ANNA, "incoming"),
        (None, {}, {}, "unknown"),
    ],
)
def test_direction_of_a_summary(
    reported: int | None, source: Side, target: Side, expected: str
) -> None:
    assert call(summaries=[summary(reported, source, target)]).direction == expected


def test_summary_decides_against_the_callback_sign() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, ANNA, command_id="elsewhere").rings(0).ends(5)
    flow.summaries.append(summary(1, CLIENT, ANNA))
    assert flow.call().direction == "incoming"


def test_own_callback_decides_against_the_summary() -> None:
    flow = Flow(commands={"C": "callback"})
    flow.leg("L1", CLIENT, ANNA, command_id="C").rings(0).ends(5)
    flow.summaries.append(summary(1, CLIENT, ANNA))
    result = flow.call()
    assert (result.direction, result.client_number) == ("outgoing", "+79161234567")


def test_sip_row_without_extension_is_internal() -> None:
    """Real rows are internal with an empty ``to_extension`` and a SIP number (Q32)."""
    result = call(records=[row(ANNA, {"number": BORIS["number"]}, 0, 20, answer=5)])
    assert (result.direction, result.client_number_raw) == ("internal", "")


def _result(
    direction: str, reason: int | str, *, answered: bool = False, location: str = "abonent"
) -> str:
    source, target = {
        "incoming": (CLIENT, ANNA),
        "outgoing": (ANNA, CLIENT),
        "internal": (ANNA, BORIS),
    }[direction]
    events = [event("L1", "Appeared", 0, source, target, seq=1, location=location)]
    if answered:
        events.append(event("L1", "Connected", 5, source, target, seq=2, location=location))
    events.append(
        event(
            "L1",
            "Disconnected",
            20,
            source,
            target,
            seq=3,
            location=location,
            disconnect_reason=reason,
        )
    )
    result = call(events=events)
    assert result.direction == direction
    return result.outcome


@pytest.mark.parametrize("direction", ["incoming", "outgoing", "internal"])
@pytest.mark.parametrize(
    "reason", ["", 1100, 1110, 1120, 1121, 1170, 1180, 5003, 110, 999999, "Busy"]
)
def test_a_talk_is_answered_whatever_the_reason(direction: str, reason: int | str) -> None:
    assert _result(direction, reason, answered=True) == "answered"


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (1310, "no_answer"),
        (1311, "no_answer"),
        (1312, "busy"),
        (1313, "no_answer"),
        (1319, "no_answer"),
    ],
)
def test_an_answering_machine_is_no_answer(reason: int, expected: str) -> None:
    assert _result("outgoing", reason, answered=True) == expected


def test_1300_is_no_answering_machine() -> None:
    assert _result("outgoing", 1300, answered=True) == "answered"


@pytest.mark.parametrize("reason", [1151, 1152, 4502, 4506, 4507])
def test_incoming_refused_by_our_lists(reason: int) -> None:
    assert _result("incoming", reason) == "failed"
    assert _result("incoming", reason, location="ivr") == "failed"


@pytest.mark.parametrize(
    "reason", ["", 1000, 1100, 1110, 1111, 1120, 1122, 1150, 1163, 1170, 4501, 5001, 7]
)
def test_incoming_without_a_talk_is_missed(reason: int | str) -> None:
    expected = (
        _result("incoming", reason)
        if reason != 1000
        else _result("incoming", 1000, location="queue")
    )
    assert expected == "missed"


@pytest.mark.parametrize("direction", ["outgoing", "internal"])
@pytest.mark.parametrize(
    ("expected", "reasons"),
    [
        ("busy", [1120, 1121, 1122, 1123, 1124, 1193, "Busy", "RemoteHangup", "busy"]),
        ("cancelled", [1110, 1180, 1181, 1125, 1186]),
        (
            "failed",
            [1130, 1131, 1132, 1133, 1134, 1135, 1140, 1150, 1160, 1161, 1164, 1190, 1191, 1192,
             2000, 2210, 2219, 3200, 3210, 4200, 4210, 4500, 4501, 5000, 5001, 5003, 5011],
        ),
        (
            "no_answer",
            ["", 0, 1000, 1100, 1111, 1170, 1310, 1311, 1313, 110, 7, 999999, "What", 3100, 4101],
        ),
    ],
)  # fmt: skip
def test_outcome_of_an_outgoing_call_without_a_talk(
    direction: str, expected: str, reasons: list[int | str]
) -> None:
    # 1000 at a person would be the first leg of a callback between colleagues.
    found = {
        reason: _result(direction, reason)
        for reason in reasons
        if not (reason == 1000 and direction == "internal")
    }
    assert found == dict.fromkeys(found, expected)


def test_text_reason_in_a_row_is_read() -> None:
    assert call(records=[row(ANNA, CLIENT, 0, 5, reason="Busy")]).outcome == "busy"
    assert call(records=[row(ANNA, CLIENT, 0, 5, reason="RemoteHangup")]).outcome == "busy"


def test_reason_is_kept_as_it_came() -> None:
    assert call(records=[row(ANNA, CLIENT, 0, 5, reason="Busy")]).disconnect_reason == "Busy"
    assert call(records=[row(ANNA, CLIENT, 0, 5, reason=110)]).disconnect_reason == "110"


@pytest.mark.parametrize(
    ("locations", "reached"),
    [
        (["ivr"], "ivr"),
        (["ivr", "queue"], "queue"),
        (["ivr", "queue", "abonent"], "person"),
        ([""], "person"),
    ],
)
def test_how_far_the_caller_came(locations: list[str], reached: str) -> None:
    flow = Flow()
    for number, location in enumerate(locations):
        target = ANNA if location == "abonent" else DID
        flow.leg(f"L{number}", CLIENT, target, location).rings(number).ends(number + 1, 1110)
    assert (flow.call().outcome, flow.call().reached) == ("missed", reached)


def test_live_call_has_neither_outcome_nor_durations_nor_reason() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, ANNA).rings(0).talks(4)
    result = flow.call()
    assert (result.outcome, result.disconnect_reason, result.ended_at) == ("", "", 0)
    assert (result.wait_seconds, result.talk_seconds) == (None, None)
    assert (result.state, result.answered_at) == ("talking", T0 + 4)
