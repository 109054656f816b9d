"""What came of an import, in words."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import StatsImport
from ..services import ImportReport
from ..ui import text


def totals(report: ImportReport) -> str:
    """Everything counted, one line."""
    numbers = {
        "account": report.account.alias,
        "windows": len(report.windows),
        "rows": report.rows,
        "new": report.new,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "bad": report.bad,
        "calls": report.calls,
    }
    line = (
        _(
            "%(account)s: windows %(windows)d, rows %(rows)d: new %(new)d, changed %(changed)d,"
            " unchanged %(unchanged)d, not understood %(bad)d; calls written %(calls)d"
        )
        % numbers
    )
    if not report.skipped:
        return line
    return _(
        "%(totals)s; windows loaded by an interrupted run %(skipped)d (--force loads them again)"
    ) % {"totals": line, "skipped": report.skipped}


def what_is_wrong(report: ImportReport) -> str:
    """One line: failed windows with the first reason, rows not understood with the first place."""
    parts = []
    if report.failed:
        parts.append(
            ngettext(
                "%(failed)d of %(planned)d window failed: %(error)s",
                "%(failed)d of %(planned)d windows failed: %(error)s",
                report.planned,
            )
            % {
                "failed": len(report.failed),
                "planned": report.planned,
                "error": _first_reason(report),
            }
        )
    if report.planned > len(report.windows):
        left = report.planned - len(report.windows)
        parts.append(ngettext("%(left)d not tried", "%(left)d not tried", left) % {"left": left})
    if report.bad:
        parts.append(not_understood(report.windows))
    return "; ".join(parts)


def _first_reason(report: ImportReport) -> str:
    """Why the first window failed; of a lock-out also its end."""
    first = report.failed[0]
    if first.problem == StatsImport.Problem.LOCKED_OUT:
        report.account.refresh_from_db(fields=["blocked_until"])
        if until := report.account.locked_until():
            return _("%(reason)s, until %(time)s") % {
                "reason": first.why,
                "time": f"{timezone.localtime(until):%H:%M:%S}",
            }
    return first.why


def not_understood(windows: list[StatsImport]) -> str:
    """How many rows were not understood, and the first of them."""
    bad = sum(window.bad for window in windows)
    rows = [row for window in windows for row in window.bad_rows]
    return ngettext(
        "%(bad)d row was not understood, the first is line %(line)s: %(reason)s",
        "%(bad)d rows were not understood, the first is line %(line)s: %(reason)s",
        bad,
    ) % {
        "bad": bad,
        "line": rows[0]["line"] if rows else "?",
        "reason": text.bad_row(rows[0]["reason"]) if rows else "?",
    }
