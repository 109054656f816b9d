"""The leg a hang-up names (§3.2.3: only legs at a voice menu or at a person can be ended)."""

from __future__ import annotations

from collections.abc import Iterable

from .facts import OpenLeg

_OWN_ORDER = {"Connected": 0, "Appeared": 1, "OnHold": 2}


def choose_leg(
    legs: Iterable[OpenLeg], extension: str = "", *, may_end_others: bool = False
) -> OpenLeg | None:
    """The open leg to end for the holder of ``extension``, ``None`` when there is none.

    His own leg first: talking, else ringing, else held (a consultation ends
    before the client's leg). Who may end others gets the client's leg next. A leg
    in a queue cannot be ended (T-48, Q88).
    """
    open_legs = [leg for leg in legs if leg.location != "queue" and leg.call_id]
    own = sorted(
        (leg for leg in open_legs if extension and extension in leg.extensions),
        key=lambda leg: _OWN_ORDER.get(leg.state, 3),
    )
    if own:
        return own[0]
    return _of_anybody(open_legs) if may_end_others else None


def _of_anybody(legs: list[OpenLeg]) -> OpenLeg | None:
    # An internal call has no client: then any of its legs will do.
    holding = [leg for leg in legs if leg.with_client] or legs
    for state in ("Connected", "OnHold"):
        for leg in holding:
            if leg.state == state and leg.location != "ivr":
                return leg
    ringing = [leg for leg in legs if leg.state == "Appeared" and leg.location != "ivr"]
    if len(ringing) == 1:
        return ringing[0]
    return next((leg for leg in legs if leg.location == "ivr"), None)
