"""Computing stored calls anew: after a new version of the projection, or by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from ..models import Account, Call
from ..protocol import projection
from .directory import with_directory
from .following import settle
from .projecting import project_locked

_PART = 500


@dataclass(slots=True)
class RebuildReport:
    """What a rebuild did: calls read, calls changed, and how often each column changed.

    The version of the projection is bookkeeping and no change of a call.
    """

    calls: int = 0
    changed: int = 0
    fields: Counter[str] = field(default_factory=Counter)


def rebuild_calls(
    account: Account,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    entry_ids: Iterable[str] | None = None,
    outdated: bool = False,
    progress: Callable[[int], None] | None = None,
) -> RebuildReport:
    """Compute calls anew in place, in batches; primary keys and what people wrote stay.

    The period (aware) is half open and goes by the start of the call; ``outdated``
    takes only calls of an older projection. Calls whose facts were deleted are left
    alone: they would be rebuilt into less. Nothing is announced, though missed calls are
    settled anew. ``progress`` is told the number of calls done so far.
    """
    calls = Call.objects.filter(account=account, facts_purged_at=None)
    if since is not None:
        calls = calls.filter(started_at__gte=since)
    if until is not None:
        calls = calls.filter(started_at__lt=until)
    if entry_ids is not None:
        calls = calls.filter(entry_id__in=list(entry_ids))
    if outdated:
        calls = calls.filter(projection_version__lt=projection.VERSION)
    report = RebuildReport()
    for part in _parts(calls.order_by("entry_id").values_list("entry_id", flat=True)):
        # All facts, whatever the call believes to know: it may be what has to be put right.
        work = partial(project_locked, account, part, with_new_records=True)
        changes = with_directory(account, work)
        settle(account, changes)
        report.calls += len(part)
        for change in changes:
            columns = [name for name in change.fields if name != "projection_version"]
            report.changed += bool(columns)
            report.fields.update(columns)
        if progress is not None:
            progress(report.calls)
    return report


def _parts(entry_ids: Iterable[str]) -> Iterator[list[str]]:
    """Batches in key order; all ids are read first, as rebuilding changes what the query finds."""
    found = list(entry_ids)
    for start in range(0, len(found), _PART):
        yield found[start : start + _PART]
