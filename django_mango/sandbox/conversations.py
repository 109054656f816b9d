"""Conversations as the extended statistics tell them, from the rows of the basic ones (§3.4.2.3).

Both kinds of statistics are views of one history: what the basic report calls a row is a leg
here, the telephones of a group are members of its leg, and the menu leaves no leg.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from . import staff
from .calls import ABONENT, QUEUE
from .rows import Row

INCOMING, OUTGOING, INTERNAL = 1, 2, 3
_BY_USER, _ORDERED = 0, 4
#: Nobody calls back here: whoever does makes a conversation of his own.
_NOT_CALLED_BACK = 2
_DONE = 1000
#: Roubles a minute, begun ones count whole; the tariff takes a part of it.
_PRICE, _TARIFF = 1.55, 1.2

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Conversation:
    """The rows of one ``entry_id``, ordered by their start, and what they mean together.

    ``first`` are the legs that rang our own people before the client (Q67).
    """

    rows: tuple[Row, ...]
    context_type: int
    first: tuple[Row, ...] = ()

    @property
    def entry_id(self) -> str:
        return self.rows[0].entry_id

    @property
    def start(self) -> int:
        return self.rows[0].create or self.rows[0].start

    @property
    def end(self) -> int:
        return max(row.finish for row in self.rows)

    @property
    def answered(self) -> int:
        """When the client and a person began to talk, 0 if they never did."""
        talks = (row.answer for row in self.rows if row.location == ABONENT and row.answer)
        of_first = {row.answer for row in self.first}
        return min((answer for answer in talks if answer not in of_first), default=0)

    @property
    def duration(self) -> int:
        return self.end - self.start

    @property
    def talk(self) -> int:
        return self.end - self.answered if self.answered else 0

    @property
    def is_success(self) -> bool:
        return self.answered > 0

    @property
    def caller_id(self) -> int | None:
        """Who of us called, None for a client."""
        if self.context_type == INCOMING:
            return None
        row = self.rows[0]
        return _id_of(row.to_extension, row.to_number) if self.first else _caller_id(row)

    def user_ids(self) -> set[int]:
        """Everybody of us whose telephone rang or called."""
        found = {_id_of(row.to_extension, row.to_number) for row in self.rows}
        return {one for one in (*found, self.caller_id) if one is not None}

    def group_ids(self) -> set[int]:
        """The group whose queue the client stood in."""
        queues = [row for row in self.rows if row.location == QUEUE]
        return {self._group_of(row).group_id for row in queues}

    def numbers(self) -> tuple[str, str]:
        """The calling and the called number."""
        row = self.rows[0]
        if self.context_type == INCOMING:
            return row.from_number, row.line_number or row.to_number
        return (row.to_number, row.from_number) if self.first else (row.from_number, row.to_number)

    def as_json(self, costs: Collection[str] = ()) -> Json:
        """The conversation as the service writes it; ``costs`` are those asked for."""
        caller, called = self.numbers()
        minutes = -(-self.talk // 60) if self.context_type == OUTGOING else 0
        item: Json = {
            "entry_id": self.entry_id,
            "context_type": self.context_type,
            "context_status": int(self.is_success),
            "caller_id": self.caller_id,
            "caller_name": _name(self.caller_id) or caller,
            "caller_number": caller,
            "called_number": called,
            "context_start_time": self.start,
            "duration": self.duration,
            "talk_duration": self.talk,
            "operator_call_duration": None,
            "context_init_type": _ORDERED if self.first else _BY_USER,
            "recall_status": _NOT_CALLED_BACK,
            "cost": round(minutes * _PRICE, 2),
        }
        # The document calls them strings where they are asked for (T-44).
        prices = {"context_cost_full": _PRICE, "context_cost_tariff": _TARIFF}
        item |= {name: f"{minutes * prices[name]:.4f}" for name in prices if name in costs}
        return item | {"context_calls": self._legs()}

    def _legs(self) -> list[Json]:
        phones = [row for row in self.rows if row.location == ABONENT]
        legs: list[tuple[int, Json]] = []
        for queue in (row for row in self.rows if row.location == QUEUE):
            members = [row for row in self._members(queue) if row in phones]
            phones = [row for row in phones if row not in members]
            legs.append((queue.start, self._group(queue, members)))
        legs += [(row.start, self._leg(row)) for row in phones]
        return [leg for _, leg in sorted(legs, key=lambda one: one[0])]

    def _members(self, queue: Row) -> list[Row]:
        phones = (row for row in self.rows if row.location == ABONENT)
        return [row for row in phones if queue.start <= row.start <= queue.finish]

    def _group_of(self, queue: Row) -> staff.Group:
        rung = {row.to_extension for row in self._members(queue)}
        return next((one for one in staff.GROUPS if rung & set(one.members)), staff.SALES)

    def _group(self, queue: Row, members: Sequence[Row]) -> Json:
        taken = next((row for row in members if row.answer), queue)
        group = self._group_of(queue)
        return {
            "call_type": "group",
            "call_abonent_id": group.group_id,
            "call_abonent_info": group.name,
            "call_abonent_number": None,
            **_times(queue.start, taken.answer, taken.finish),
            "call_end_reason": taken.disconnect_reason,
            "recording_id": list(taken.records),
            **_flags(self.context_type, is_group=True),
            "members": [self._leg(row) for row in members],
        }

    def _leg(self, row: Row) -> Json:
        user_id = _id_of(row.to_extension, row.to_number)
        is_number = user_id is None
        return {
            "call_type": "number" if is_number else "user",
            "call_abonent_id": _caller_id(row) if is_number else user_id,
            "call_abonent_info": _name(user_id) or row.to_number,
            "call_abonent_number": row.to_number,
            **_times(row.start, row.answer, row.finish),
            "call_end_reason": row.disconnect_reason,
            "recording_id": list(row.records),
            **_flags(self.context_type, is_group=False),
            "members": None,
        }


def conversation_of(rows: Sequence[Row]) -> Conversation:
    """Rows of one ``entry_id`` in any order; at least one."""
    ordered = sorted(rows, key=lambda row: (row.start, row.location == ABONENT, row.finish))
    root = ordered[0]
    from_ours = _caller_id(root) is not None
    to_ours = _id_of(root.to_extension, root.to_number) is not None
    if root.location != ABONENT:
        return Conversation(tuple(ordered), INCOMING)
    is_callback = root.disconnect_reason == _DONE or not from_ours
    first = (root,) if is_callback and to_ours else ()
    return Conversation(tuple(ordered), INTERNAL if from_ours and to_ours else OUTGOING, first)


def _times(start: int, answer: int, end: int) -> Json:
    return {
        "call_start_time": start,
        "call_answer_time": answer or None,
        "call_end_time": end,
        "call_duration": end - start,
        "talk_duration": end - answer if answer else 0,
        "dial_duration": (answer or end) - start,
        "operator_call_duration": None,
        "hold_duration": None,
    }


def _flags(context_type: int, *, is_group: bool) -> Json:
    return {
        "DirectionInbound": context_type == INCOMING,
        "DirectionOutbound": context_type == OUTGOING,
        "ModeConversation": not is_group,
        "ModeListen": False,
        "ModePrompt": False,
        "ModeConference": False,
        "ModeGroup": is_group,
        "BlindTransfer": False,
        "ConsultTransfer": False,
        "OutboundDialing": False,
        "Intercepted": False,
        "IvrNotUsed": False,
    }


def _caller_id(row: Row) -> int | None:
    return _id_of(row.from_extension, row.from_number)


def _id_of(extension: str, number: str) -> int | None:
    person = staff.employee_by_extension(extension) or staff.employee_by_number(number)
    return person.user_id if person else None


def _name(user_id: int | None) -> str:
    return next((one.name for one in staff.EMPLOYEES if one.user_id == user_id), "")
