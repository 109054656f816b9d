"""``mango_import_stats``: what is loaded by ``last``, ``--resume``, ``--gaps``, from a file."""

from __future__ import annotations

import gzip
import io
import re
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses
from django.test import override_settings
from django.utils import timezone, translation

from django_mango.models import Account, Call, CallRecord, StatsImport
from django_mango.sandbox import Sandbox
from django_mango.services import Period, Progress, import_periods
from django_mango.services.importing import batches
from tests.commands.conftest import KEYS, Ran, Terminal

Run = Callable[..., Ran]
NAME = "mango_import_stats"
URL = "http://pbx.test/vpbx/"
GOOD = "e;[];1;1795000000;0;1795000001;;79161234567;101;;1110;;abonent"

pytestmark = pytest.mark.django_db(transaction=True)


def ago(**time: float) -> str:
    return (timezone.now() - timedelta(**time)).replace(microsecond=0).isoformat()


def said(done: Ran, name: str) -> int:
    found = re.search(rf"{name} (\d+)", done.out.strip().splitlines()[-1])
    assert found, done.out
    return int(found[1])


def test_last_goes_on_where_the_last_one_ended(run: Run, pbx: Sandbox) -> None:
    assert run(NAME, "--since", ago(days=30), "--until", ago(days=1)).code == 0
    first = StatsImport.objects.get(until__gt=timezone.now() - timedelta(days=2))

    done = run(NAME, "--since", "last")

    assert done.code == 0
    last = StatsImport.objects.latest("pk")
    assert last.since == first.until - timedelta(hours=6)
    assert timezone.now() - last.until < timedelta(minutes=1)
    assert Call.objects.count() == 60
    assert said(run(NAME, since="last"), "windows") == 1, "as a scheduler passes it"


def test_gaps_are_closed_and_nothing_else_is_read(run: Run, pbx: Sandbox) -> None:
    for since, until in ((30, 20), (10, 0)):
        run(NAME, "--since", ago(days=since), "--until", ago(days=until))

    done = run(NAME, "--gaps", "--since", ago(days=30), "--until", ago(days=1))

    assert done.code == 0
    assert said(done, "windows") == 1
    assert Call.objects.count() == 60
    again = run(NAME, "--gaps", "--since", ago(days=29), "--until", ago(days=1))
    assert (again.code, again.out) == (0, "default: nothing is left to load.\n")


class Dying(Progress):
    """The process dies in its third window."""

    def window_started(self, index: int, total: int, since: Any, until: Any) -> None:
        if index == 3:
            raise KeyboardInterrupt


@pytest.fixture
def killed(pbx: Sandbox) -> tuple[str, ...]:
    """The arguments of a run that died after two of ten windows."""
    since, until = ago(days=30), ago(days=0)
    period = Period(*(datetime.fromisoformat(text) for text in (since, until)))
    with pytest.raises(KeyboardInterrupt):
        import_periods(None, [period], window=timedelta(days=3), progress=Dying())
    return ("--since", since, "--until", until, "--window", "3d")


def test_resume_loads_what_is_left(run: Run, killed: tuple[str, ...]) -> None:
    done = run(NAME, "--resume", "--window", "3d")
    assert done.code == 0
    assert said(done, "windows") == 8
    assert Call.objects.count() == 60
    assert run(NAME, "--resume").out == "default: nothing is left to load.\n"
    assert run(NAME, "--resume", verbosity=0) == Ran(0, "", "", "")


def test_resume_of_a_period_loads_what_is_missing_of_it(run: Run, killed: tuple[str, ...]) -> None:
    done = run(NAME, *killed, "--resume")
    assert (done.code, said(done, "windows")) == (0, 8)
    assert Call.objects.count() == 60


def test_a_lock_out_says_until_when(run: Run, settings: Any) -> None:
    settings.MANGO = {**KEYS, "API_URL": URL}
    with responses.RequestsMock() as wire:
        wire.post(f"{URL}stats/request", status=401)
        done = run(NAME, "--since", ago(days=4), "--window", "2d")
        assert len(wire.calls) == 1
    assert done.code == 1
    until = timezone.localtime(Account.objects.get().blocked_until)
    assert f"refuses this account for now, until {until:%H:%M:%S}; " in done.error
    assert done.error.endswith(" not tried")


def test_the_same_command_goes_on_too(run: Run, killed: tuple[str, ...]) -> None:
    shown = run(NAME, *killed, "--dry-run")
    assert shown.out.count("loaded already") == 2
    assert "8 windows would be loaded" in shown.out

    done = run(NAME, *killed)

    assert done.code == 0
    assert done.out.splitlines()[0].startswith("1/8 ")
    assert said(done, "by an interrupted run") == 2
    assert Call.objects.count() == 60
    assert said(run(NAME, *killed), "windows") == 10, "it is over: read again from now on"


def test_by_force_everything_is_read_again(run: Run, killed: tuple[str, ...]) -> None:
    assert "10 windows would be loaded" in run(NAME, *killed, "--force", "--dry-run").out
    assert said(run(NAME, *killed, "--force"), "windows") == 10


def test_a_dry_run_sends_and_writes_nothing(run: Run, settings: Any) -> None:
    settings.MANGO = {**KEYS, "API_URL": URL}
    with responses.RequestsMock() as wire:
        done = run(NAME, "--since", ago(days=40), "--until", ago(days=0), "--dry-run")
        last = run(NAME, "--since", "last", "--dry-run")
        left = run(NAME, "--resume", "--dry-run")
        assert len(wire.calls) == 0
    assert (done.code, done.err) == (0, "")
    assert [line[:4] for line in done.out.splitlines()] == ["1/2 ", "2/2 ", "2 wi"]
    assert last.out.splitlines()[-1].startswith("1 window would be loaded")
    assert left.out.startswith("0 windows would be loaded")
    assert not StatsImport.objects.exists()
    assert not Account.objects.exists()


def test_a_dry_run_of_all_accounts_names_them(run: Run) -> None:
    accounts = {"north": KEYS, "south": {**KEYS, "API_KEY": "other"}}
    with override_settings(MANGO={"ACCOUNTS": accounts}):
        done = run(NAME, "--all-accounts", "--dry-run", "--since", "2d")
    assert done.code == 0
    assert [line.partition(":")[0] for line in done.out.splitlines()[::2]] == ["north", "south"]


def test_a_saved_answer_is_read_without_the_network(run: Run, tmp_path: Path) -> None:
    plain, packed = tmp_path / "body.csv", tmp_path / "body.csv.gz"
    plain.write_text(f"{GOOD}\r\n")
    packed.write_bytes(gzip.compress(plain.read_bytes()))

    shown = run(NAME, "--from-file", str(plain), "--dry-run")
    assert (shown.code, CallRecord.objects.count()) == (0, 0)
    assert "rows 1, not understood 0; nothing was written." in shown.out
    first, again = (run(NAME, "--from-file", str(one)) for one in (plain, packed))

    assert (first.code, again.code) == (0, 0)
    assert first.out.splitlines()[0] == f"1/1 {plain}: 1 row, new 1, changed 0, unchanged 0"
    assert (said(first, "new"), said(again, "unchanged")) == (1, 1)
    assert Call.objects.count() == 1
    assert set(StatsImport.objects.values_list("file_name", flat=True)) == {
        str(plain),
        str(packed),
    }


def test_a_file_in_other_columns(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "body.csv"
    file.write_text("1795000000;1795000001;79161234567\n")
    wrong = run(NAME, "--from-file", str(file))
    assert (wrong.code, CallRecord.objects.count()) == (1, 0)
    assert "wrong number of columns" in wrong.error
    done = run(NAME, "--from-file", str(file), "--fields", "start, finish, from_number")
    assert done.code == 0
    assert "its rows belong to no call" in done.out
    assert (CallRecord.objects.count(), Call.objects.count()) == (1, 0)


def test_a_file_that_states_its_period_closes_a_gap(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "body.csv"
    file.write_text(f"{GOOD}\n")
    period = ("--since", "2026-11-01", "--until", "2026-11-02")
    assert run(NAME, "--from-file", str(file), *period).code == 0
    assert run(NAME, "--gaps", *period).out == "default: nothing is left to load.\n"


def test_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{GOOD}\n".encode())))
    assert run(NAME, "--from-file", "-").code == 0
    assert Call.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"result": 3105}', "something else came in place of the report"),
        (b"<html>", "something else came in place of the report"),
        (gzip.compress(b"x" * 99_999)[:-20], "the report broke off"),
        (GOOD[:-4].encode(), "the report broke off"),
        (f"{GOOD}\nsome;thing\n".encode(), "line 2: wrong number of columns"),
        (b"\xff\xfe\n", "line 1: the text is not UTF-8"),
    ],
)
def test_rubbish_in_a_file_is_1_and_one_clear_line(
    run: Run, tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "body"
    file.write_bytes(content)
    done = run(NAME, "--from-file", str(file))
    assert done.code == 1
    assert words in done.error
    assert run(NAME, "--from-file", str(file), "--dry-run").code == 1
    assert StatsImport.objects.count() == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--resume", "--since", "last"),
        ("--resume", "--gaps"),
        ("--gaps", "--since", "last"),
        ("--gaps", "--force"),
        ("--from-file", "x", "--resume"),
        ("--from-file", "x", "--window", "1d"),
        ("--from-file", "x", "--since", "last"),
        ("--from-file", "x", "--since", "1d"),
        ("--from-file", "x", "--all-accounts"),
        ("--from-file", "/no/such/file"),
        ("--from-file", "/"),
        ("--from-file", "/dev/null", "--fields", "start,secret"),
        ("--fields", "start"),
    ],
)
def test_what_does_not_go_together_is_2(run: Run, pbx: Sandbox, arguments: tuple[str, ...]) -> None:
    for more in ((), ("--dry-run",)):
        done = run(NAME, *arguments, *more)
        assert done.code == 2
        assert done.error
        assert done.out == ""
    with translation.override("ru"):
        assert set(run(NAME, *arguments).error) & set("абвгдежз")
    assert not StatsImport.objects.exists()


def row(number: int) -> str:
    return GOOD.replace("e;", f"e{number};")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": 204}, "was not ready in time"),
        ({"status": 404}, "lost the report twice"),
        ({"status": 429}, "too many requests"),
        ({"status": 503, "body": "<html>busy</html>"}, "too many requests"),
        ({"status": 502, "body": "<html>bad gateway</html>"}, "something else came"),
        ({"body": "<html>oops</html>"}, "something else came"),
        ({"body": '{"result": 2110}'}, "the PBX refused: "),
        ({"body": f"{row(1)}\n{row(2)}"[:-20]}, "broke off before its end"),
        ({"body": f"{row(1)}\n", "headers": {"Content-Length": "999"}}, "broke off before"),
        ({"body": f"{row(1)}\n{row(1)};\n"}, "1 row was not understood"),
    ],
)
def test_a_service_that_misbehaves_is_1_and_the_other_windows_are_loaded(
    run: Run, settings: Any, answer: dict[str, Any], words: str
) -> None:
    """For ever, as far as the first window goes."""
    settings.MANGO = {**KEYS, "API_URL": URL, "STATS_MAX_WAIT_SECONDS": 0.05}

    def result(_request: Any) -> Any:
        if StatsImport.objects.latest("pk").run_position > 1:
            return (200, {}, f"{row(7)}\n")
        return (answer.get("status", 200), answer.get("headers", {}), answer.get("body", ""))

    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        wire.post(f"{URL}stats/request", json={"key": "k=="})
        wire.add_callback(responses.POST, f"{URL}stats/result", callback=result)
        done = run(NAME, "--since", ago(days=4), "--until", ago(days=0), "--window", "2d")

    assert done.code == 1
    assert words in done.error
    first, second = StatsImport.objects.order_by("pk")
    assert second.state == "done"
    assert second.new == 1
    assert first.finished_at is not None
    assert bool(first.problem) == (first.state == "failed")


def test_a_bar_moves_within_a_window(
    run: Run, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 2000)
    settings.MANGO = {**KEYS, "API_URL": URL}
    begin = int(timezone.now().timestamp()) - 10 * 86_400
    rows = [
        GOOD.replace("e;", f"e{number};").replace("1795000000", str(begin + number * 200))
        for number in range(4200)
    ]
    screen = Terminal()
    with responses.RequestsMock() as wire:
        wire.post(f"{URL}stats/request", json={"key": "k=="})
        wire.post(f"{URL}stats/result", body="\n".join([*rows, ""]), content_type="text/csv")
        done = run(NAME, "--since", "10d", stderr=screen)
    drawn = screen.getvalue()
    assert done.code == 0
    assert "waiting for the PBX" in drawn
    assert re.search(r" 4\d%\|.*<\d\d:\d\d, 1/1, 1950 rows", drawn), "with the remaining time"
    assert re.search(r" 9\d%\|.*1/1, 4200 rows", drawn)
    assert re.search(r"100%\|.*1/1, 4200 rows", drawn)
    assert drawn.rstrip(" ").endswith("\r"), "the bar is wiped"
