"""A callback's first legs: they ring our own people, and their answer proves nothing (Q67, T-38).

Such a leg looks like an incoming call from the client. A callback of a group has
several of them, one for each phone that rings (§3.2.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..codes import DONE, reason_code
from ..notifications import Summary
from .directory import Directory
from .legs import Leg

CALLBACK_KINDS = frozenset({"callback", "callback_group"})
#: Initiators whose first leg may ring the client first: they prove nothing by themselves.
_WEAK_INITIATORS = frozenset(
    {"CC", "ObDial", "CallbackWidget", "MissGroupCallCallback", "MissInIvrCallCallback"}
)


def first_legs(
    legs: Sequence[Leg],
    commands: Mapping[str, str],
    is_own: bool,
    summary: Summary | None,
    directory: Directory,
) -> tuple[Leg, ...]:
    """The legs of a callback that ring our own people, empty when these begin with none.

    ``is_own`` says that a callback command of ours made the entry. Where the root
    leg runs from ours to somebody else, or was taken from another one, the first leg was
    lost: this is a later one.
    """
    if not legs:
        return ()
    root = min(legs, key=_beginning)
    at = root.first_at
    if (
        not root.is_with_person
        or root.taken_from
        or (
            directory.is_ours(root.first_caller, at)
            and not directory.is_ours(root.first_called, at)
        )
    ):
        return ()
    alike = [leg for leg in legs if leg is root or _rings_for_the_same(root, leg, directory)]
    is_proved = (
        any(reason_code(leg.reason) == DONE for leg in alike)
        or any(is_reversed(first, other, directory) for first in alike for other in legs)
        or any(_is_denied(leg, summary, directory) for leg in alike)
    )
    if not is_proved and not _is_announced(root, commands, is_own):
        return ()
    second_at = min(
        (leg.first_at for leg in legs if leg not in alike and _follows(leg, alike, directory)),
        default=None,
    )
    # Who is rung after the client's leg began is a new talk, not another first leg.
    return tuple(
        leg for leg in alike if leg is root or second_at is None or leg.first_at <= second_at
    )


def first_rows(
    rows: Sequence[Leg], of_events: Sequence[Leg], summary: Summary | None, directory: Directory
) -> tuple[Leg, ...]:
    """The statistics rows of a callback's first legs: those that events know, else by own signs."""
    known = tuple(row for row in rows if any(_is_row_of(row, leg, directory) for leg in of_events))
    return known or first_legs(rows, {}, False, summary, directory)


def has_second(first: Sequence[Leg], legs: Sequence[Leg], directory: Directory) -> bool:
    """Whether a leg to the client followed: all first legs are over then."""
    return any(leg not in first and _follows(leg, first, directory) for leg in legs)


def is_reversed(first: Leg, second: Leg, directory: Directory) -> bool:
    """Whether two legs have the same parties the other way round."""
    at = first.first_at
    return directory.same(first.first_caller, second.first_called, at) and directory.same(
        first.first_called, second.first_caller, at
    )


def _is_denied(first: Leg, summary: Summary | None, directory: Directory) -> bool:
    """Whether the summary names the parties of the leg the other way round: who was rung, called.

    It tells even of a callback whose employee did not take the phone, where no other
    leg and no reason does.
    """
    at = first.first_at
    return (
        summary is not None
        and directory.same(first.first_caller, summary.called, at)
        and directory.same(first.first_called, summary.caller, at)
    )


def _beginning(leg: Leg) -> tuple[object, ...]:
    """The order of legs; of those begun in one second (a phone that takes by itself) the done."""
    return (*leg.order[:3], reason_code(leg.reason) != DONE, leg.ended_at, leg.call_id)


def _is_announced(root: Leg, commands: Mapping[str, str], is_own: bool) -> bool:
    """Whether a command or an initiator says "callback"."""
    unknown_command = any(command not in commands for command in root.command_ids)
    return is_own or (
        root.initiator not in _WEAK_INITIATORS and (unknown_command or bool(root.initiator))
    )


def _rings_for_the_same(root: Leg, leg: Leg, directory: Directory) -> bool:
    """Whether another phone of ours rings for the party the root leg names as its caller."""
    at = leg.first_at
    return (
        leg.is_with_person
        and not leg.taken_from
        and directory.is_ours(leg.first_called, at)
        and directory.same(root.first_caller, leg.first_caller, at)
    )


def _follows(leg: Leg, first: Sequence[Leg], directory: Directory) -> bool:
    return any(
        (leg.taken_from and leg.taken_from == one.call_id) or is_reversed(one, leg, directory)
        for one in first
    )


def _is_row_of(row: Leg, leg: Leg, directory: Directory) -> bool:
    """Whether a row tells of a first leg: its parties, begun before that leg was over."""
    at = leg.first_at
    return (
        row.is_with_person
        and row.first_at <= max(leg.last_at, leg.ended_at)
        and directory.same(row.caller, leg.first_caller, at)
        and directory.same(row.called, leg.first_called, at)
    )
