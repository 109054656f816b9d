"""What we ask of the service, as values (§3.2.1, §3.2.3, §3.4.1).

A command is a frozen value that knows its path, its rate limit group and its
JSON payload, keys in the order of the official samples. It checks itself when
it is made, on the level of the protocol only (presence, length, characters,
period): a request the service would count as wrong is never built (§1.4.1, Q12).
Whether a number may be dialled or an extension exists is asked elsewhere.

Reasons in the ``InputError`` raised: ``required``, ``not_text``, ``too_long``,
``control_characters``, ``invalid``, ``unknown_field``, ``repeated_field``,
``naive_time``, ``period_order``, ``period_length``, ``conflict``.

To add a command: a dataclass with the four class attributes, ``__post_init__``
and ``payload()``. Nothing else needs to know it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Protocol

from .errors import InputError
from .statistics import KNOWN_FIELDS
from .times import moment_or_none, to_unix

#: Bytes of UTF-8 allowed in ids and numbers ("string <= 128 b", §3.2.1).
MAX_BYTES: Final = 128
#: Seconds; the document says "one month" (§3.4.1.1, Q25).
MAX_PERIOD: Final = 31 * 86_400


class Command(Protocol):
    """Anything ``Client.send`` takes.

    ``path`` is relative to ``.../vpbx/``, ``group`` names the rate limit that counts
    it (§1.4.2), ``kind`` names it in journals. ``is_read`` tells that sending it again
    changes nothing for anybody: only such commands are ever repeated.
    """

    path: ClassVar[str]
    group: ClassVar[str]
    kind: ClassVar[str]
    is_read: ClassVar[bool]

    def payload(self) -> dict[str, object]:
        """The JSON object to sign and send."""
        ...


@dataclass(frozen=True, slots=True)
class Callback:
    """Ring an employee, then connect the destination (§3.2.1). An effect: sent at most once.

    ``extension`` is the employee's, required (Q86); ``from_number`` rings the
    employee elsewhere. ``line_number`` is the outgoing line: digits, or the *name* of a
    SIP line (Q87). ``answer_after`` asks the phone to answer by itself after so many
    seconds. Nothing checks that ``command_id`` is unique: the caller makes it so (Q68).
    """

    path: ClassVar[str] = "commands/callback"
    group: ClassVar[str] = "callback"
    kind: ClassVar[str] = "callback"
    is_read: ClassVar[bool] = False

    command_id: str
    extension: str
    to_number: str
    from_number: str = ""
    line_number: str = ""
    answer_after: int | None = None

    def __post_init__(self) -> None:
        checked_text("command_id", self.command_id, required=True)
        checked_text("extension", self.extension, required=True)
        checked_text("to_number", self.to_number, required=True)
        checked_text("from_number", self.from_number)
        checked_text("line_number", self.line_number)
        if self.answer_after is not None and not (
            _is_integer(self.answer_after) and 0 <= self.answer_after <= 3600
        ):
            raise InputError("answer_after", "invalid", "whole seconds from 0 to 3600")

    def payload(self) -> dict[str, object]:
        payload: dict[str, object] = {
            "command_id": self.command_id,
            "from": {"extension": self.extension, "number": self.from_number},
            "to_number": self.to_number,
        }
        if self.line_number:
            payload["line_number"] = self.line_number
        if self.answer_after is not None:
            payload["sip_headers"] = {"Call-Info/answer-after": str(self.answer_after)}
        return payload


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the leg ``call_id``, which must be at ``ivr`` or ``abonent`` (§3.2.3, Q88). An effect."""

    path: ClassVar[str] = "commands/call/hangup"
    group: ClassVar[str] = "hangup"
    kind: ClassVar[str] = "hangup"
    is_read: ClassVar[bool] = False

    command_id: str
    call_id: str

    def __post_init__(self) -> None:
        checked_text("command_id", self.command_id, required=True)
        checked_text("call_id", self.call_id, required=True)

    def payload(self) -> dict[str, object]:
        return {"command_id": self.command_id, "call_id": self.call_id}


@dataclass(frozen=True, slots=True)
class StatsRequest:
    """Start the statistics of a period; the answer is a key (§3.4.1.1).

    Times are Unix seconds or aware datetimes (fractions cut off) and travel as text
    (Q25); the period is at most 31 days, both ends included. ``fields`` names the
    columns in the wanted order (Q26, Q27), ``None`` leaves the service's default, which lacks
    ``entry_id``. ``call_party_*`` filter either side and exclude the ``from_*``
    and ``to_*`` filters. ``request_id`` comes back in the readiness notification.

    A read: a repeat starts a second job, which ends unread and harms nobody.
    """

    path: ClassVar[str] = "stats/request"
    group: ClassVar[str] = "stats_request"
    kind: ClassVar[str] = "stats_request"
    is_read: ClassVar[bool] = True

    date_from: int | datetime
    date_to: int | datetime
    fields: tuple[str, ...] | None = None
    from_extension: str = ""
    from_number: str = ""
    to_extension: str = ""
    to_number: str = ""
    call_party_extension: str | None = None
    call_party_number: str | None = None
    request_id: str = ""

    def __post_init__(self) -> None:
        since = checked_seconds("date_from", self.date_from)
        until = checked_seconds("date_to", self.date_to)
        if since > until:
            raise InputError("date_to", "period_order", "the period ends before it begins")
        if until - since > MAX_PERIOD:
            raise InputError("date_to", "period_length", "the period is longer than 31 days")
        if self.fields is not None:
            _check_fields(self.fields)
        for name in ("from_extension", "from_number", "to_extension", "to_number", "request_id"):
            checked_text(name, getattr(self, name))
        for name in ("call_party_extension", "call_party_number"):
            if getattr(self, name) is not None:
                checked_text(name, getattr(self, name))
        if self._call_party() and any(
            (self.from_extension, self.from_number, self.to_extension, self.to_number)
        ):
            raise InputError("call_party", "conflict", "only without filters by from and to")

    def payload(self) -> dict[str, object]:
        payload: dict[str, object] = {
            "date_from": str(checked_seconds("date_from", self.date_from)),
            "date_to": str(checked_seconds("date_to", self.date_to)),
        }
        if self.fields is not None:
            payload["fields"] = ",".join(self.fields)
        if call_party := self._call_party():
            payload["call_party"] = call_party
        else:
            payload["from"] = {"extension": self.from_extension, "number": self.from_number}
            payload["to"] = {"extension": self.to_extension, "number": self.to_number}
        if self.request_id:
            payload["request_id"] = self.request_id
        return payload

    def _call_party(self) -> Mapping[str, str]:
        party = {"extension": self.call_party_extension, "number": self.call_party_number}
        return {name: value for name, value in party.items() if value}


@dataclass(frozen=True, slots=True)
class StatsResult:
    """Fetch the statistics behind a key (§3.4.1.2).

    A read, though in practice a one-shot one (Q23): fetching changes nothing for
    anybody, so a lost answer may be asked for again, but the repeat can find the
    key spent and get 404, ``ResultGone``, upon which the caller starts anew.
    """

    path: ClassVar[str] = "stats/result"
    group: ClassVar[str] = "stats_result"
    kind: ClassVar[str] = "stats_result"
    is_read: ClassVar[bool] = True

    key: str

    def __post_init__(self) -> None:
        # No length is documented for keys.
        checked_text("key", self.key, required=True, max_bytes=4096)

    def payload(self) -> dict[str, object]:
        return {"key": self.key}


def checked_text(
    field: str, value: object, *, required: bool = False, max_bytes: int = MAX_BYTES
) -> None:
    """Refuse, with ``InputError``, a text the service would count as wrong."""
    if not isinstance(value, str):
        raise InputError(field, "not_text", f"must be text, not {type(value).__name__}")
    if required and not value.strip():
        raise InputError(field, "required")
    if any(unicodedata.category(character) in _FORBIDDEN for character in value):
        raise InputError(field, "control_characters")
    if len(value.encode()) > max_bytes:
        raise InputError(field, "too_long", f"longer than {max_bytes} bytes")


#: Control characters, lone surrogates, line and paragraph separators.
_FORBIDDEN: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


def _check_fields(fields: object) -> None:
    if not isinstance(fields, tuple):
        raise InputError("fields", "invalid", "must be a tuple of column names")
    if not fields:
        raise InputError("fields", "required")
    unknown = [name for name in fields if str(name) not in KNOWN_FIELDS]
    if unknown:
        raise InputError("fields", "unknown_field", ascii(unknown[0]))
    if len(set(fields)) != len(fields):
        raise InputError("fields", "repeated_field")


def checked_seconds(field: str, value: object) -> int:
    """Unix seconds of a time given as such or as an aware datetime; ``InputError`` for others."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InputError(field, "naive_time", "a time needs a time zone")
        value = to_unix(value)
    # moment_or_none knows which numbers are times at all (T-01): not 0, not milliseconds.
    if not isinstance(value, int) or isinstance(value, bool) or moment_or_none(value) is None:
        raise InputError(field, "invalid", "Unix seconds or an aware datetime")
    return value


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
