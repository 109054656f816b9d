"""Live calls of every kind, played by the sandbox on a clock that stands still.

The same seed makes the same calls whether the deliveries are disturbed or not: chaos draws
by its own dice and touches nothing but the mail.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django_mango.protocol.encoding import compact_json, form_body, parse_form
from django_mango.protocol.notifications import canonical_kind
from django_mango.sandbox import Sandbox, SandboxOptions, staff
from django_mango.sandbox.answers import Request
from django_mango.sandbox.clock import ManualClock

#: 2025-05-24 12:48:43 UTC.
BEGIN = 1_748_090_923
#: Calls overlap: a new one begins so often, in seconds. Not whole, so that what happens
#: within a call falls before and after the turn of a second.
_EVERY = 7.3
_WEBHOOK = "http://127.0.0.1:9/mango/default"
_PEOPLE = [person.extension for person in staff.EMPLOYEES]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification as it arrives: its kind and the exact text that was signed."""

    kind: str
    path: str
    text: bytes


@dataclass(slots=True)
class Traffic:
    """What a play left: deliveries in the order of their arrival, and what we asked for.

    ``commands`` are callback commands of ours (id, number), ``story`` tells the kind of each
    call by ``entry_id``; ``pbx`` goes on answering for the statistics.
    """

    pbx: Sandbox
    deliveries: list[Delivery] = field(default_factory=list)
    commands: list[tuple[str, str]] = field(default_factory=list)
    story: dict[str, str] = field(default_factory=dict)
    until: float = 0.0


Act = Callable[["Player"], None]


class Player:
    """Plays one mix of calls; ``name`` makes the ids of our commands unique."""

    def __init__(self, seed: int, *, chaos: bool, name: str) -> None:
        self.clock = ManualClock(BEGIN)
        options = SandboxOptions(
            port=0,
            seed=seed,
            calls=0,
            chaos=chaos,
            webhook=_WEBHOOK,
            enforce_limits=False,
            statistics_delay=0.0,
            history_end=BEGIN,
        )
        self.traffic = Traffic(Sandbox(options, clock=self.clock, post=self._arrived))
        self.dice = random.Random(f"calls:{seed}")
        self._name = name
        self._plan: list[tuple[float, int, Act]] = []
        self._planned = 0
        self._asked = 0

    def play(self, calls: int) -> Traffic:
        """Play so many calls to their end."""
        kinds = list(KINDS)
        weights = [KINDS[kind][0] for kind in kinds]
        for number in range(calls):
            # Every kind once, then by weight.
            kind = kinds[number] if number < len(kinds) else self.dice.choices(kinds, weights)[0]
            self.at(number * _EVERY - self.clock.monotonic(), _opening(kind))
        pbx = self.traffic.pbx
        while self._plan:
            moment, _number, act = heapq.heappop(self._plan)
            pbx.play(max(0.0, moment - self.clock.monotonic()))
            act(self)
        pbx.play()
        self.traffic.until = self.clock.now() + 60
        return self.traffic

    def at(self, seconds: float, act: Act) -> None:
        """Do something so many seconds from now."""
        self._planned += 1
        moment = self.clock.monotonic() + seconds
        heapq.heappush(self._plan, (moment, self._planned, act))

    def callback(self, number: str, *, extension: str = "", is_ours: bool = True) -> str:
        """A callback by our command, or by another system's; the ``entry_id``."""
        self._asked += 1
        command_id = f"{self._name if is_ours else 'foreign'}-{self._asked}"
        if is_ours:
            self.traffic.commands.append((command_id, number))
        people = [one for one in _PEOPLE if one != number]
        before = self._live()
        self.post(
            "commands/callback",
            {
                "command_id": command_id,
                "from": {"extension": extension or self.dice.choice(people), "number": ""},
                "to_number": number,
                "line_number": self.dice.choice(staff.LINES).command_name,
            },
        )
        return next(iter(self._live() - before))

    def incoming(self, to: str, outcome: str = "answered", *, hidden: bool = False) -> str:
        """A client calls; the ``entry_id``."""
        return self.traffic.pbx.incoming_call(
            "" if hidden else self.dice.choice(staff.CUSTOMERS),
            to=to,
            outcome=outcome,
            line=self.dice.choice(staff.LINES).number,
            talk_seconds=self.dice.uniform(5, 90),
        )

    def own_mobile(self, to: str, outcome: str = "answered") -> str:
        """A colleague calls the office by his mobile telephone; the ``entry_id``."""
        caller = staff.EMPLOYEES[2].mobile
        return self.traffic.pbx.incoming_call(caller, to=to, outcome=outcome)

    def legs(self, entry_id: str) -> list[dict[str, Any]]:
        """The open legs of a call."""
        calls = self.traffic.pbx.engine.live_calls()
        found: list[Any] = [call["legs"] for call in calls if call["entry_id"] == entry_id]
        return list(found[0]) if found else []

    def on_leg(self, command: str, entry_id: str, **payload: Any) -> None:
        """Another system's command on the leg of a call that began last; none if it is over."""
        if legs := self.legs(entry_id):
            self._asked += 1
            payload |= {"call_id": legs[-1]["call_id"], "command_id": f"foreign-{self._asked}"}
            self.post(f"commands/{command}", payload)

    def talker(self, entry_id: str) -> str:
        """The extension of our party in the leg that began last."""
        legs = self.legs(entry_id)
        parties = self.traffic.pbx.engine.parties(legs[-1]["call_id"]) if legs else None
        return next((one.extension for one in parties or () if one.extension), "")

    def post(self, path: str, payload: dict[str, Any]) -> None:
        """A signed request, as the client sends it."""
        pbx = self.traffic.pbx
        body = form_body(pbx.credentials, compact_json(payload))
        answer = pbx.switchboard.handle(Request("POST", f"/vpbx/{path}", body, "127.0.0.1:9"))
        if answer.status != 200:
            raise RuntimeError(f"{path}: HTTP {answer.status} {answer.body!r}")

    def _live(self) -> set[str]:
        return {str(call["entry_id"]) for call in self.traffic.pbx.engine.live_calls()}

    def _arrived(self, url: str, body: bytes) -> int:
        path = urlsplit(url).path.removeprefix("/mango/")
        form = parse_form(body)
        if not form.is_from(self.traffic.pbx.credentials):
            raise RuntimeError(f"{path}: the signature does not match")
        kind = canonical_kind(path) or path
        self.traffic.deliveries.append(Delivery(kind, path, form.json_bytes))
        return 200


def _opening(kind: str) -> Act:
    def act(player: Player) -> None:
        entry_id = KINDS[kind][1](player)
        player.traffic.story[entry_id] = kind

    return act


def _callback(ending: str, *, is_ours: bool = True) -> Callable[[Player], str]:
    def act(player: Player) -> str:
        number = f"7916555{player.dice.randrange(10, 100)}{ending}"
        return player.callback(number, is_ours=is_ours)

    return act


def _hung_up(start: Callable[[Player], str], after: float) -> Callable[[Player], str]:
    def act(player: Player) -> str:
        entry_id = start(player)
        player.at(after, lambda later: later.on_leg("call/hangup", entry_id))
        return entry_id

    return act


def _transferred(
    start: Callable[[Player], str], after: float, method: str, to: str
) -> Callable[[Player], str]:
    def act(player: Player) -> str:
        entry_id = start(player)

        def transfer(later: Player) -> None:
            initiator = later.talker(entry_id)
            number = to if to != initiator else "104"
            later.on_leg("transfer", entry_id, method=method, to_number=number, initiator=initiator)

        player.at(after, transfer)
        return entry_id

    return act


def _joined(player: Player) -> str:
    """The two talks of a consultation are joined by a command, before its time is over."""
    entry_id = player.incoming("101")

    def join(later: Player) -> None:
        held, other = (leg["call_id"] for leg in later.legs(entry_id))
        later.post(
            "commands/calls_connect",
            {
                "holded_call_id": held,
                "transferred_call_id": other,
                "transfer_initiator_number": "101",
            },
        )

    def ask(later: Player) -> None:
        if later.legs(entry_id):
            later.on_leg("transfer", entry_id, method="hold", to_number="102", initiator="101")
            later.at(7.4, join)

    player.at(9.3, ask)
    return entry_id


def _routed(start: Callable[[Player], str], after: float, to: str) -> Callable[[Player], str]:
    def act(player: Player) -> str:
        entry_id = start(player)
        player.at(after, lambda later: later.on_leg("route", entry_id, to_number=to))
        return entry_id

    return act


def _held(start: Callable[[Player], str], after: float, back: float) -> Callable[[Player], str]:
    def act(player: Player) -> str:
        entry_id = start(player)

        def hold(later: Player) -> None:
            later.on_leg("call/hold/on", entry_id, initiator=later.talker(entry_id))

        player.at(after, hold)
        player.at(after + back, lambda later: later.on_leg("transfer_cancel", entry_id))
        return entry_id

    return act


def _incoming(
    to: str, outcome: str = "answered", *, hidden: bool = False
) -> Callable[[Player], str]:
    return lambda player: player.incoming(to, outcome, hidden=hidden)


#: The kinds of calls: how frequent each is, and how it begins.
KINDS: dict[str, tuple[int, Callable[[Player], str]]] = {
    "callback, answered": (12, _callback("67")),
    "callback, the client is busy": (2, _callback("01")),
    "callback, the client does not answer": (3, _callback("02")),
    "callback, the employee does not answer": (1, _callback("03")),
    "callback, no such number": (2, _callback("04")),
    "callback, the client rejects": (2, _callback("05")),
    "callback, the employee rejects": (1, _callback("06")),
    "callback, the employee hangs up": (3, _callback("07")),
    "callback, a long talk ended by command": (2, _hung_up(_callback("08"), 300.2)),
    "callback, cut while the employee rings": (1, _hung_up(_callback("67"), 1.4)),
    "callback, cut before the client rings": (1, _hung_up(_callback("67"), 2.8)),
    "callback, cut while the client rings": (1, _hung_up(_callback("67"), 5.1)),
    "callback, cut in the talk": (2, _hung_up(_callback("67"), 15.6)),
    "callback of another system, answered": (4, _callback("67", is_ours=False)),
    "callback of another system, no answer": (2, _callback("02", is_ours=False)),
    "callback of another system, the employee rejects": (1, _callback("06", is_ours=False)),
    "callback, handed over at once": (2, _transferred(_callback("67"), 12.7, "blind", "103")),
    "callback, handed over after a question": (
        2, _transferred(_callback("67"), 12.7, "hold", "103"),
    ),
    "callback, held and taken back": (2, _held(_callback("67"), 11.3, 7.7)),
    "colleague to colleague": (4, lambda player: player.callback("102")),
    "colleague to colleague, cut in the talk": (
        1, _hung_up(lambda player: player.callback("102"), 14.2),
    ),
    "incoming to a group, answered": (12, _incoming("301")),
    "incoming to a group, missed": (4, _incoming("302", "missed")),
    "incoming to a group, all are busy": (2, _incoming("301", "busy")),
    "incoming to a person, answered": (8, _incoming("101")),
    "incoming to a person, missed": (4, _incoming("0511", "missed")),
    "incoming to a person, busy": (2, _incoming("105", "busy")),
    "incoming, ends in the menu": (4, _incoming("101", "ivr")),
    "incoming, hidden number, answered": (2, _incoming("302", hidden=True)),
    "incoming, hidden number, missed": (1, _incoming("301", "missed", hidden=True)),
    "incoming, cut in the menu": (1, _hung_up(_incoming("101"), 1.9)),
    "incoming, cut while a person rings": (1, _hung_up(_incoming("101"), 4.6)),
    "incoming, cut while a group rings": (1, _hung_up(_incoming("301"), 6.2)),
    "incoming, cut in the talk": (2, _hung_up(_incoming("101"), 10.9)),
    "incoming, handed over at once": (3, _transferred(_incoming("101"), 9.5, "blind", "102")),
    "incoming, handed over at once, outside": (
        1, _transferred(_incoming("101"), 9.5, "blind", "79165551267"),
    ),
    "incoming, handed over at once, no answer": (
        1, _transferred(_incoming("101"), 9.5, "blind", "79165551202"),
    ),
    "incoming, handed over after a question": (
        3, _transferred(_incoming("301"), 10.4, "hold", "104"),
    ),
    "incoming, the colleague asked does not answer": (
        1, _transferred(_incoming("101"), 9.5, "hold", "79165551202"),
    ),
    "incoming, question cut": (
        1, _hung_up(_transferred(_incoming("101"), 9.1, "hold", "103"), 13.9),
    ),
    "incoming, hidden number, handed over at once": (
        1, _transferred(_incoming("101", hidden=True), 9.5, "blind", "102"),
    ),
    "incoming, hidden number, handed over after a question": (
        1, _transferred(_incoming("101", hidden=True), 9.5, "hold", "102"),
    ),
    "incoming, held and taken back": (2, _held(_incoming("101"), 9.2, 12.3)),
    "incoming, routed from the menu": (2, _routed(_incoming("301"), 1.7, "102")),
    "incoming, routed from the menu to a group": (1, _routed(_incoming("101"), 1.7, "302")),
    "incoming, routed while a person rings": (1, _routed(_incoming("101"), 5.3, "79165551267")),
    "incoming, routed to a number that does not answer": (
        1, _routed(_incoming("101"), 5.3, "79165551202"),
    ),
    "incoming, routed from the group": (1, _routed(_incoming("301"), 3.6, "105")),
    "incoming, joined by command": (1, _joined),
    "incoming, handed over twice": (
        1, _transferred(_transferred(_incoming("101"), 8.2, "blind", "102"), 14.1, "hold", "103"),
    ),
    "incoming, handed over and back": (
        1, _transferred(_transferred(_incoming("101"), 8.2, "hold", "102"), 26.3, "blind", "101"),
    ),
    "a colleague's mobile to a person, answered": (
        1, lambda player: player.own_mobile("101"),
    ),
    "a colleague's mobile to a group, missed": (
        1, lambda player: player.own_mobile("302", "missed"),
    ),
    "a colleague's mobile, ends in the menu": (
        1, lambda player: player.own_mobile("101", "ivr"),
    ),
    "colleague to colleague, handed over at once": (
        1, _transferred(lambda player: player.callback("102"), 13.2, "blind", "103"),
    ),
    "colleague to colleague, handed over after a question": (
        1, _transferred(lambda player: player.callback("102"), 13.2, "hold", "103"),
    ),
}  # fmt: skip
