"""The leg a hang-up names: the user's own, else the client's, never one in a queue (§3.2.3)."""

from __future__ import annotations

import pytest

from django_mango.protocol.projection import OpenLeg, choose_leg
from tests.protocol.flows import (
    ANNA,
    BORIS,
    CLIENT,
    DID,
    Flow,
    call,
    callback,
    consultation,
    queue_answered_by_boris,
)


def _leg(
    name: str,
    state: str,
    *extensions: str,
    location: str = "abonent",
    with_client: bool = True,
) -> OpenLeg:
    return OpenLeg(name, state, location, extensions, with_client)


def _chosen(*legs: OpenLeg, extension: str = "101", may_end_others: bool = False) -> str:
    leg = choose_leg(legs, extension, may_end_others=may_end_others)
    return leg.call_id if leg else ""


@pytest.mark.parametrize("reverse", [False, True])
def test_own_leg_talking_then_ringing_then_held(reverse: bool) -> None:
    legs = [
        _leg("held", "OnHold", "101"),
        _leg("rings", "Appeared", "101", "102"),
        _leg("talks", "Connected", "103", "101", with_client=False),
    ]
    step = -1 if reverse else 1
    assert _chosen(*legs[::step]) == "talks"
    assert _chosen(*legs[:2][::step]) == "rings"
    assert _chosen(*legs[:1]) == "held"


def test_consultation_is_ended_before_the_clients_leg() -> None:
    legs = call(events=consultation().events[:5]).legs
    assert _chosen(*legs, extension="101") == "L2"
    assert _chosen(*legs, extension="102") == "L2"
    assert _chosen(*legs, extension="999", may_end_others=True) == "L1"


def test_without_an_own_leg_nobody_elses_is_named() -> None:
    legs = [_leg("L1", "Connected", "102")]
    assert _chosen(*legs) == ""
    assert _chosen(*legs, extension="") == ""
    assert _chosen(*legs, extension="10") == ""
    assert _chosen(*legs, may_end_others=True) == "L1"


def test_own_leg_comes_before_the_clients_for_who_may_end_others_too() -> None:
    legs = [_leg("client", "Connected", "102"), _leg("own", "Appeared", "101", with_client=False)]
    assert _chosen(*legs, may_end_others=True) == "own"


def test_order_for_who_may_end_others() -> None:
    legs = [
        _leg("menu", "Connected", location="ivr"),
        _leg("rings", "Appeared", "103"),
        _leg("held", "OnHold", "102"),
        _leg("consult", "Connected", "102", "103", with_client=False),
        _leg("talks", "Connected", "102"),
    ]
    expected = ["menu", "rings", "held", "held", "talks"]
    chosen = [_chosen(*legs[:count], may_end_others=True) for count in range(1, 6)]
    assert chosen == expected


def test_of_several_ringing_phones_none_is_named() -> None:
    legs = [_leg("one", "Appeared", "102"), _leg("two", "Appeared", "103")]
    assert _chosen(*legs, may_end_others=True) == ""
    assert _chosen(*legs, _leg("menu", "Appeared", location="ivr"), may_end_others=True) == "menu"
    assert _chosen(*legs, extension="103", may_end_others=True) == "two"


@pytest.mark.parametrize("state", ["Appeared", "Connected", "OnHold"])
def test_a_leg_in_a_queue_is_never_named(state: str) -> None:
    """T-48, Q88: the service answers 4100."""
    assert _chosen(_leg("Q", state, "101", location="queue"), may_end_others=True) == ""


def test_a_leg_without_an_id_cannot_be_named() -> None:
    assert _chosen(_leg("", "Connected", "101"), may_end_others=True) == ""


def test_no_legs() -> None:
    assert choose_leg([], "101", may_end_others=True) is None


def test_default_leg_of_a_queued_call_is_the_single_phone_that_rings() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, DID, "queue").rings(0)
    assert flow.call().live_call_id == ""
    flow.leg("L2", CLIENT, ANNA, taken="L1").rings(2)
    assert flow.call().live_call_id == "L2"
    flow.leg("L3", CLIENT, BORIS, taken="L1").rings(2)
    assert flow.call().live_call_id == ""


def test_default_leg_of_a_group_call() -> None:
    events = queue_answered_by_boris().events
    assert call(events=events[:3]).live_call_id == ""
    assert call(events=events[:-1]).live_call_id == "L4"
    assert call(events=events).live_call_id == ""


def test_callback_names_the_first_leg_until_the_second_appears() -> None:
    flow = callback()
    first = call(events=flow.events[:2], commands=flow.commands)
    second = call(events=flow.events[:4], commands=flow.commands)
    for result, expected in ((first, "L1"), (second, "L2")):
        assert _chosen(*result.legs) == expected
        assert _chosen(*result.legs, extension="102") == ""
        assert _chosen(*result.legs, extension="102", may_end_others=True) == expected


def test_user_is_found_by_the_sip_address_of_the_leg() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, {"number": ANNA["number"]}).rings(0)
    (leg,) = flow.call().legs
    assert (leg.extension, _chosen(leg)) == ("101", "L1")


def test_internal_talk_can_be_ended_by_who_may_end_others() -> None:
    flow = Flow()
    flow.leg("L1", ANNA, BORIS).rings(0).talks(4)
    result = flow.call()
    assert result.live_call_id == "L1"
    assert _chosen(*result.legs, extension="103") == ""
    assert _chosen(*result.legs, extension="102") == "L1"
