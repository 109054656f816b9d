"""Every page opens for who may see it, and only for him; hostile content stays text."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_mango.admin import base
from django_mango.admin.registration import ADMINS
from django_mango.models import (
    Account,
    Call,
    CallRecord,
    Command,
    Employee,
    EmployeeAddress,
    Group,
    Line,
    Notification,
    Recording,
    StatsImport,
)
from django_mango.services import receive

from .conftest import SUPERVISOR, make_call, make_employee, make_user, page_of

EVIL = "<script>alert(1)</script>"
MODELS = [model._meta.model_name for model in ADMINS]
JOURNALS = ("account", "call", "command", "notification", "recording", "statsimport")


@pytest.fixture
def everything(account: Account, maria: User) -> dict[str, Any]:
    """A row of each model, of one call that has facts of every kind."""
    employee = Employee.objects.get(user=maria)
    call = make_call(account, "entry-1", employee=employee, extension="100")
    now = timezone.now()
    notification = receive(
        account, "events/call", "default/events/call", b'{"entry_id":"entry-2","call_id":"leg"}'
    )
    Notification.objects.create(
        account=account,
        kind="events/summary",
        path=EVIL,
        json=json.dumps({"x": EVIL}),
        entry_id="entry-1",
        digest="d1",
        received_at=now,
        error=EVIL,
    )
    CallRecord.objects.create(
        account=account,
        key="k1",
        row_digest="r",
        entry_id="entry-1",
        started_at=now,
        from_number=EVIL,
        disconnect_reason="1110",
        recording_ids=["a"],
        first_seen_at=now,
        changed_at=now,
    )
    command = Command.objects.create(
        account=account,
        command_id="c1",
        kind=Command.Kind.CALLBACK,
        status=Command.Status.REFUSED,
        problem=Command.Problem.REFUSED,
        result_code=2240,
        user=maria,
        employee=employee,
        number="+79161234567",
        call=call,
        payload={"from": {"extension": EVIL}},
        created_at=now,
    )
    window = StatsImport.objects.create(
        account=account,
        since=now - timedelta(days=1),
        until=now,
        started_at=now,
        rows=3,
        bad=1,
        bad_rows=[{"line": 2, "reason": "columns", "text": EVIL}],
    )
    recording = Recording.objects.create(
        account=account,
        recording_id=EVIL,
        entry_id="entry-1",
        call=call,
        state=Recording.State.MISSING,
        completion_code=4002,
        extension="100",
        recipient=EVIL,
    )
    return {
        "account": account,
        "call": call,
        "command": command,
        "employee": employee,
        "group": Group.objects.create(account=account, extension="200", name="Sales"),
        "line": Line.objects.create(account=account, number="74951234567", name="Main line"),
        "notification": notification,
        "recording": recording,
        "statsimport": window,
    }


def url(model: str, what: str, *args: Any) -> str:
    return reverse(f"admin:django_mango_{model}_{what}", args=args)


@pytest.fixture
def boss(db: None) -> Client:
    return page_of(make_user("boss", superuser=True))


@pytest.mark.parametrize("model", MODELS)
def test_all_pages_open_for_a_superuser(
    boss: Client, everything: dict[str, Any], model: str
) -> None:
    assert boss.get(url(model, "changelist")).status_code == 200
    assert boss.get(url(model, "change", everything[model].pk)).status_code == 200
    assert boss.get(url(model, "history", everything[model].pk)).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_empty_lists_open(boss: Client, model: str) -> None:
    assert boss.get(url(model, "changelist")).status_code == 200
    assert boss.get(url(model, "changelist"), {"q": "123"}).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_without_rights_every_page_is_forbidden(everything: dict[str, Any], model: str) -> None:
    nobody = page_of(make_user("nobody"))
    assert nobody.get(url(model, "changelist")).status_code == 403
    assert nobody.get(url(model, "change", everything[model].pk)).status_code == 403
    assert "Telephony" not in nobody.get(reverse("admin:index")).text


@pytest.mark.parametrize("model", JOURNALS)
def test_journals_are_edited_by_nobody(
    boss: Client, everything: dict[str, Any], model: str
) -> None:
    row = everything[model]
    assert boss.get(url(model, "add")).status_code == 403
    assert boss.get(url(model, "delete", row.pk)).status_code == 403
    assert boss.post(url(model, "change", row.pk), {"name": "x"}).status_code == 403
    page = boss.get(url(model, "changelist")).text
    assert "delete_selected" not in page


@pytest.mark.parametrize("model", [*JOURNALS, "employee"])
def test_hostile_content_is_only_text(boss: Client, everything: dict[str, Any], model: str) -> None:
    for row in type(everything[model]).objects.all():
        page = boss.get(url(model, "change", row.pk)).text
        assert EVIL not in page
    assert EVIL not in boss.get(url(model, "changelist")).text


def test_a_call_shows_its_facts_to_who_may_view_them(
    maria: User, everything: dict[str, Any]
) -> None:
    page = page_of(maria).get(url("call", "change", everything["call"].pk)).text
    assert "Maria Sokolova 100" in page
    assert "Main line" in page
    tables = ("Participants", "Recordings", "Commands", "Notifications", "Rows of statistics")
    for table in tables:
        assert f"<h2>{table}</h2>" in page
    assert "1110: " in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_manager_sees_no_facts_he_may_not_view(
    account: Account, anna: User, everything: dict[str, Any]
) -> None:
    call = make_call(account, "own", employee=Employee.objects.get(user=anna), extension="101")
    page = page_of(anna).get(url("call", "change", call.pk)).text
    assert "<h2>Participants</h2>" in page
    for table in ("Recordings", "Commands", "Notifications", "Rows of statistics"):
        assert f"<h2>{table}</h2>" not in page


def test_bad_rows_of_an_import_are_listed(boss: Client, everything: dict[str, Any]) -> None:
    page = boss.get(url("statsimport", "change", everything["statsimport"].pk)).text
    assert "First bad rows" in page
    assert "<td>2</td>" in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_refused_command_says_why_in_words(boss: Client, everything: dict[str, Any]) -> None:
    page = boss.get(url("command", "change", everything["command"].pk)).text
    assert "2240: " in page
    assert everything["command"].meaning in page


def test_a_waiting_and_a_failed_notification_are_told_apart(boss: Client, account: Account) -> None:
    now = timezone.now()
    for digest, fields in {
        "ok": {"processed_at": now},
        "waiting": {},
        "error": {"processed_at": now, "error": "no call_id"},
    }.items():
        Notification.objects.create(
            account=account, kind=f"events/{digest}", digest=digest, received_at=now, **fields
        )
    listed = url("notification", "changelist")
    for verdict in ("ok", "waiting", "error"):
        page = boss.get(listed, {"verdict": verdict}).text
        assert f"mango-status--{verdict}" in page
        assert page.count("mango-status--") == 1


def test_a_manager_with_the_journal_of_commands_sees_his_own(
    account: Account, anna: User, petr: User
) -> None:
    for person in (anna, petr):
        Command.objects.create(
            account=account,
            command_id=person.username,
            kind=Command.Kind.CALLBACK,
            user=person,
            created_at=timezone.now(),
        )
    clerk = make_user("clerk", "django_mango.view_command")
    Command.objects.filter(user=anna).update(user=clerk)
    seen = page_of(clerk).get(url("command", "changelist")).context["cl"].result_list
    assert [command.command_id for command in seen] == ["anna"]


def test_secrets_are_on_no_page(boss: Client, everything: dict[str, Any]) -> None:
    for model in MODELS:
        for page in (url(model, "changelist"), url(model, "change", everything[model].pk)):
            text = boss.get(page).text
            assert "test-salt" not in text
            assert "test-key" not in text


def test_an_employee_is_added_with_his_extension(boss: Client, account: Account) -> None:
    answer = boss.post(
        url("employee", "add"),
        {
            "account": account.pk,
            "name": "Oleg",
            "is_active": "on",
            "addresses-TOTAL_FORMS": 1,
            "addresses-INITIAL_FORMS": 0,
            "addresses-0-kind": "extension",
            "addresses-0-value": "0511",
        },
    )
    assert answer.status_code == 302
    assert Employee.objects.get(name="Oleg").extension_at() == "0511"


@pytest.mark.parametrize("is_new", [True, False])
def test_an_extension_of_another_employee_is_refused(
    boss: Client, account: Account, anna: User, is_new: bool
) -> None:
    form = {
        "account": account.pk,
        "name": "Oleg",
        "is_active": "on",
        "addresses-TOTAL_FORMS": 1,
        "addresses-INITIAL_FORMS": 0,
        "addresses-0-kind": "extension",
        "addresses-0-value": "101",
    }
    page = url("employee", "add")
    if not is_new:
        page = url("employee", "change", make_employee(account, "Oleg", "103", None).pk)
    answer = boss.post(page, form)
    assert answer.status_code == 200
    assert "Another employee has this one" in answer.text
    assert EmployeeAddress.objects.filter(value="101").count() == 1


def test_who_may_only_view_employees_cannot_change_them(anna: User, maria: User) -> None:
    employee = Employee.objects.get(user=anna)
    page = page_of(maria).get(url("employee", "change", employee.pk))
    assert page.status_code == 200
    assert "101" in page.text
    assert 'name="_save"' not in page.text
    assert "addresses-0-value" not in page.text


def test_many_rows_are_not_counted(
    boss: Client, account: Account, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    for number in range(5):
        make_call(account, str(number))
    listed = url("call", "changelist")
    assert boss.get(listed).context["cl"].result_count == 5
    monkeypatch.setattr(base, "COUNTED", 3)
    changelist = boss.get(listed).context["cl"]
    assert changelist.result_count == 3
    assert str(changelist.result_count) == "3+"
    assert "3+" in boss.get(listed).text


@pytest.mark.parametrize("query", [{}, {"q": "4951234567"}])
def test_the_plus_of_many_rows_stays_where_thousands_are_grouped(
    boss: Client,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    query: dict[str, str],
) -> None:
    settings.USE_THOUSAND_SEPARATOR = True
    make_call(account, "c", client_number="+74951234567")
    # So many rows that the digits themselves are grouped.
    monkeypatch.setattr(base.CappedPaginator, "count", base.Uncounted(10_000))
    page = boss.get(url("call", "changelist"), query).text
    for words in ("calls", "results", "selected"):
        assert f"10\N{NO-BREAK SPACE}000+ {words}" in page
    assert "Select all 10\N{NO-BREAK SPACE}000+ calls" in page
    # A count that is no more than itself is grouped as the site wants it.
    monkeypatch.setattr(base.CappedPaginator, "count", 9_999)
    assert "9,999 calls" in boss.get(url("call", "changelist"), query).text


def test_ten_thousand_and_more_are_said_so() -> None:
    assert str(base.Uncounted(10_000)) == "10\N{NO-BREAK SPACE}000+"
    assert base.Uncounted(10_000) == 10_000


def test_times_are_shown_in_the_zone_of_the_site(boss: Client, account: Account) -> None:
    call = make_call(account, "e", started_at=datetime(2026, 3, 1, 22, 30, tzinfo=UTC))
    assert "03/02/2026 1:30 a.m." in boss.get(url("call", "changelist")).text
    assert "03/02/2026 01:30:00" in boss.get(url("call", "change", call.pk)).text


def test_supervisors_see_calls_but_no_accounts(everything: dict[str, Any]) -> None:
    supervisor = page_of(make_user("s", *SUPERVISOR))
    assert supervisor.get(url("call", "changelist")).status_code == 200
    assert supervisor.get(url("account", "changelist")).status_code == 403
    assert Call.objects.count() == len(
        supervisor.get(url("call", "changelist")).context["cl"].result_list
    )
