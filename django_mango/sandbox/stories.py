"""Conversations of the generated past: what kinds there are and which rows each leaves.

One conversation leaves several rows, as on the service (Q31): the menu, the
queue, every telephone that rang, both legs of a callback (projection.md).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate

from . import ids, staff
from .calls import ABONENT, IVR, QUEUE
from .rows import Party, Row
from .rules import BUSY, NO_ANSWER, NO_SUCH_NUMBER, REJECTED

_ENDED, _HANDED_OVER, _BY_SCHEME = 1100, 1000, 1170
_BY_CALLER, _BY_CALLEE, _OTHER_TOOK_IT, _QUEUE_TOO_LONG = 1110, 1120, 1183, 1163
_ANSWERS, _DOES_NOT = True, False

_HIDDEN_CALLER = 0.03
_REGULAR = 0.5
#: A row that names an employee by the SIP address only, without the extension (Q32).
_WITHOUT_EXTENSION = 0.04
_RECORDED = 0.9


@dataclass(slots=True)
class _Story:
    """A conversation being told; ``at`` is the moment it has come to, Unix seconds."""

    entry: int
    start: int
    chance: random.Random
    line: str
    at: int = 0
    rows: list[Row] = field(default_factory=list)

    def leg(
        self,
        source: Party,
        target: Party,
        location: str,
        reason: int,
        *,
        start: int | None = None,
        answer: int = 0,
        recorded: bool = False,
    ) -> None:
        """A leg that began at ``start`` (default: now) and ends now."""
        records: tuple[str, ...] = ()
        if recorded and self.chance.random() < _RECORDED:
            records = (ids.recording_id(self.entry, len(self.rows) + 1),)
        bare = location == ABONENT and self.chance.random() < _WITHOUT_EXTENSION
        self.rows.append(
            Row(
                entry_id=ids.entry_id(self.entry),
                create=self.start,
                start=self.at if start is None else start,
                finish=self.at,
                answer=answer,
                from_extension=source.extension,
                from_number=source.number,
                to_extension="" if bare and target.number.startswith("sip:") else target.extension,
                to_number=target.number,
                disconnect_reason=reason,
                line_number=self.line,
                location=location,
                records=records,
            )
        )

    def wait(self, least: int, most: int) -> int:
        """Let some seconds pass; the moment before."""
        before = self.at
        self.at += self.chance.randint(least, most)
        return before

    def talk(self) -> int:
        """Let a talk pass: short ones are frequent, none is longer than 15 minutes."""
        before = self.at
        self.at += min(900, 8 + int(self.chance.expovariate(1 / 110)))
        return before


def tell(entry: int, start: int, chance: random.Random) -> list[Row]:
    """The rows of one conversation of a kind drawn by chance, in no promised order (Q33)."""
    line = staff.LINES[chance.choices((0, 1, 2), (70, 22, 8))[0]].number
    story = _Story(entry, start, chance, line, at=start)
    chance.choices(_TELLERS, cum_weights=_WEIGHTS)[0](story)
    return story.rows


def _incoming_group(story: _Story, *, answered: bool) -> None:
    client = _client(story)
    group = staff.SALES if story.chance.random() < 0.7 else staff.SUPPORT
    _menu(story, client)
    queued = story.wait(1, 3)
    rang = story.at
    members = [_person(extension) for extension in group.members]
    did = Party(number=story.line)
    if not answered:
        patient = story.chance.random() < 0.3
        story.wait(40, 60) if patient else story.wait(5, 35)
        for member in members:
            reason = NO_ANSWER if patient else _BY_CALLER
            story.leg(client, member, ABONENT, reason, start=rang)
        end = _QUEUE_TOO_LONG if patient else _BY_CALLER
        story.leg(client, did, QUEUE, end, start=queued)
        return
    story.wait(2, 20)
    picked_up = story.at
    taker = story.chance.choice(members)
    story.leg(client, did, QUEUE, _HANDED_OVER, start=queued)
    for member in members:
        if member is not taker:
            story.leg(client, member, ABONENT, _OTHER_TOOK_IT, start=rang)
    story.talk()
    end = _BY_CALLER if story.chance.random() < 0.6 else _BY_CALLEE
    story.leg(client, taker, ABONENT, end, start=rang, answer=picked_up, recorded=True)


def _incoming_direct(story: _Story, *, answered: bool) -> None:
    client, employee = _client(story), _anyone(story)
    _menu(story, client)
    if answered:
        rang = story.wait(2, 15)
        picked_up = story.talk()
        story.leg(
            client, employee, ABONENT, _BY_CALLER, start=rang, answer=picked_up, recorded=True
        )
        return
    busy = story.chance.random() < 0.4
    rang = story.wait(1, 3) if busy else story.wait(15, 40)
    story.leg(client, employee, ABONENT, BUSY if busy else _BY_CALLER, start=rang)


def _menu_only(story: _Story) -> None:
    client = _client(story)
    entered = story.wait(2, 30)
    reason = story.chance.choice((_BY_SCHEME, _BY_SCHEME, _BY_CALLER))
    story.leg(client, Party(number=story.line), IVR, reason, start=entered)


def _outgoing(story: _Story, *, answered: bool) -> None:
    employee, client = _anyone(story), Party(number=_customer(story))
    _to_client(story, employee, client, answered=answered)


def _callback(story: _Story, *, employee_answers: bool, answered: bool = False) -> None:
    """The first leg rings the employee and looks incoming; its answer proves nothing (Q67)."""
    employee, client = _anyone(story), Party(number=_customer(story))
    if not employee_answers:
        rang = story.wait(10, 20)
        story.leg(client, employee, ABONENT, NO_ANSWER, start=rang)
        return
    rang = story.wait(2, 8)
    picked_up = story.at
    story.at += 1
    story.leg(client, employee, ABONENT, _HANDED_OVER, start=rang, answer=picked_up)
    _to_client(story, employee, client, answered=answered)


def _internal(story: _Story, *, answered: bool) -> None:
    story.line = ""
    caller = _anyone(story)
    callee = _anyone(story, but=caller)
    if answered:
        rang = story.wait(2, 10)
        picked_up = story.talk()
        story.leg(caller, callee, ABONENT, _BY_CALLEE, start=rang, answer=picked_up)
    else:
        rang = story.wait(10, 30)
        story.leg(caller, callee, ABONENT, _ENDED, start=rang)


def _transfer(story: _Story, *, consultative: bool) -> None:
    """A client talks to one employee, then to another; a consult leg ends with the client on it."""
    client, first = _client(story), _anyone(story)
    second = _anyone(story, but=first)
    _menu(story, client)
    rang = story.wait(2, 12)
    picked_up = story.talk()
    if consultative:
        consult = story.wait(2, 8)
        answered = story.wait(10, 40)
        story.leg(client, first, ABONENT, _BY_CALLEE, start=rang, answer=picked_up, recorded=True)
    else:
        story.leg(client, first, ABONENT, _BY_CALLEE, start=rang, answer=picked_up, recorded=True)
        consult = story.wait(3, 12)
        answered = story.at
    story.talk()
    story.leg(client, second, ABONENT, _BY_CALLER, start=consult, answer=answered, recorded=True)


def _to_client(story: _Story, employee: Party, client: Party, *, answered: bool) -> None:
    if answered:
        rang = story.wait(3, 20)
        picked_up = story.talk()
        end = _BY_CALLER if story.chance.random() < 0.5 else _BY_CALLEE
        story.leg(employee, client, ABONENT, end, start=rang, answer=picked_up, recorded=True)
        return
    reason, least, most = story.chance.choice(
        (
            (NO_ANSWER, 25, 40),
            (_BY_CALLER, 8, 30),
            (BUSY, 1, 3),
            (REJECTED, 3, 12),
            (NO_SUCH_NUMBER, 1, 2),
        )
    )
    rang = story.wait(least, most)
    story.leg(employee, client, ABONENT, reason, start=rang)


def _menu(story: _Story, client: Party) -> None:
    entered = story.wait(2, 9)
    story.leg(client, Party(number=story.line), IVR, _ENDED, start=entered)


def _client(story: _Story) -> Party:
    hidden = story.chance.random() < _HIDDEN_CALLER
    return Party() if hidden else Party(number=_customer(story))


def _customer(story: _Story) -> str:
    """One of the regular customers, or one of some thousands who call now and then."""
    if story.chance.random() < _REGULAR:
        return story.chance.choice(staff.CUSTOMERS)
    return f"7916{2_000_000 + story.chance.randrange(4000) * 211}"


def _person(extension: str) -> Party:
    person = staff.employee_by_extension(extension)
    if person is None:
        raise LookupError(f"nobody has the extension {extension}")
    return Party(person.extension, person.sip)


def _anyone(story: _Story, but: Party | None = None) -> Party:
    people = [one for one in staff.EMPLOYEES if but is None or one.extension != but.extension]
    person = story.chance.choice(people)
    return Party(person.extension, person.sip)


_KINDS: tuple[tuple[float, Callable[[_Story], None]], ...] = (
    (26, lambda story: _incoming_group(story, answered=_ANSWERS)),
    (9, lambda story: _incoming_group(story, answered=_DOES_NOT)),
    (9, lambda story: _incoming_direct(story, answered=_ANSWERS)),
    (4, lambda story: _incoming_direct(story, answered=_DOES_NOT)),
    (5, _menu_only),
    (15, lambda story: _outgoing(story, answered=_ANSWERS)),
    (7, lambda story: _outgoing(story, answered=_DOES_NOT)),
    (9, lambda story: _callback(story, employee_answers=_ANSWERS, answered=_ANSWERS)),
    (3, lambda story: _callback(story, employee_answers=_ANSWERS, answered=_DOES_NOT)),
    (1, lambda story: _callback(story, employee_answers=_DOES_NOT)),
    (4, lambda story: _internal(story, answered=_ANSWERS)),
    (2, lambda story: _internal(story, answered=_DOES_NOT)),
    (3, lambda story: _transfer(story, consultative=False)),
    (3, lambda story: _transfer(story, consultative=True)),
)
_WEIGHTS = tuple(accumulate(weight for weight, _ in _KINDS))
_TELLERS = tuple(teller for _, teller in _KINDS)
