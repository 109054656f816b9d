"""Signals of an import: at its end, of what is recent, each transition once."""

from __future__ import annotations

from typing import Any

import pytest

from django_mango import signals
from django_mango.models import Account, Call, StatsImport
from django_mango.services import ImportReport
from tests.services.calling_bench import Service
from tests.services.import_bench import make_account
from tests.services.telling import TALK, Statistics, hearing, row, tell

pytestmark = pytest.mark.django_db(transaction=True)

DAY = 86_400


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def statistics(account: Account, service: Service) -> Statistics:
    return Statistics(account, service)


def test_an_import_announces_at_its_end(statistics: Statistics) -> None:
    with hearing() as heard:
        report = statistics.load(
            [row("talk", 0, 60, answered=5)], [row("missed", 100, 120), row("talk2", 200, 260)]
        )
    assert report.ok
    assert heard.names[-1] == "import_finished"
    assert heard.about("talk") == ["call_started", "call_answered", "call_finished"]
    assert heard.about("missed") == ["call_started", "call_finished", "call_missed"]
    ((_, sender, arguments),) = [one for one in heard.all if one[0] == "import_finished"]
    assert sender is ImportReport
    assert arguments == {"report": report}


def test_while_an_import_runs_nothing_is_announced(statistics: Statistics) -> None:
    states: list[set[str]] = []

    def look(sender: Any, call: Call, **_: Any) -> None:
        states.append(set(StatsImport.objects.values_list("state", flat=True)))

    signals.call_started.connect(look)
    try:
        statistics.load([row("a", 0, 60)], [row("b", 100, 160)], [row("c", 200, 260)])
    finally:
        signals.call_started.disconnect(look)
    assert states == [{"done"}] * 3


def test_again_it_announces_nothing_but_its_end(statistics: Statistics) -> None:
    lines = [row("talk", 0, 60, answered=5), row("missed", 100, 120, number="74957777777")]
    statistics.load(lines)
    with hearing() as heard:
        statistics.load(lines)
    assert heard.names == ["import_finished"]


def test_what_an_import_unfolds_in_parts_happened_at_once(statistics: Statistics) -> None:
    """One window knows the ringing only; the next one, that somebody answered."""
    with hearing() as heard:
        statistics.load(
            [row("call", 0, 20)],
            [row("call", 0, 20), row("call", 20, 80, answered=30)],
        )
    assert Call.objects.get().outcome == Call.Outcome.ANSWERED
    assert heard.about("call") == ["call_started", "call_answered", "call_finished"]
    assert heard.of("call_finished")[0]["call"].outcome == Call.Outcome.ANSWERED


def test_history_is_not_announced(statistics: Statistics) -> None:
    """Neither old calls nor what settled old missed calls (design 8)."""
    old = -2 * DAY
    with hearing() as heard:
        statistics.load(
            [
                row("old missed", old, old + 20),
                row("old talk", old + 100, old + 160, answered=old + 105),
                row("missed", 0, 20, number="79037654321"),
                row("talk", 100, 160, answered=105, number="79037654321"),
            ],
            hours=24 * 7,
        )
    assert Call.objects.get(entry_id="old missed").missed_resolved_by.entry_id == "old talk"
    assert heard.about("old missed") == heard.about("old talk") == []
    (arguments,) = heard.of("missed_call_resolved")
    assert arguments["call"].entry_id == "missed"
    assert heard.names[-2:] == ["missed_call_resolved", "import_finished"]


def test_the_age_is_a_setting(statistics: Statistics, settings: Any) -> None:
    settings.MANGO = {**settings.MANGO, "SIGNAL_MAX_AGE_SECONDS": 60}
    with hearing() as heard:
        statistics.load([row("talk", 0, 60, answered=5)])
    assert heard.names == ["import_finished"]


def test_an_old_missed_call_settled_now_is_announced(statistics: Statistics) -> None:
    """The settling is recent, not the miss."""
    old = -2 * DAY
    with hearing() as heard:
        statistics.load(
            [row("missed", old, old + 20), row("talk", 0, 60, answered=5)], hours=24 * 7
        )
    (arguments,) = heard.of("missed_call_resolved")
    assert arguments["call"].entry_id == "missed"


def test_an_import_that_breaks_off_announces_what_it_stored(
    statistics: Statistics, monkeypatch: Any
) -> None:
    """The next run finds these calls unchanged and would never tell."""

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("django_mango.services.importing.running.sweep", interrupted)
    with hearing() as heard, pytest.raises(KeyboardInterrupt):
        statistics.load([row("talk", 0, 60, answered=5)])
    assert heard.about("talk") == ["call_started", "call_answered", "call_finished"]
    assert "import_finished" not in heard.names


def test_events_and_their_statistics_announce_once(
    account: Account, statistics: Statistics
) -> None:
    with hearing() as heard:
        tell(account, *TALK)
        statistics.load([row("call", 0, 65, answered=5)])
    assert heard.about("call") == ["call_started", "call_answered", "call_finished"]
