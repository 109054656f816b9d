"""The call log: who sees what, search by any spelling, filters, and the price of a page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_mango.admin import base, call_rows
from django_mango.admin.filters import period_bounds
from django_mango.admin.search import RECENT
from django_mango.models import Account, Call, CallParty, Command, Employee, Line

from .conftest import make_call, make_employee, make_user, page_of

LIST = "/admin/django_mango/call/"


def entries(user: User, **query: str) -> set[str]:
    """What the list shows to a user, by entry id."""
    answer = page_of(user).get(LIST, query)
    assert answer.status_code == 200
    return {call.entry_id for call in answer.context["cl"].result_list}


@pytest.fixture
def calls(account: Account, anna: User, petr: User) -> None:
    for name, user in (("anna", anna), ("petr", petr)):
        employee = Employee.objects.get(user=user)
        make_call(account, name, employee=employee, extension=employee.extension_at())
    make_call(account, "nobody's")


@pytest.mark.usefixtures("calls")
class TestScope:
    def test_a_manager_sees_his_own_calls(self, anna: User) -> None:
        assert entries(anna) == {"anna"}

    def test_a_supervisor_sees_all(self, maria: User) -> None:
        assert entries(maria) == {"anna", "petr", "nobody's"}

    def test_the_right_to_view_all_is_enough_by_itself(self) -> None:
        assert len(entries(make_user("auditor", "django_mango.view_all_calls"))) == 3

    def test_a_foreign_call_is_not_there_by_its_address(self, anna: User) -> None:
        foreign = Call.objects.get(entry_id="petr")
        for page in ("change", "history"):
            answer = page_of(anna).get(
                reverse(f"admin:django_mango_call_{page}", args=[foreign.pk])
            )
            assert answer.status_code == 302
            assert answer["Location"] == reverse("admin:index")

    def test_a_search_does_not_widen_the_scope(self, anna: User) -> None:
        assert entries(anna, q="+79161234567") == {"anna"}
        assert entries(anna, q="petr") == set()

    def test_a_transferred_call_is_seen_by_both(
        self, account: Account, anna: User, petr: User
    ) -> None:
        call = Call.objects.get(entry_id="petr")
        CallParty.objects.create(
            call=call,
            account=account,
            employee=Employee.objects.get(user=anna),
            extension="101",
            role=CallParty.Role.CALLEE,
        )
        assert "petr" in entries(anna)
        assert "petr" in entries(petr)

    def test_employees_are_offered_whose_calls_one_may_see(self, anna: User, maria: User) -> None:
        foreign = str(Employee.objects.get(name="Petr Ivanov").pk)
        assert "Petr Ivanov" not in page_of(anna).get(LIST).text
        assert "Petr Ivanov" in page_of(maria).get(LIST).text
        assert entries(maria, employee=foreign) == {"petr"}
        assert entries(anna, employee=foreign) == {"anna"}


@pytest.fixture
def boss(db: None) -> User:
    return make_user("boss", superuser=True)


@pytest.mark.parametrize(
    "spelling",
    [
        "8 (916) 123-45-67",
        "+79161234567",
        "+7 916 123 45 67",
        "79161234567",
        "89161234567",
        "9161234567",
        "8-916-123-45-67",
        " 8.916.123.45.67 ",
        "8 (916) 123-45-67 доб. 5",
        "1234567",
        "123-45-67",
        "8916123",
        "7916",
        "4567",
        "id-of-the-call=",
    ],
)
def test_any_spelling_finds_the_call(account: Account, boss: User, spelling: str) -> None:
    make_call(account, "id-of-the-call=")
    make_call(account, "other", client_number="+74957778899", client_number_raw="74957778899")
    assert entries(boss, q=spelling) == {"id-of-the-call="}


@pytest.mark.parametrize("text", ["+79161234568", "8 916 123 45 6", "ID-OF-THE-CALL=", "'", "()"])
def test_other_texts_do_not(account: Account, boss: User, text: str) -> None:
    make_call(account, "id-of-the-call=", client_number="+79031234567")
    assert entries(boss, q=text) == set()


def test_extensions_and_sip_addresses_are_found_among_recent_calls(
    account: Account, boss: User
) -> None:
    old = timezone.now() - RECENT - timedelta(days=1)
    sip = {"client_number": "", "client_number_raw": "sip:ivan@firm.mangosip.ru"}
    make_call(account, "extension", extension="0511", client_number="+74950000000")
    make_call(account, "old extension", extension="0511", started_at=old, client_number="")
    make_call(account, "sip", **sip)
    make_call(account, "old sip", started_at=old, **sip)
    assert entries(boss, q="0511") == {"extension"}
    assert entries(boss, q="ivan@firm.mangosip.ru") == {"sip"}


def test_a_whole_number_is_found_however_old_the_call(account: Account, boss: User) -> None:
    make_call(account, "old", started_at=timezone.now() - timedelta(days=2000))
    assert entries(boss, q="8 916 123-45-67") == {"old"}
    assert entries(boss, q="4567") == set()


def test_a_whole_number_is_searched_by_index(account: Account, boss: User) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        entries(boss, q="8 (916) 123-45-67")
    assert not [query for query in queries if " LIKE " in query["sql"].upper()]


def test_filters_narrow_the_list(account: Account, boss: User) -> None:
    make_call(account, "missed", outcome=Call.Outcome.MISSED)
    make_call(account, "out", direction=Call.Direction.OUTGOING)
    make_call(account, "live", state=Call.State.TALKING, outcome="")
    assert entries(boss, outcome__exact="missed") == {"missed"}
    assert entries(boss, direction__exact="outgoing") == {"out"}
    assert entries(boss, state__exact="talking") == {"live"}
    assert entries(boss, period="nonsense", employee="x") == {"missed", "out", "live"}


class TestPeriods:
    def test_bounds_are_half_open_days_of_the_readers_zone(self) -> None:
        moscow = ZoneInfo("Europe/Moscow")
        now = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)  # half past one on the second in Moscow
        with timezone.override(moscow):
            assert period_bounds("today", now) == (
                datetime(2026, 3, 2, tzinfo=moscow),
                datetime(2026, 3, 3, tzinfo=moscow),
            )
            assert period_bounds("yesterday", now) == (
                datetime(2026, 3, 1, tzinfo=moscow),
                datetime(2026, 3, 2, tzinfo=moscow),
            )
            assert period_bounds("week", now) == (
                datetime(2026, 2, 24, tzinfo=moscow),
                datetime(2026, 3, 3, tzinfo=moscow),
            )
            assert period_bounds("month", now) == (
                datetime(2026, 3, 1, tzinfo=moscow),
                datetime(2026, 4, 1, tzinfo=moscow),
            )
            assert period_bounds("", now) is None

    def test_a_day_may_have_23_hours(self) -> None:
        with timezone.override(ZoneInfo("Europe/Berlin")):
            bounds = period_bounds("today", datetime(2026, 3, 29, 12, tzinfo=UTC))
        assert bounds is not None
        since, until = (bound.astimezone(UTC) for bound in bounds)
        assert until - since == timedelta(hours=23)

    def test_the_last_day_of_december_ends_the_year(self) -> None:
        with timezone.override(UTC):
            bounds = period_bounds("month", datetime(2026, 12, 31, 23, tzinfo=UTC))
        assert bounds == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))

    def test_midnight_belongs_to_the_day_that_begins(self, account: Account, boss: User) -> None:
        bounds = period_bounds("today", timezone.now())
        assert bounds is not None
        make_call(account, "first", started_at=bounds[0])
        make_call(account, "before", started_at=bounds[0] - timedelta(seconds=1))
        assert entries(boss, period="today") == {"first"}
        assert entries(boss, period="yesterday") == {"before"}
        assert entries(boss, period="week") == {"first", "before"}


def queries_of(action: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as queries:
        action()
    return len(queries)


def test_a_page_costs_the_same_however_many_rows(account: Account, maria: User) -> None:
    client = page_of(maria)

    def add(number: int) -> None:
        employee = make_employee(account, f"E{number}", str(300 + number), None)
        line = f"7495000000{number}"
        Line.objects.create(account=account, number=line, name=f"Line {number}")
        make_call(
            account,
            f"in {number}",
            employee=employee,
            extension=str(300 + number),
            line_number=line,
        )
        make_call(
            account,
            f"internal {number}",
            direction=Call.Direction.INTERNAL,
            client_number="",
            client_number_raw="",
            employee=employee,
        )

    add(0)
    one = queries_of(lambda: client.get(LIST))
    for number in range(1, 8):
        add(number)
    assert queries_of(lambda: client.get(LIST)) == one
    assert one <= 10
    page = client.get(LIST).text
    assert "Line 7" in page
    assert "E7 307" in page


def test_the_journal_of_commands_has_no_query_per_row(account: Account, maria: User) -> None:
    client = page_of(maria)

    def add(number: int) -> None:
        Command.objects.create(
            account=account,
            command_id=str(number),
            kind=Command.Kind.CALLBACK,
            user=make_user(f"u{number}"),
            number="+79161234567",
            call=make_call(account, str(number)),
            created_at=timezone.now(),
        )

    add(0)
    listed = reverse("admin:django_mango_command_changelist")
    one = queries_of(lambda: client.get(listed))
    for number in range(1, 6):
        add(number)
    assert queries_of(lambda: client.get(listed)) == one


def test_rows_say_what_happened(account: Account, boss: User) -> None:
    make_call(account, "a", client_number="", client_number_raw="", outcome=Call.Outcome.MISSED)
    page = page_of(boss).get(LIST).text
    assert "number withheld" in page
    assert "Incoming,</span> missed" in page
    assert ">1:05<" in page


def test_a_live_call_shows_its_state(account: Account, boss: User) -> None:
    make_call(account, "a", state=Call.State.ON_HOLD, outcome="", ended_at=None, talk_seconds=None)
    assert "Incoming,</span> on hold" in page_of(boss).get(LIST).text


def test_a_line_without_a_name_shows_its_number(account: Account, boss: User) -> None:
    make_call(account, "a")
    assert "+7 495 123-45-67" in page_of(boss).get(LIST).text
    Line.objects.create(account=account, number="74951234567", name="Hot line")
    assert "Hot line" in page_of(boss).get(LIST).text


class TestManyCalls:
    """Who has more calls of his own than lists count sees the same ones, asked row by row."""

    @pytest.fixture(autouse=True)
    def _some(
        self, account: Account, anna: User, petr: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(base, "COUNTED", 3)
        monkeypatch.setattr(call_rows, "COUNTED", 3)
        employee, other = (Employee.objects.get(user=user) for user in (anna, petr))
        for number in range(5):
            make_call(account, f"own {number}", employee=employee, extension="101")
        taken = make_call(account, "took part", employee=other, extension="102")
        CallParty.objects.create(
            call=taken, account=account, employee=employee, extension="101", role="callee"
        )
        command = Command.objects.create(
            account=account, command_id="c", kind=Command.Kind.CALLBACK, user=anna,
            created_at=timezone.now(),
        )  # fmt: skip
        make_call(account, "placed", command=command)
        make_call(account, "foreign", employee=other, extension="102")
        make_call(account, "nobody's")

    def test_both_ways_show_the_same(
        self, anna: User, petr: User, maria: User, settings: Any
    ) -> None:
        stranger = make_user("stranger")
        for name in ("", "anna"):
            settings.MANGO = {**settings.MANGO, "UNMAPPED_CALLS_TO": name}
            for user in (anna, petr, maria, stranger):
                by_set = set(Call.objects.visible_to(user).values_list("entry_id", flat=True))
                by_row = Call.objects.visible_row_by_row(user).values_list("entry_id", flat=True)
                assert sorted(by_row) == sorted(by_set)
                owned = Call.objects.owned_by_people_of(user).values_list("entry_id", flat=True)
                assert set(owned) <= by_set

    def test_the_list_is_whole_and_says_that_there_are_more(self, anna: User) -> None:
        answer = page_of(anna).get(LIST)
        shown = {call.entry_id for call in answer.context["cl"].result_list}
        assert shown == {f"own {number}" for number in range(5)} | {"took part", "placed"}
        assert str(answer.context["cl"].result_count) == "3+"

    def test_filters_and_search_hold(self, anna: User) -> None:
        assert entries(anna, q="foreign") == set()
        assert entries(anna, q="took part") == {"took part"}
        assert entries(anna, outcome__exact="missed") == set()
        assert "foreign" not in entries(anna, q="+79161234567")

    def test_a_foreign_call_cannot_be_chosen(self, anna: User) -> None:
        foreign = Call.objects.get(entry_id="foreign")
        answer = page_of(anna).post(
            LIST, {"action": "call_back", "_selected_action": [foreign.pk], "index": 0}
        )
        assert "place" not in answer.headers.get("Location", "")

    def test_a_list_of_few_is_counted(self, petr: User) -> None:
        assert page_of(petr).get(LIST).context["cl"].result_count == 2
