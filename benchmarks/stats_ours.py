"""Our own ways: records alone, and what an import does with an answer of the service."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.utils import timezone

from django_mango.models import Account, StatsImport
from django_mango.protocol.statistics import Record, read_lines
from django_mango.protocol.times import from_unix
from django_mango.services.bulk import BASIC, Counters, Report, Target, prepare, write_report
from django_mango.services.following import News
from django_mango.services.importing.ahead import computed_ahead
from django_mango.services.importing.batches import in_batches, rows_of
from django_mango.services.importing.collecting import collector_paused
from django_mango.services.importing.loading import Arriving
from django_mango.services.importing.writing import Writer
from django_mango.services.transactions import commit_soon, repeated

from .statistics_body import DAYS, END, read_chunks


def records_alone(body: Path, account: Account) -> dict[str, Any]:
    """Read and store the rows, batch by batch, without their calls."""
    counts = {"rows": 0, "new": 0, "changed": 0, "unchanged": 0}
    batches = in_batches(read_lines(read_chunks(body)))
    reports = computed_ahead(partial(_prepared, Target.of(account), batch) for batch in batches)
    with collector_paused():  # as an import does
        for report in reports:
            counted = repeated(partial(_write, account, report))
            counts["rows"] += report.reported
            for name in ("new", "changed", "unchanged"):
                counts[name] += getattr(counted, name)
    return counts


def _prepared(target: Target, batch: list[Arriving]) -> Report[Record]:
    return prepare(BASIC, target, [row for row in rows_of(batch) if isinstance(row, Record)])


def _write(account: Account, report: Report[Record]) -> Counters:
    counted = write_report(account, report)
    commit_soon()
    return counted


def records_and_calls(body: Path, account: Account) -> dict[str, Any]:
    """Everything ``import_statistics`` does with an answer: records, calls, news, counters."""
    until = from_unix(END)
    window = StatsImport.objects.create(
        account=account,
        since=until - timedelta(days=DAYS),
        until=until,
        started_at=timezone.now(),
        state=StatsImport.State.LOADING,
    )
    news = News(account)
    writer = Writer(account, news)
    for _batch in writer.store(window, read_lines(read_chunks(body))):
        pass
    news.announce()
    return {
        "rows": window.rows,
        "new": window.new,
        "changed": window.changed,
        "unchanged": window.unchanged,
        "bad": window.bad,
        "calls": writer.calls,
    }
