"""What a synchronisation of the people of a PBX did, in words."""

from __future__ import annotations

from django.utils.translation import gettext

from ..services.staff import SyncReport


def loaded(report: SyncReport) -> str:
    """What a synchronisation did, one line."""
    return gettext(
        "%(account)s: employees %(employees)d (new %(added)d, changed %(changed)d, gone %(gone)d),"
        " groups %(groups)d, lines %(lines)d, not understood %(bad)d"
    ) % {
        "account": report.account.alias,
        "employees": report.employees,
        "added": report.added,
        "changed": report.changed,
        "gone": report.gone,
        "groups": report.groups,
        "lines": report.lines,
        "bad": report.bad,
    }
