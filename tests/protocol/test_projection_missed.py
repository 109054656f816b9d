"""Block M of the table: which calls somebody has to return."""

from __future__ import annotations

import pytest

from django_mango.protocol.notifications import Summary
from tests.protocol.flows import ANNA, BORIS, CLIENT, DID, T0, Flow, call, row, summary


def test_final_incoming_call_without_a_talk() -> None:
    assert call(summaries=[summary(1, CLIENT, ANNA)]).is_missed
    assert call(summaries=[summary(1, CLIENT, {}, reason=1170)]).is_missed
    assert call(records=[row(CLIENT, DID, 0, 9, location="queue", reason=1163)]).is_missed


def test_it_waits_for_the_final_word() -> None:
    flow = Flow()
    flow.leg("L1", CLIENT, ANNA).rings(0)
    assert not flow.call().is_missed
    flow.leg("L1", CLIENT, ANNA).ends(20, 1111)
    provisional = flow.call()
    assert (provisional.outcome, provisional.is_missed) == ("missed", False)
    assert flow.call(stale_closed_at=T0 + 7200).is_missed


@pytest.mark.parametrize(
    "told",
    [
        summary(1, CLIENT, ANNA, talked=5),
        summary(1, CLIENT, ANNA, reason=1151),
        summary(2, ANNA, CLIENT, reason=1111),
        summary(0, ANNA, BORIS, reason=1111),
    ],
)
def test_what_nobody_has_to_return(told: Summary) -> None:
    assert not call(summaries=[told]).is_missed


def _widget(initiator: str = "CallbackWidget") -> Flow:
    """The client asked on a page to be called; our phone rings first."""
    flow = Flow()
    flow.leg("L1", CLIENT, ANNA, callback_initiator=initiator).rings(0).ends(20, 1111)
    flow.summaries.append(summary(2, ANNA, CLIENT, ended=20, reason=1111))
    return flow


def test_widget_callback_that_none_of_us_took() -> None:
    result = _widget().call()
    assert (result.direction, result.outcome, result.is_missed) == ("outgoing", "cancelled", True)
    assert not _widget("API").call().is_missed


def test_widget_callback_that_somebody_of_us_took() -> None:
    flow = Flow()
    first = flow.leg("L1", CLIENT, ANNA, callback_initiator="CallbackWidget").rings(0)
    first.talks(5).ends(6, 1000)
    flow.leg("L2", ANNA, CLIENT, taken="L1").rings(6).ends(20, 1121)
    flow.summaries.append(summary(2, ANNA, CLIENT, ended=20, reason=1121))
    assert (flow.call().outcome, flow.call().is_missed) == ("busy", False)
