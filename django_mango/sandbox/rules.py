"""How a call goes: decided by the last two digits of the number dialled, nothing else.

A callback to a number that ends in

=====  ==========================================================================
digits outcome
=====  ==========================================================================
``01``  the client is busy (1121)
``02``  the client does not answer (1111 after 20 s of ringing)
``03``  the employee does not pick up (1111 after 15 s); the client never rings
``04``  the number does not exist (1133)
``05``  the client rejects (1122)
``06``  the employee rejects the first leg (1122)
``07``  answered; the employee hangs up (1110)
``08``  answered; both talk for an hour: only a hang-up ends it sooner
``09``  refused at once by billing (2240); no call is made
other   answered; the client hangs up (1120) after the usual time of talk
=====  ==========================================================================

Seconds are seconds of the call: ``speed`` divides them. Our own people, dialled
by extension or number, always answer; a short number that is nobody's does not
exist (1133). The generated history knows no such rules, it goes by chance.
"""

from __future__ import annotations

from dataclasses import dataclass

from .rows import Party

EMPLOYEE_PICKS_UP = 2.0
EMPLOYEE_GIVES_UP = 15.0
#: The answered first leg of a callback ends after this, and the second appears at once.
FIRST_LEG_STAYS = 0.5
CLIENT_PICKS_UP = 4.0
CLIENT_GIVES_UP = 20.0
LONG_TALK = 3600.0

BUSY, NO_ANSWER, NO_SUCH_NUMBER, REJECTED = 1121, 1111, 1133, 1122
CALLER_HUNG_UP, CALLEE_HUNG_UP = 1110, 1120
NO_MONEY = 2240
_SHORTEST = 7


@dataclass(frozen=True, slots=True)
class Plan:
    """The fate of a callback: seconds and reasons of both legs.

    ``refused`` is the result code of a command that makes no call, else 0.
    ``employee_answers`` and ``client_answers`` say whether that leg is connected;
    ``employee_rings`` and ``client_rings`` how long it rings before it is
    connected or ends; ``reason`` ends the last leg.
    """

    reason: int = CALLEE_HUNG_UP
    refused: int = 0
    employee_answers: bool = True
    employee_rings: float = EMPLOYEE_PICKS_UP
    client_answers: bool = True
    client_rings: float = CLIENT_PICKS_UP
    talk: float | None = None


_PLANS = {
    "01": Plan(BUSY, client_answers=False, client_rings=2.0),
    "02": Plan(NO_ANSWER, client_answers=False, client_rings=CLIENT_GIVES_UP),
    "03": Plan(NO_ANSWER, employee_answers=False, employee_rings=EMPLOYEE_GIVES_UP),
    "04": Plan(NO_SUCH_NUMBER, client_answers=False, client_rings=0.5),
    "05": Plan(REJECTED, client_answers=False, client_rings=5.0),
    "06": Plan(REJECTED, employee_answers=False, employee_rings=3.0),
    "07": Plan(CALLER_HUNG_UP),
    "08": Plan(talk=LONG_TALK),
    "09": Plan(refused=NO_MONEY),
}
USUAL = Plan()


def plan_for(destination: Party) -> Plan:
    """The plan of a callback. Our own people answer; an unknown short number does not exist."""
    if destination.extension or destination.number.startswith("sip:"):
        return USUAL
    if len(destination.number) < _SHORTEST:
        return _PLANS["04"]
    return _PLANS.get(destination.number[-2:], USUAL)
