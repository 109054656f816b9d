"""One conversation of the extended statistics as typed rows (§3.4.2.3, Q44-Q47)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from .errors import ReadError
from .statistics import BadRow
from .times import moment_or_none, to_unix
from .values import MAX_LENGTH, Json, integer, storable, text, word

CONVERSATION, LEG, MEMBER = "conversation", "leg", "member"
#: Members of members are members as well; deeper than this is no group of people.
_DEEPEST: Final = 4
_SHOWN: Final = 200
_LONGEST_DETAILS: Final = 64_000
_DEEPEST_DETAILS: Final = 20
_MOST_MONEY: Final = Decimal(10**9)
#: What columns of their own hold, or what is not kept.
_OF_CONVERSATION: Final = frozenset(
    {
        "entry_id", "context_type", "context_status", "caller_id", "caller_number",
        "called_number", "context_start_time", "duration", "talk_duration", "context_init_type",
        "recall_status", "cost", "context_cost_full", "context_cost_tariff", "context_calls",
    }
)  # fmt: skip
_OF_LEG: Final = frozenset(
    {
        "call_type", "call_abonent_id", "call_abonent_number", "call_start_time",
        "call_answer_time", "call_end_time", "call_duration", "talk_duration",
        "call_end_reason", "recording_id", "external_call_id", "members",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExtendedRecord:
    """A conversation, a leg or a member of a group's leg, told apart by ``level``.

    Times are Unix seconds UTC, 0 for "never" or unknown; lengths are seconds. ``path`` is
    empty for the conversation, the number of a leg from 0 ("2"), and that of a member within
    it ("2.0"). ``from_number`` and ``to_number`` are the caller and the called of a conversation;
    a leg has the number of its telephone in ``to_number``. ``abonent_id`` is the service's id of
    the calling employee, of who was rung, or of a group, by ``abonent_type`` (``number``,
    ``user``, ``group``, ``conference``). ``context_type`` is 1 incoming, 2 outgoing, 3 internal
    (Q44); ``recall_status``, of unanswered incoming calls only, 0 called back in vain, 1 with
    success, 2 not at all (Q45). ``details`` are all other fields as they came.
    """

    entry_id: str
    level: str = CONVERSATION
    path: str = ""
    key: str = ""
    external_call_id: str = ""
    start: int = 0
    answer: int = 0
    finish: int = 0
    from_number: str = ""
    to_number: str = ""
    abonent_type: str = ""
    abonent_id: int | None = None
    context_type: int | None = None
    context_status: int | None = None
    init_type: int | None = None
    recall_status: int | None = None
    duration: int | None = None
    talk: int | None = None
    cost: Decimal | None = None
    cost_full: Decimal | None = None
    cost_tariff: Decimal | None = None
    disconnect_reason: str = ""
    records: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def digest(self) -> str:
        """Hash of what a later report of the same row may change."""
        changeable = (
            self.path, self.external_call_id, self.start, self.answer, self.finish,
            self.from_number, self.to_number, self.abonent_type, self.abonent_id,
            self.context_type, self.context_status, self.init_type, self.recall_status,
            self.duration, self.talk,
            *(None if one is None else format(one.normalize(), "f") for one in self.costs),
            self.disconnect_reason, self.records, self.details,
        )  # fmt: skip
        return hashlib.sha256(json.dumps(changeable, sort_keys=True).encode()).hexdigest()

    @property
    def costs(self) -> tuple[Decimal | None, ...]:
        return (self.cost, self.cost_full, self.cost_tariff)

    @property
    def name(self) -> str:
        """The name of the caller, of who was rung, or of the group; empty when unknown."""
        field = "caller_name" if self.level == CONVERSATION else "call_abonent_info"
        return name_in(self.details.get(field))


def name_in(value: object) -> str:
    """A name sent as text or as an object with ``name`` or ``fio`` (Q46)."""
    if isinstance(value, Mapping):
        value = next((value[key] for key in ("name", "fio") if value.get(key)), "")
    return value.strip() if isinstance(value, str) else ""


def rows_of(item: object, position: int) -> Iterator[ExtendedRecord | BadRow]:
    """The rows of one conversation; a bad leg costs itself only, a bad head everything."""
    if not isinstance(item, dict):
        yield bad_row(position, "object", item)
        return
    try:
        head = _conversation(item)
    except _Bad as error:
        yield bad_row(position, error.reason, item)
        return
    yield head
    yield from _Legs(head.entry_id, position).of(item.get("context_calls"), LEG, "")


def bad_row(position: int, reason: str, item: object) -> BadRow:
    """What cannot be understood, by its position and the beginning of its text.

    ``reason`` is a stable word: ``object``, ``list``, ``entry_id``, ``text``, ``leg``.
    """
    return BadRow(position, reason, json.dumps(_clean(item))[:_SHOWN])


class _Bad(ReadError):
    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        super().__init__(detail or reason)


def _conversation(item: Json) -> ExtendedRecord:
    try:
        entry_id = text(item, "entry_id")
        numbers = text(item, "caller_number"), text(item, "called_number")
    except ReadError as error:
        raise _Bad("text", str(error)) from error
    if not entry_id:
        raise _Bad("entry_id")
    start, duration = _moment(item, "context_start_time"), _seconds(item, "duration")
    context_type, context_status = integer(item, "context_type"), integer(item, "context_status")
    is_unanswered = (context_type, context_status) == (1, 0)
    return ExtendedRecord(
        entry_id=entry_id,
        key=_key(entry_id, CONVERSATION, ""),
        start=start,
        finish=start + duration if start and duration is not None else 0,
        from_number=numbers[0],
        to_number=numbers[1],
        abonent_id=integer(item, "caller_id"),
        context_type=_small(context_type),
        context_status=_small(context_status),
        init_type=_small(integer(item, "context_init_type")),
        recall_status=_small(integer(item, "recall_status")) if is_unanswered else None,
        duration=duration,
        talk=_seconds(item, "talk_duration"),
        cost=_money(item.get("cost")),
        cost_full=_money(item.get("context_cost_full")),
        cost_tariff=_money(item.get("context_cost_tariff")),
        details=_details(item, _OF_CONVERSATION),
    )


class _Legs:
    """The legs of one conversation; an id that comes twice on a level names nothing."""

    def __init__(self, entry_id: str, position: int) -> None:
        self._entry_id = entry_id
        self._position = position
        self._seen: set[tuple[str, str]] = set()

    def of(
        self, listed: object, level: str, within: str, depth: int = 0
    ) -> Iterator[ExtendedRecord | BadRow]:
        """The legs in a list and their members; a plain object is a list of one (Q43, Q46)."""
        if not listed or depth > _DEEPEST:
            return
        if isinstance(listed, dict):
            listed = [listed] if "call_type" in listed else list(listed.values())
        if not isinstance(listed, list):
            yield bad_row(self._position, "leg", listed)
            return
        for number, item in enumerate(listed):
            path = f"{within}{number}"
            try:
                yield self._leg(item, level, path)
            except ReadError:
                yield bad_row(self._position, "leg", {"path": path, "item": item})
                continue
            yield from self.of(item.get("members"), MEMBER, f"{path}.", depth + 1)

    def _leg(self, item: object, level: str, path: str) -> ExtendedRecord:
        if not isinstance(item, dict):
            raise ReadError("a leg is no object")
        external = text(item, "external_call_id")
        is_unique = bool(external) and (level, external) not in self._seen
        self._seen.add((level, external))
        start, end = _moment(item, "call_start_time"), _moment(item, "call_end_time")
        duration = _seconds(item, "call_duration")
        return ExtendedRecord(
            entry_id=self._entry_id,
            level=level,
            path=path,
            key=_key(self._entry_id, level, f"id {external}" if is_unique else path),
            external_call_id=external,
            start=start,
            answer=_moment(item, "call_answer_time"),
            finish=end or (start + duration if start and duration else 0),
            to_number=text(item, "call_abonent_number"),
            abonent_type=word(item, "call_type")[:20].lower(),
            abonent_id=integer(item, "call_abonent_id"),
            duration=duration,
            talk=_seconds(item, "talk_duration"),
            # Kept as it came: codes of three digits and of tomorrow (Q47).
            disconnect_reason=text(item, "call_end_reason"),
            records=tuple(_recordings(item.get("recording_id"))),
            details=_details(item, _OF_LEG),
        )


def _key(entry_id: str, level: str, place: str) -> str:
    """Neighbours in the index are rows of one conversation, and conversations as they came."""
    identity = f"extended\x1f{entry_id}\x1f{level}\x1f{place}"
    return f"x-{entry_id[:40]}-{hashlib.sha256(identity.encode()).hexdigest()[:40]}"


def _moment(item: Json, name: str) -> int:
    moment = moment_or_none(item.get(name))
    return to_unix(moment) if moment else 0


def _seconds(item: Json, name: str) -> int | None:
    """A length; null and absence are unknown, and nothing lasts less than no time (Q46)."""
    seconds = integer(item, name)
    return None if seconds is None or seconds > 2**31 - 1 else max(0, seconds)


def _small(value: int | None) -> int | None:
    """A code that fits its column, known or not (Q47)."""
    return value if value is not None and abs(value) < 2**15 else None


def _money(value: object) -> Decimal | None:
    """A cost, a number or a text of one (T-44); what is none is unknown."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        amount = Decimal(str(value).strip().replace(",", "."))
    except InvalidOperation:
        return None
    if not amount.is_finite() or abs(amount) >= _MOST_MONEY:
        return None
    return amount.quantize(Decimal("0.0001"))


def _recordings(value: object) -> Iterator[str]:
    """Ids in a list or one as a text (Q46), each once, in their order."""
    listed: Sequence[object] = value if isinstance(value, list) else [value]
    seen: set[str] = set()
    for one in listed:
        recording = one.strip() if isinstance(one, str) else ""
        if recording in seen or not recording:
            continue
        if len(recording) > MAX_LENGTH or not storable(recording):
            raise ReadError("recording_id is no id")
        seen.add(recording)
        yield recording


def _details(item: Json, known: frozenset[str]) -> dict[str, Any]:
    """Every field without a column, as it came; what is absent, null or empty tells nothing."""
    found = {
        _clean(name): _clean(value)
        for name, value in item.items()
        if name not in known and value not in (None, "", [], {})
    }
    if len(json.dumps(found)) > _LONGEST_DETAILS:
        return {"too_long": True}
    return found


def _clean(value: Any, depth: int = 0) -> Any:
    """The same without characters a database refuses inside JSON, and not endlessly deep."""
    if isinstance(value, str):
        return "".join(
            "\ufffd" if one == "\0" or "\ud800" <= one <= "\udfff" else one for one in value
        )
    if isinstance(value, list):
        return [_clean(one, depth + 1) for one in value] if depth < _DEEPEST_DETAILS else []
    if isinstance(value, dict):
        if depth >= _DEEPEST_DETAILS:
            return {}
        return {_clean(name): _clean(one, depth + 1) for name, one in value.items()}
    return value
