"""What the page of completeness says of a day, of an account and of a running import."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..services.coverage import Day, DayState
from ..services.import_progress import RunningImport
from ..services.periods import EDGE, Period
from ..ui import text

#: A sign for each state, because a colour alone tells nothing to many.
_SIGNS = {
    DayState.COMPLETE: "✓",
    DayState.PARTLY: "◔",
    DayState.RUNNING: "⟳",
    DayState.GAP: "✕",
    DayState.FAILED: "✕",
    DayState.NEVER: "–",
}
_STATES = {
    DayState.COMPLETE: _("everything is loaded"),
    DayState.RUNNING: _("is being loaded"),
    DayState.GAP: _("gap"),
    DayState.FAILED: _("failed"),
    DayState.NEVER: _("not loaded"),
}
_MISSING_SHOWN = 3


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day as the page shows it."""

    day: Day
    name: str
    state: SafeString
    details: list[str]
    imported: str
    is_loadable: bool


def row_of(day: Day) -> DayRow:
    """The row of a day."""
    form = '<span class="mango-day mango-day--{}"><span aria-hidden="true">{}</span> {}</span>'
    return DayRow(
        day=day,
        name=formats.date_format(day.date, "D, j E Y"),
        state=format_html(form, day.state, _SIGNS[day.state], _state(day)),
        details=_details(day),
        imported=text.moment(day.imported_at),
        is_loadable=day.state is not DayState.RUNNING and _is_worth_loading(day),
    )


def loaded_words(newest: datetime | None, complete: datetime | None) -> str:
    """Up to when an account is loaded, and from when on something is missing."""
    if newest is None or complete is None:
        return ""
    words = {"moment": text.moment(newest), "gap": text.moment(complete)}
    if complete >= newest:
        return gettext("Statistics are loaded until %(moment)s, nothing is missing.") % words
    return gettext("Statistics are loaded until %(moment)s, with gaps from %(gap)s on.") % words


def progress_words(run: RunningImport, now: datetime | None = None) -> list[str]:
    """Where a running import is, in short sentences."""
    window = run.window
    if window is None or run.started_at is None:
        return [gettext("An import begins or ends just now.")]
    now = now or timezone.now()
    where = f"{text.moment(window.since)} – {text.moment(window.until)}"
    words = [gettext("Period %(period)s.") % {"period": where}]
    if run.windows > 1:
        place = {"position": run.position, "windows": run.windows}
        words.append(gettext("Window %(position)d of %(windows)d.") % place)
    words.append(
        ngettext("%(count)s row read.", "%(count)s rows read.", run.rows)
        % {"count": formats.number_format(run.rows, use_l10n=True, force_grouping=True)}
    )
    passed = text.span((now - run.started_at).total_seconds())
    started = f"{timezone.localtime(run.started_at):%H:%M:%S}"
    words.append(
        gettext("Began at %(moment)s, %(span)s ago.") % {"moment": started, "span": passed}
    )
    if run.remaining is not None:
        left = text.span(max(run.remaining, timedelta(seconds=1)).total_seconds())
        words.append(gettext("About %(span)s to go.") % {"span": left})
    return words


def _state(day: Day) -> str:
    if day.state is not DayState.PARTLY:
        return str(_STATES[day.state])
    if day.loaded is None:
        return gettext("not loaded yet")
    since, until = _clock(day.loaded.since), _clock(day.loaded.until)
    if day.loaded.since <= day.whole.since:
        return gettext("loaded until %(until)s") % {"until": until}
    if day.loaded.until >= day.whole.until:
        return gettext("loaded from %(since)s on") % {"since": since}
    return gettext("loaded from %(since)s until %(until)s") % {"since": since, "until": until}


def _details(day: Day) -> list[str]:
    found = []
    if day.state in (DayState.GAP, DayState.FAILED):
        parts = [_part(part, day.whole) for part in day.missing[:_MISSING_SHOWN]]
        parts += ["…"] if len(day.missing) > _MISSING_SHOWN else []
        found.append(gettext("missing: %(parts)s") % {"parts": ", ".join(parts)})
    if day.error:
        found.append(gettext("the last try failed: %(error)s") % {"error": day.error})
    if day.bad:
        found.append(
            ngettext(
                "%(count)d row of the import was not understood",
                "%(count)d rows of the import were not understood",
                day.bad,
            )
            % {"count": day.bad}
        )
    return found


def _part(part: Period, whole: Period) -> str:
    if part.since <= whole.since and part.until >= whole.until:
        return gettext("the whole day")
    end = "24:00" if part.until >= whole.until else _clock(part.until)
    return f"{_clock(part.since)}–{end}"


def _is_worth_loading(day: Day) -> bool:
    period = day.to_load
    return period is not None and period.length > EDGE


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M}"
