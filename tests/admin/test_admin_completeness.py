"""The page of completeness: what it says of each day, who may load, what a button starts."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from django_mango.models import Account, Call, Lease, StatsImport
from django_mango.services import coverage
from django_mango.services.leases import HeldLease

from .conftest import make_user, page_of, told

PAGE = "/admin/django_mango/statsimport/completeness/"
REFRESH = "/admin/django_mango/statsimport/refresh/"
LIST = "/admin/django_mango/statsimport/"
VIEW, RUN = "django_mango.view_statsimport", "django_mango.run_import"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

#: What the queue of this host was given.
sent: list[tuple[str, dict[str, Any]]] = []


def hook(name: str, arguments: dict[str, Any]) -> None:
    sent.append((name, json.loads(json.dumps(arguments))))


@pytest.fixture(autouse=True)
def _queue(settings: Any) -> None:
    sent.clear()
    settings.MANGO = {**settings.MANGO, "TASKS": f"{__name__}.hook"}


@pytest.fixture
def admin(account: Account) -> Client:
    return page_of(make_user("admin", VIEW, RUN))


@pytest.fixture
def viewer(account: Account) -> Client:
    return page_of(make_user("viewer", VIEW))


def midnight(days_ago: int) -> datetime:
    return coverage.day_of(timezone.localdate() - days_ago * DAY).since


def window(account: Account, since: datetime, until: datetime, **fields: Any) -> StatsImport:
    now = timezone.now()
    values: dict[str, Any] = {
        "state": StatsImport.State.DONE,
        "complete_until": until,
        "started_at": now,
        "finished_at": now,
        **fields,
    }
    return StatsImport.objects.create(account=account, since=since, until=until, **values)


def row(page: Any, days_ago: int) -> str:
    """The words of a day's row, blanks joined."""
    day = timezone.localdate() - days_ago * DAY
    for found in re.findall(r"<tr class=\"mango-days__row.*?</tr>", page.text, re.S):
        if f'value="{day}"' in found or _name(day) in found:
            return " ".join(re.sub(r"<[^>]+>", " ", found).split())
    raise AssertionError(f"no row of {day}")


def _name(day: Any) -> str:
    from django.utils import formats

    return formats.date_format(day, "D, j E Y")


@pytest.mark.django_db(transaction=True)
class TestPage:
    def test_an_empty_account_says_how_to_begin(self, admin: Client) -> None:
        page = admin.get(PAGE)
        assert "Statistics have never been loaded yet." in page.text
        assert "The button loads the last three days" in page.text
        assert row(page, 0).endswith("– not loaded 0 – Load")

    def test_without_an_account_it_says_what_to_set(self, settings: Any, admin: Client) -> None:
        settings.MANGO = {}
        page = admin.get(PAGE)
        assert page.status_code == 200
        assert "No PBX account is configured" in page.text
        assert admin.post(PAGE, {"load": "latest"}).status_code == 302
        assert sent == []

    def test_days_in_words(self, account: Account, admin: Client) -> None:
        Call.objects.create(account=account, entry_id="1", started_at=midnight(3) + HOUR)
        window(account, midnight(5) + 9 * HOUR, midnight(3), bad=2)
        window(account, midnight(3) + 2 * HOUR, midnight(0), bad=0)
        page = admin.get(PAGE)
        assert row(page, 5).split(" ", 4)[4].startswith("◔ loaded from 09:00 on 2 rows of")
        assert "✓ everything is loaded" in row(page, 2)
        gap = row(page, 3)
        assert "✕ gap missing: 00:00–02:00 1 " in gap
        assert gap.endswith("Load")
        assert "◔ not loaded yet" in row(page, 0)
        assert "– not loaded 0" in row(page, 6)
        assert "Load 1 day with a gap" in page.text
        assert "with gaps from" in page.text

    def test_a_failure_says_why_and_the_alarm_is_shown(
        self, account: Account, admin: Client
    ) -> None:
        window(account, midnight(4), midnight(3))
        window(
            account,
            midnight(3),
            midnight(0),
            state=StatsImport.State.FAILED,
            complete_until=None,
            problem=StatsImport.Problem.NOT_SENT,
            error="<ConnectionError>",
        )
        page = admin.get(PAGE)
        why = "the last try failed: the PBX could not be reached"
        assert f"✕ failed missing: the whole day {why}" in row(page, 2)
        assert "Statistics are loaded up to" in page.text
        assert "<ConnectionError>" not in page.text

    def test_a_running_import_is_shown_with_its_progress(
        self, account: Account, admin: Client
    ) -> None:
        began = timezone.now() - timedelta(minutes=2)
        window(account, midnight(8), midnight(4))
        of_run = {"run_started_at": began, "run_since": midnight(4), "run_until": midnight(0)}
        window(
            account, midnight(4), midnight(2), rows=1000, run_position=1, run_windows=2, **of_run
        )
        window(
            account,
            midnight(2),
            midnight(0),
            state=StatsImport.State.LOADING,
            complete_until=None,
            finished_at=None,
            reached_at=midnight(1),
            rows=234,
            run_position=2,
            run_windows=2,
            **of_run,
        )
        lease = HeldLease(coverage.import_lease(account))
        page = admin.get(PAGE)
        assert "Statistics are being loaded." in page.text
        assert "Window 2 of 2." in page.text
        assert "1,234 rows read." in page.text
        assert re.search(r"Began at [\d:]{8}, 2.min ago\.", page.text)
        assert re.search(r"About 4\d.s to go\.", page.text)
        assert 'max="100" value="75"' in page.text
        assert "⟳ is being loaded" in row(page, 1)
        assert 'data-mango-live="3"' in page.text
        assert '<meta http-equiv="refresh"' in page.text
        assert 'value="latest" disabled' in page.text
        assert admin.get(LIST).text.count("<progress") == 1
        lease.release()
        page = admin.get(PAGE)
        assert 'data-mango-live=""' in page.text
        assert "✕ failed" in row(page, 1)
        assert "the import was interrupted" in admin.get(LIST).text

    def test_between_the_button_and_the_first_window(self, account: Account, admin: Client) -> None:
        answer = admin.post(PAGE, {"load": "latest"})
        page = admin.get(answer["Location"])
        assert "The import begins in a moment." in page.text
        assert 'data-mango-live="3"' in page.text
        lease = HeldLease(coverage.import_lease(account))
        assert "An import begins or ends just now." in admin.get(answer["Location"]).text
        lease.release()
        window(account, midnight(1), midnight(0), started_at=timezone.now() + HOUR)
        assert 'data-mango-live=""' in admin.get(answer["Location"]).text

    @pytest.mark.parametrize(
        "query",
        [
            {"until": "2024-02-30"},
            {"until": "9999-12-31"},
            {"until": "1000-01-01"},
            {"account": "nobody"},
            {"kind": "nothing"},
            {"asked": "٣"},
            {"asked": "99999999999999"},
            {"asked": "99999999999"},
        ],
    )
    def test_nonsense_in_the_address_harms_nobody(self, admin: Client, query: Any) -> None:
        assert admin.get(PAGE, query).status_code == 200

    def test_earlier_and_later_days(self, account: Account, admin: Client) -> None:
        page = admin.get(PAGE)
        assert "Later days" not in page.text
        earlier = page.context["earlier"]
        page = admin.get(earlier)
        assert page.context["days"][0].day.date == timezone.localdate() - 31 * DAY
        assert page.context["later"].endswith(f"until={timezone.localdate()}")

    def test_each_account_has_its_page(self, settings: Any, admin: Client) -> None:
        keys = {"API_KEY": "k", "API_SALT": "s"}
        both = {"default": keys, "north": {**keys, "API_KEY": "n", "NAME": "North"}}
        settings.MANGO = {"ACCOUNTS": both, "TASKS": settings.MANGO["TASKS"]}
        page = admin.get(PAGE, {"account": "north"})
        assert re.search(r'href="[^"]*account=north" aria-current="page">North', page.text)
        admin.post(f"{PAGE}?account=north", {"load": "latest"})
        assert sent[0][1]["alias"] == "north"
        admin.post(REFRESH)
        assert [one[1]["alias"] for one in sent[1:]] == ["default"]  # north was asked a moment ago

    def test_queries_do_not_grow(self, account: Account, admin: Client) -> None:
        admin.get(PAGE)
        counts = []
        for number in range(2):
            for days in range(1, 20):
                window(account, midnight(days), midnight(days - 1), bad=number)
            with CaptureQueriesContext(connection) as queries:
                admin.get(PAGE)
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 17


@pytest.mark.django_db(transaction=True)
class TestButtons:
    def test_a_day(self, account: Account, admin: Client) -> None:
        day = timezone.localdate() - 2 * DAY
        answer = admin.post(f"{PAGE}?until={timezone.localdate()}", {"load": str(day)})
        assert answer["Location"].startswith(f"{PAGE}?until=")
        ((name, arguments),) = sent
        assert name == "django_mango.services.catching_up.load_gaps"
        whole = coverage.day_of(day)
        assert arguments["since"]["of"] == whole.since.isoformat()
        assert arguments["until"]["of"] == whole.until.isoformat()
        assert told(admin) == ["The import has been started."]
        assert LogEntry.objects.get().object_repr == f"default {day}"

    def test_all_gaps_leave_out_what_nobody_asked_for(
        self, account: Account, admin: Client
    ) -> None:
        window(account, midnight(5), midnight(4))
        window(account, midnight(2), midnight(1))
        admin.post(PAGE, {"load": "gaps"})
        assert sent[0][1]["since"]["of"] == midnight(5).isoformat()

    def test_refresh_is_limited(self, account: Account, admin: Client) -> None:
        admin.post(PAGE, {"load": "latest"})
        admin.post(PAGE, {"load": "latest"})
        assert len(sent) == 1
        assert told(admin)[-1] == "The statistics were asked for a moment ago."

    def test_nothing_starts_while_an_import_runs(self, account: Account, admin: Client) -> None:
        HeldLease(coverage.import_lease(account))
        for wanted in ("latest", "gaps", str(timezone.localdate())):
            admin.post(PAGE, {"load": wanted})
        assert sent == []
        assert told(admin) == ["Statistics of this account are being imported already."] * 3

    def test_what_cannot_be_started_is_told(
        self, account: Account, admin: Client, settings: Any
    ) -> None:
        settings.MANGO = {**settings.MANGO, "TASKS": "inline"}
        settings.SETTINGS_MODULE = "no.such.settings"
        admin.post(PAGE, {"load": "latest"})
        assert told(admin) == ["The work could not be started; the log of the site says why."]

    def test_a_button_of_an_old_page_is_answered(self, account: Account, admin: Client) -> None:
        for wanted in ("", "everything", "2999-01-01"):
            assert admin.post(PAGE, {"load": wanted}).status_code == 302
        assert sent == []
        assert told(admin) == ["The page has changed meanwhile. Look again."] * 3

    def test_who_may_only_look(self, viewer: Client) -> None:
        page = viewer.get(PAGE)
        assert page.status_code == 200
        assert 'name="load"' not in page.text
        assert viewer.post(PAGE, {"load": "latest"}).status_code == 403
        assert viewer.post(REFRESH).status_code == 403
        assert sent == []

    def test_who_may_not_look(self, account: Account) -> None:
        manager = page_of(make_user("manager", "django_mango.view_call", RUN))
        assert manager.get(PAGE).status_code == 403
        assert manager.post(PAGE, {"load": "latest"}).status_code == 403
        assert page_of(make_user("nobody")).get(PAGE).status_code == 403
        assert Client().get(PAGE).status_code == 302

    def test_only_posts_with_a_token_start_anything(self, admin: Client) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(User.objects.get(username="admin"))
        assert strict.post(PAGE, {"load": "latest"}).status_code == 403
        assert strict.post(REFRESH).status_code == 403
        assert admin.get(REFRESH).status_code == 302
        assert admin.put(PAGE).status_code == 405
        assert sent == []

    def test_no_transaction_of_the_request_holds_what_another_process_needs(
        self, account: Account, admin: Client
    ) -> None:
        databases = connections.settings["default"]
        databases["ATOMIC_REQUESTS"] = True
        try:
            with CaptureQueriesContext(connection) as queries:
                admin.post(PAGE, {"load": "latest"})
        finally:
            databases["ATOMIC_REQUESTS"] = False
        assert len(sent) == 1
        claimed = [one["sql"] for one in queries if Lease._meta.db_table in one["sql"]]
        assert claimed
        assert not [one for one in queries if one["sql"].startswith("SAVEPOINT")]


@pytest.mark.django_db(transaction=True)
class TestLists:
    @pytest.mark.parametrize("where", ["statsimport", "call"])
    def test_a_list_says_how_fresh_it_is(self, account: Account, admin: Client, where: str) -> None:
        user = User.objects.get(username="admin")
        user.is_superuser = True
        user.save()
        url = f"/admin/django_mango/{where}/"
        assert "Statistics have never been loaded yet." in admin.get(url).text
        window(account, midnight(2), timezone.now() - HOUR)
        page = admin.get(url).text
        # The other list costs one query for this, which knows of no gaps.
        whole = "nothing is missing." in page
        assert whole == (where == "statsimport")
        assert "Statistics are loaded until" in page
        assert PAGE in page
        assert admin.post(REFRESH, {"next": url})["Location"] == url
        assert sent[0][0] == "django_mango.services.catching_up.load_latest"
        StatsImport.objects.update(complete_until=midnight(5))
        assert "mango-fresh--alarm" in admin.get(url).text

    def test_who_may_not_load_sees_no_button(self, account: Account) -> None:
        manager = page_of(make_user("manager", "django_mango.view_call"))
        page = manager.get("/admin/django_mango/call/").text
        assert "mango-fresh" not in page
        allowed = page_of(make_user("allowed", "django_mango.view_call", RUN))
        page = allowed.get("/admin/django_mango/call/").text
        assert "Refresh now" in page
        assert PAGE not in page

    def test_the_list_leads_to_the_page(self, viewer: Client) -> None:
        assert f'href="{PAGE}"' in viewer.get(LIST).text

    def test_filters_by_problem_and_the_detail_page(self, account: Account, viewer: Client) -> None:
        one = window(
            account,
            midnight(1),
            midnight(0),
            state=StatsImport.State.FAILED,
            problem=StatsImport.Problem.GONE,
            complete_until=None,
            run_started_at=timezone.now(),
            bad_rows=[{"line": 7, "reason": "time", "text": "x;y"}],
        )
        page = viewer.get(f"{LIST}{one.pk}/change/").text
        assert "the PBX lost the report twice" in page
        assert "Window 1 of 1, run of" in page
        assert "<td>7</td>" in page
        assert viewer.get(LIST, {"state": "failed"}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_page_in_russian(account: Account, admin: Client) -> None:
    window(account, midnight(5), midnight(3))
    window(account, midnight(2), midnight(0))
    with translation.override("ru"):
        page = admin.get(PAGE, headers={"Accept-Language": "ru"})
    assert "Загрузка статистики по дням" in page.text
    assert "всё загружено" in page.text
    assert "Обновить сейчас" in page.text
