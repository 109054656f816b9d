"""The alarm when statistics are overdue: once, for those who listen, in the checks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import connection
from django.utils import timezone

from django_mango import checks, signals
from django_mango.models import Account, Call, Lease, StatsImport
from django_mango.services import ImportReport, watching
from django_mango.services.announcing import send
from django_mango.services.staleness import import_staleness, raise_alarm, staleness_text

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


@pytest.fixture
def account() -> Account:
    return Account.objects.create(alias="default")


@pytest.fixture
def alarms() -> Iterator[list[Any]]:
    told: list[Any] = []

    def listen(staleness: Any, **_more: Any) -> None:
        told.append(staleness)

    signals.import_overdue.connect(listen)
    yield told
    signals.import_overdue.disconnect(listen)


def loaded(account: Account, ago: timedelta, **fields: Any) -> StatsImport:
    until = timezone.now() - ago
    values: dict[str, Any] = {
        "state": StatsImport.State.DONE,
        "complete_until": until,
        "finished_at": until,
        **fields,
    }
    return StatsImport.objects.create(
        account=account, since=until - HOUR, until=until, started_at=until, **values
    )


def failed(account: Account) -> StatsImport:
    return loaded(
        account,
        timedelta(minutes=1),
        state=StatsImport.State.FAILED,
        complete_until=None,
        error="no answer",
    )


def test_fresh_statistics_raise_no_alarm(account: Account, alarms: list[Any]) -> None:
    loaded(account, 27 * HOUR)
    newest = loaded(account, 25 * HOUR)
    found = import_staleness(account)
    assert not found.is_stale
    assert (found.loaded_until, found.last_run_at) == (newest.complete_until, newest.finished_at)
    assert staleness_text(found) == ""
    assert not raise_alarm("default")
    assert alarms == []


def test_old_ones_do_once_in_that_time(account: Account, alarms: list[Any]) -> None:
    loaded(account, 27 * HOUR)
    failed(account)
    assert raise_alarm("default")
    assert not raise_alarm("default")
    (found,) = alarms
    assert found.account == account
    assert found.age > 27 * HOUR
    assert staleness_text(found).endswith("only. The last try failed: no answer")
    Lease.objects.update(until=timezone.now() - HOUR)
    assert raise_alarm("default")
    assert len(alarms) == 2


def test_a_site_without_calls_and_imports_is_not_in_use(account: Account) -> None:
    assert import_staleness(account).age is None
    assert not import_staleness(account).is_stale


def test_calls_without_any_statistics_count_from_the_first(account: Account) -> None:
    for hours in (1, 30):
        Call.objects.create(
            account=account, entry_id=str(hours), started_at=timezone.now() - hours * HOUR
        )
    found = import_staleness(account)
    assert found.is_stale
    assert found.loaded_until is None
    assert staleness_text(found) == "Statistics were never loaded, though calls come in."


def test_the_alarm_can_be_off(account: Account, settings: Any) -> None:
    settings.MANGO = {**settings.MANGO, "STATS_ALERT_SECONDS": 0}
    loaded(account, 2700 * HOUR)
    assert not import_staleness(account).is_stale
    assert not raise_alarm("default")


def test_a_run_that_failed_may_be_one_too_many(account: Account, alarms: list[Any]) -> None:
    loaded(account, 27 * HOUR)
    send(signals.import_finished, ImportReport, report=ImportReport(account))
    assert alarms == []
    send(signals.import_finished, ImportReport, report=ImportReport(account, errors=["no"]))
    assert len(alarms) == 1


def test_a_process_looks_seldom_when_a_call_ends(
    account: Account, alarms: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded(account, 27 * HOUR)
    call = Call.objects.create(account=account, entry_id="1")
    clock = 1000.0
    monkeypatch.setattr(watching.time, "monotonic", lambda: clock)
    send(signals.call_finished, Call, call=call)
    clock += watching.LOOK_EVERY - 1
    send(signals.call_finished, Call, call=call)
    assert alarms == []
    clock += 1
    send(signals.call_finished, Call, call=call)
    assert len(alarms) == 1
    counter = _Counter()
    with connection.execute_wrapper(counter):
        send(signals.call_finished, Call, call=call)
    assert counter.count == 0


class _Counter:
    count = 0

    def __call__(self, execute: Any, *rest: Any) -> Any:
        self.count += 1
        return execute(*rest)


def messages(**how: Any) -> list[str]:
    return [str(one.msg) for one in run_checks(**how) if "W008" in str(one.id)]


def test_the_check_says_it_where_the_database_is_asked(account: Account) -> None:
    loaded(account, 27 * HOUR)
    assert messages() == []
    assert messages(tags=[checks.TAG]) == []
    (found,) = messages(databases=["default"])
    assert found.startswith("default: Statistics are loaded up to ")


def test_the_check_is_silent_before_there_are_tables(account: Account) -> None:
    loaded(account, 27 * HOUR)
    table = StatsImport._meta.db_table
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {quote(table)} RENAME TO {quote('away')}")
        try:
            assert messages(databases=["default"]) == []
        finally:
            cursor.execute(f"ALTER TABLE {quote('away')} RENAME TO {quote(table)}")


def test_an_account_no_longer_configured_is_nobodys_business() -> None:
    loaded(Account.objects.create(alias="former"), 27 * HOUR)
    assert messages(databases=["default"]) == []
