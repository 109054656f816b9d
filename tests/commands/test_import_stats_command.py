"""``mango_import_stats``: what is loaded, what is said, how it ends."""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import responses
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from django_mango.models import Account, Call, CallRecord, Lease, StatsImport
from django_mango.protocol import statistics as reader
from django_mango.protocol.statistics import OUR_FIELDS
from django_mango.sandbox import Sandbox
from django_mango.ui import text
from tests.commands.conftest import KEYS, Ran, Terminal

Run = Callable[..., Ran]
NAME = "mango_import_stats"
URL = "http://pbx.test/vpbx/"

END = timezone.now().replace(microsecond=0)

pytestmark = pytest.mark.django_db(transaction=True)


def ago(days: float) -> str:
    """A moment to the second, so that a period is cut into as many windows as it seems."""
    return (END - timedelta(days=days)).isoformat()


def stored() -> tuple[int, int]:
    return CallRecord.objects.count(), Call.objects.count()


def totals(text: str) -> dict[str, int]:
    last = text.strip().splitlines()[-1]
    assert last.startswith("default: windows ")
    return {name.split()[-1]: int(number) for name, number in re.findall(r"([a-z ]+) (\d+)", last)}


def row(second: int, **cells: str) -> str:
    start = 1_795_000_000 + second
    values = {
        "entry_id": f"entry-{second}",
        "records": "[]",
        "start": str(start),
        "finish": str(start + 60),
        "from_number": "79161234567",
        "to_extension": "101",
        "location": "abonent",
        **cells,
    }
    return ";".join(values.get(name, "") for name in OUR_FIELDS)


@pytest.fixture
def wire(settings: Any) -> Any:
    """The service by hand: a key, then the answers given to ``results``."""
    settings.MANGO = {**KEYS, "API_URL": URL}
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(f"{URL}stats/request", json={"key": "the/key+=="})
        yield mock


def test_a_month_is_loaded_window_by_window(run: Run, pbx: Sandbox) -> None:
    done = run(NAME, "--since", ago(30), "--until", ago(0), "--window", "10d")

    assert done.code == 0
    assert done.err == ""
    assert len(done.out.splitlines()) == 4, "three windows and the totals"
    assert [line[:4] for line in done.out.splitlines()] == ["1/3 ", "2/3 ", "3/3 ", "defa"]
    said, (records, calls) = totals(done.out), stored()
    assert calls == 60
    assert said["windows"] == 3
    assert said["new"] == records > calls
    assert (said["changed"], said["understood"]) == (0, 0)
    assert said["new"] + said["unchanged"] == said["rows"]


def test_a_second_run_changes_nothing_and_says_so(run: Run, pbx: Sandbox) -> None:
    run(NAME, "--since", "30d")
    before = stored()

    again = totals(run(NAME, "--since", "30d").out)

    assert stored() == before
    assert (again["new"], again["changed"], again["written"]) == (0, 0, 0)
    assert again["unchanged"] == again["rows"] == before[0]


def test_by_default_the_last_three_days_are_read(run: Run, pbx: Sandbox) -> None:
    before = timezone.now()

    assert run(NAME).code == 0

    window = StatsImport.objects.get()
    assert before - timedelta(seconds=1) <= window.until <= timezone.now()
    assert window.until - window.since == timedelta(days=3)


def test_a_period_without_calls_is_no_failure(run: Run, pbx: Sandbox) -> None:
    done = run(NAME, "--since", ago(60), "--until", ago(50))

    assert done.code == 0
    assert totals(done.out)["rows"] == 0
    assert StatsImport.objects.get().state == StatsImport.State.DONE


def test_options_by_name_are_read_like_those_of_a_shell(run: Run, pbx: Sandbox) -> None:
    """As schedulers call it: ``call_command("mango_import_stats", since="7d")``."""
    assert run(NAME, since=ago(2), until=ago(1), window="12h").code == 0
    assert StatsImport.objects.count() == 2
    assert run(NAME, since="1d", until="now").code == 0
    assert run(NAME, since=timezone.now() - timedelta(days=1), verbosity=0) == Ran(0, "", "", "")
    assert run(NAME, since="soon").code == 2


def test_quiet_says_nothing_but_failures(run: Run, pbx: Sandbox, wire: Any) -> None:
    with override_settings(MANGO={**KEYS, "API_URL": pbx.url}):
        wire.add_passthru(pbx.url)
        assert run(NAME, verbosity=0) == Ran(0, "", "", "")
    wire.post(f"{URL}stats/result", body="<html>", status=200, content_type="text/html")
    failed = run(NAME, verbosity=0)
    assert (failed.code, failed.out) == (1, "")
    assert "failed" in failed.err
    assert "1 of 1 window failed" in failed.error


def test_on_a_terminal_a_bar_is_drawn_and_taken_away(run: Run, pbx: Sandbox) -> None:
    screen = Terminal()

    done = run(NAME, "--since", ago(30), "--until", ago(0), "--window", "15d", stderr=screen)

    drawn = screen.getvalue()
    assert "2/2" in drawn
    assert re.search(r"\d+ rows", drawn)
    assert drawn.rstrip(" ").endswith("\r"), "the bar is wiped"
    assert "\n" not in drawn
    assert len(done.out.splitlines()) == 1, "only the totals"


def test_a_failed_window_is_one_line_and_the_others_are_loaded(run: Run, wire: Any) -> None:
    wire.post(f"{URL}stats/result", body="<html>oops</html>", content_type="text/html")
    wire.post(f"{URL}stats/result", body=row(1) + "\r\n", content_type="text/csv")

    done = run(NAME, "--since", ago(4), "--until", ago(0), "--window", "2d")

    assert done.code == 1
    assert done.error.startswith("1 of 2 windows failed: ")
    assert "failed" in done.out.splitlines()[0]
    assert totals(done.out)["new"] == 1
    assert set(StatsImport.objects.values_list("state", flat=True)) == {"failed", "done"}


def test_on_a_terminal_failures_stay_after_the_bar(run: Run, wire: Any) -> None:
    wire.post(f"{URL}stats/result", body="<html>oops</html>", content_type="text/html")

    done = run(NAME, stderr=Terminal())

    assert done.code == 1
    assert done.err.splitlines()[-1].partition(": ")[2].startswith("failed: ")


def test_who_asks_for_more_sees_the_log(run: Run, wire: Any) -> None:
    wire.post(f"{URL}stats/result", body="<html>oops</html>", content_type="text/html")

    assert "WARNING django_mango." not in run(NAME).err
    assert "WARNING django_mango." in run(NAME, verbosity=2).err
    assert logging.getLogger("django_mango").handlers == []


def test_rows_not_understood_are_counted_named_and_make_exit_code_1(run: Run, wire: Any) -> None:
    body = "\r\n".join([row(1), row(2) + ";one;too;many", row(3), row(4, start="soon"), ""])
    wire.post(f"{URL}stats/result", body=body, content_type="text/csv")

    done = run(NAME)

    assert done.code == 1
    assert done.error == (
        "2 rows were not understood, the first is line 2: wrong number of columns"
    )
    assert totals(done.out)["understood"] == 2
    assert CallRecord.objects.count() == 2


def test_wrong_keys_stop_at_once_and_say_what_was_not_tried(run: Run, settings: Any) -> None:
    settings.MANGO = {**KEYS, "API_URL": URL}
    with responses.RequestsMock() as wire:
        wire.post(f"{URL}stats/request", json={"result": 3102}, status=420)
        done = run(NAME, "--since", ago(9), "--until", ago(0), "--window", "3d")
        assert len(wire.calls) == 1, "a second wrong request would lock the account (Q12)"

    assert done.code == 1
    assert done.error.startswith("1 of 3 windows failed: ")
    assert done.error.endswith("2 not tried")


def test_a_pbx_that_is_down_is_1(run: Run) -> None:
    with override_settings(MANGO={**KEYS, "API_URL": "http://127.0.0.1:9/vpbx/"}):
        done = run(NAME)

    assert done.code == 1
    assert "127.0.0.1:9" not in done.error or "no connection" in done.error.lower()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--since", "1d", "--until", "2d"), "ends before it begins"),
        (("--since", "2099-01-01", "--until", "2099-02-01"), "in the future"),
        (("--account", "nobody"), "no PBX account “nobody”"),
        (("--window", "29d"), "28 days"),
        (("--since", "soon"), "no moment"),
        (("--window", "5"), "no length of time"),
        (("--account", "a", "--all-accounts"), "not allowed with"),
    ],
)
def test_what_cannot_even_be_tried_is_2(
    run: Run, pbx: Sandbox, arguments: tuple[str, ...], said: str
) -> None:
    done = run(NAME, *arguments)

    assert done.code in {1, 2}
    assert said in done.error
    if "--since" not in arguments or "soon" not in arguments:
        assert done.out == ""
    assert not StatsImport.objects.exists()


def test_no_account_at_all_is_2(run: Run) -> None:
    with override_settings(MANGO={}):
        done = run(NAME)
    assert done.code == 2
    assert "No PBX account is configured" in done.error


def test_who_imports_already_is_said_and_is_no_fault(run: Run, pbx: Sandbox) -> None:
    Lease.objects.create(
        name="import:default",
        owner="crm2, process 7, abc",
        until=timezone.now() + timedelta(minutes=1),
    )

    done = run(NAME)

    assert done.code == 0
    assert "crm2, process 7" in done.out
    assert done.err == ""
    assert not StatsImport.objects.exists()


def test_all_accounts_one_after_the_other(run: Run, pbx: Sandbox) -> None:
    accounts = {
        "good": {**KEYS, "API_URL": pbx.url},
        "down": {"API_KEY": "k", "API_SALT": "s", "API_URL": "http://127.0.0.1:9/vpbx/"},
    }
    with override_settings(MANGO={"ACCOUNTS": accounts}):
        done = run(NAME, "--all-accounts", "--since", ago(30), "--until", ago(0))
        assert run(NAME).code == 2, "which one is not guessed"

    assert done.code == 1
    assert done.error == "Not every account was imported."
    assert "down: 2 of 2 windows failed" in done.err
    assert "good: windows 2" in done.out
    assert Call.objects.filter(account__alias="good").count() == 60


def test_a_database_without_tables_is_one_line(run: Run, pbx: Sandbox) -> None:
    from django.db import connection

    table = Account._meta.db_table
    with connection.schema_editor() as editor:
        editor.alter_db_table(Account, table, "elsewhere")
    try:
        done = run(NAME)
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(Account, "elsewhere", table)

    assert done.code == 2
    assert done.error.startswith("The database refused: ")


def test_messages_are_in_the_language_of_the_site() -> None:
    from django.utils import translation

    from django_mango.management.progress import rows

    with translation.override("ru"):
        russian = [rows(1), rows(3), rows(5)]
    with translation.override("en"):
        assert [rows(1), rows(3)] == ["1 row", "3 rows"]
    assert russian == ["1 строка", "3 строки", "5 строк"]


def test_every_reason_of_a_bad_row_has_words() -> None:
    source = inspect.getsource(reader)
    reasons = set(re.findall(r'BadRow\(number, "(\w+)"', source)) | {"cut"}
    assert len(reasons) == 6
    assert not [reason for reason in reasons if text.bad_row(reason) == reason]
    assert text.bad_row("unheard_of") == "unheard_of"


def test_an_interrupted_program_stops_and_leaves_nothing_locked(wire: Any) -> None:
    """From a shell it is one line and 130, see the tests of processes."""

    def interrupted(_request: Any) -> Any:
        raise KeyboardInterrupt

    wire.add_callback(responses.POST, f"{URL}stats/result", callback=interrupted)

    with pytest.raises(KeyboardInterrupt):
        call_command(NAME, verbosity=0)

    assert not Lease.objects.exists()
    assert StatsImport.objects.get().state == StatsImport.State.FAILED


def test_the_command_keeps_its_place_in_a_scheduler(pbx: Sandbox, capsys: Any) -> None:
    call_command(NAME, since="1d", verbosity=0)

    assert capsys.readouterr() == ("", "")
