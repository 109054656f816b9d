"""Batches of reported rows by key: what both kinds of statistics have in common.

What a batch costs without the database is computed by ``prepare``, which touches none and
may run in another thread; ``write_report`` does the rest inside a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from ...models import Account, CallRecord
from ...protocol.extended import ExtendedRecord
from ...protocol.statistics import Record
from ..lists import among
from ..raw_rows import raw_rows
from .plan import Values
from .upserts import Block, block_of

Row = TypeVar("Row", Record, ExtendedRecord)

#: Rows of a period are read together unless more than so many for each one asked for stand there.
_READ_FOR_EACH = 3


@dataclass(frozen=True, slots=True)
class RowKind(Generic[Row]):
    """How rows of one kind of statistics are stored.

    ``values`` gives those of ``columns``, from the key, the digest and the row;
    ``changeable`` is what a later report of the same row may change: the digest tells
    whether it does. ``merged`` completes a later report by an earlier one. Where
    ``is_by_time`` keys begin with the start time.
    """

    columns: tuple[str, ...]
    changeable: tuple[str, ...]
    constants: Mapping[str, Any]
    values: Callable[[str, str, Row], Values]
    stored: Callable[[CallRecord], Row]
    merged: Callable[[Row, Row], Row]
    is_by_time: bool


@dataclass(frozen=True, slots=True)
class Target:
    """Where a batch goes and when it was read; the connection is that of who will write."""

    connection: BaseDatabaseWrapper
    account_id: int
    now: datetime

    @classmethod
    def of(cls, account: Account) -> Target:
        """For a batch that is read now."""
        return cls(connections[router.db_for_write(CallRecord)], account.pk, timezone.now())


@dataclass(slots=True)
class Report(Generic[Row]):
    """A batch ready to be written: one row for each key, ``keys`` are sorted.

    ``block`` are all of them, ``None`` where that was not worth while.
    """

    kind: RowKind[Row]
    target: Target
    reported: int
    rows: dict[str, Row]
    keys: list[str]
    digests: dict[str, str]
    block: Block | None


@dataclass(slots=True)
class Counters:
    """What became of the rows of a batch.

    ``fresh`` are the new ones as they are stored, ``entry_ids`` the conversations with a new
    or a changed one: only their calls have to be computed anew.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    fresh: Sequence[Record | ExtendedRecord] = field(default_factory=list)
    entry_ids: set[str] = field(default_factory=set)


def prepare(
    kind: RowKind[Row], target: Target, reported: Sequence[Row], *, expects_new: bool = True
) -> Report[Row]:
    """One report for each key, in which later rows complete earlier ones. No database.

    Who does not expect the rows to be new makes them ready when that is known.
    """
    rows: dict[str, Row] = {}
    for row in reported:
        key = row.key
        known = rows.get(key)
        rows[key] = row if known is None else kind.merged(known, row)
    keys = sorted(rows)
    digests = {key: rows[key].digest for key in keys}
    block = None
    if keys and expects_new:
        # The lease keeps other importers away: where none is stored, none will be.
        values = [kind.values(key, digests[key], rows[key]) for key in keys]
        block = _block(kind, target, values, expects_new=True)
    return Report(kind, target, len(reported), rows, keys, digests, block)


def write_report(account: Account, report: Report[Row]) -> Counters:
    """Store the rows of a batch by key. An unchanged row costs no write.

    Recordings appear late and never shrink; a value once known is not blanked out. A
    report that tells nothing new is unchanged, and so is a second row of one key.
    """
    if not report.keys:
        return Counters()
    kind, rows, digests = report.kind, report.rows, report.digests
    stored = _stored_digests(account, report)
    fresh, block = report.keys, report.block
    if stored or block is None:
        rows, digests = dict(rows), dict(digests)
        _complete(account, kind, stored, rows, digests)
        fresh = [key for key in fresh if stored.get(key) != digests[key]]
        values = [kind.values(key, digests[key], rows[key]) for key in fresh]
        is_new = not any(key in stored for key in fresh)
        block = _block(kind, report.target, values, expects_new=is_new) if fresh else None
    if block is not None:
        block.write()
    new = [rows[key] for key in fresh if key not in stored] if stored else list(rows.values())
    return Counters(
        new=len(new),
        changed=len(fresh) - len(new),
        unchanged=report.reported - len(fresh),
        fresh=new,
        entry_ids={rows[key].entry_id for key in fresh} - {""},
    )


def _block(
    kind: RowKind[Row], target: Target, values: Sequence[Values], *, expects_new: bool
) -> Block:
    return block_of(
        target.connection,
        CallRecord,
        kind.columns,
        values,
        key=("account_id", "key"),
        update=("row_digest",),
        stamps=kind.changeable,
        constants={
            **kind.constants,
            "account_id": target.account_id,
            "first_seen_at": target.now,
            "changed_at": target.now,
        },
        expects_new=expects_new,
    )


def _complete(
    account: Account,
    kind: RowKind[Row],
    stored: Mapping[str, str],
    rows: dict[str, Row],
    digests: dict[str, str],
) -> None:
    """Let what is stored complete the rows that differ from it."""
    differing = [key for key, digest in digests.items() if stored.get(key, digest) != digest]
    if not differing:
        return
    for one in CallRecord.objects.filter(account=account, key__in=differing):
        rows[one.key] = merged = kind.merged(kind.stored(one), rows[one.key])
        digests[one.key] = merged.digest


def _stored_digests(account: Account, report: Report[Row]) -> dict[str, str]:
    """Digests of those stored, by key.

    A batch comes with its period, so that what is stored are neighbours in the index of keys
    that begin with the time. Only where a batch picks some rows of many each is looked up.
    """
    keys = report.keys
    rows = CallRecord.objects.filter(account=account)
    columns = ("key", "row_digest")
    if report.kind.is_by_time:
        most = _READ_FOR_EACH * len(keys)
        period = rows.filter(key__gte=keys[0], key__lte=keys[-1])
        between = raw_rows(period.order_by()[: most + 1], *columns)
        if len(between) <= most:
            return {key: digest for key, digest in between if key in report.rows}
    return dict(raw_rows(rows.filter(among("key", keys)), *columns))
