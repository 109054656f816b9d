"""Missed calls in the admin: settled or open, by whom, after how long, and closed by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_mango.models import Account, Call, CallWork, Employee
from django_mango.services.missed import resolve_clients

from .conftest import SUPERVISOR, make_call, make_user, page_of, told

LIST = "/admin/django_mango/call/"
NOW = timezone.now()


def make_missed(account: Account, entry: str, **fields: Any) -> Call:
    """A missed call that ended two hours ago, unless said otherwise."""
    ended = fields.pop("ended_at", NOW - timedelta(hours=2))
    values: dict[str, Any] = {
        "outcome": Call.Outcome.MISSED,
        "started_at": ended - timedelta(seconds=30),
        "answered_at": None,
        "ended_at": ended,
        "talk_seconds": 0,
        "is_final": True,
        "is_missed": True,
        **fields,
    }
    return make_call(account, entry, **values)


def talk_after(missed: Call, minutes: int, direction: str, **fields: Any) -> Call:
    """A talk so long after the end of the missed call, and the settling that follows."""
    assert missed.ended_at
    answered = missed.ended_at + timedelta(minutes=minutes)
    talk = make_call(
        missed.account,
        f"after {missed.entry_id}",
        direction=direction,
        client_number=missed.client_number,
        started_at=answered - timedelta(seconds=5),
        answered_at=answered,
        **fields,
    )
    assert resolve_clients(missed.account, {missed.client_number}) == {missed.pk}
    missed.refresh_from_db()
    return talk


def change(call: Call) -> str:
    return reverse("admin:django_mango_call_change", args=[call.pk])


def close(call: Call) -> str:
    return reverse("admin:django_mango_call_close_missed", args=[call.pk])


def plain(page: Any) -> str:
    return str(page.text.replace("\N{NO-BREAK SPACE}", " "))


@pytest.fixture
def boss(account: Account) -> Client:
    return page_of(make_user("boss", superuser=True))


@pytest.fixture
def closer(account: Account) -> Client:
    return page_of(make_user("closer", *SUPERVISOR, "django_mango.close_missed"))


class TestWords:
    @pytest.mark.parametrize(
        ("direction", "words"),
        [
            (Call.Direction.OUTGOING, "called back after 12 min"),
            (Call.Direction.INCOMING, "the client got through after 12 min"),
        ],
    )
    def test_the_list_says_who_settled_it_and_leads_there(
        self, account: Account, boss: Client, direction: str, words: str
    ) -> None:
        missed = make_missed(account, "m")
        talk = talk_after(missed, 12, direction)
        for page in (plain(boss.get(LIST)), plain(boss.get(change(missed)))):
            assert f'<a href="{change(talk)}">{words}</a>' in page

    def test_an_open_one_says_for_how_long(self, account: Account, boss: Client) -> None:
        missed = make_missed(account, "m")
        for page in (LIST, change(missed)):
            assert "open for 2 h" in plain(boss.get(page))

    def test_closed_by_hand_wins_over_a_talk(self, account: Account, boss: Client) -> None:
        missed = make_missed(account, "m")
        CallWork.objects.create(
            call=missed,
            closed_at=NOW,
            closed_by=User.objects.get(username="boss"),
            closed_reason="<b>wrong number",
        )
        talk_after(missed, 12, Call.Direction.OUTGOING)
        listed = plain(boss.get(LIST))
        assert "closed by hand: &lt;b&gt;wrong number" in listed
        assert "called back" not in listed
        page = plain(boss.get(change(missed)))
        assert "called back after 12 min" in page
        assert ", boss: &lt;b&gt;wrong number" in page

    def test_the_talk_of_a_colleague_is_told_but_not_shown(
        self, account: Account, anna: User, petr: User
    ) -> None:
        missed = make_missed(account, "m", employee=Employee.objects.get(user=anna))
        talk = talk_after(
            missed, 3, Call.Direction.OUTGOING, employee=Employee.objects.get(user=petr)
        )
        for page in (LIST, change(missed)):
            text = plain(page_of(anna).get(page))
            assert "called back after 3 min" in text
            assert change(talk) not in text

    def test_calls_that_were_not_missed_have_no_such_block(
        self, account: Account, boss: Client
    ) -> None:
        call = make_call(account, "c")
        assert "<h2>Missed</h2>" not in boss.get(change(call)).text
        assert "mango-under" not in boss.get(LIST).text

    def test_a_call_without_news_of_its_end_is_marked(self, account: Account, boss: Client) -> None:
        call = make_call(account, "c", is_final=True, sources="events", stale_closed_at=NOW)
        assert "closed as stale" in boss.get(LIST).text
        assert "without news of its end" in boss.get(change(call)).text
        # The statistics have told its end since.
        Call.objects.update(sources="basic,events")
        assert "closed as stale" not in boss.get(LIST).text
        assert "without news of its end" not in boss.get(change(call)).text


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ("open", {"open"}),
        ("settled", {"talked", "closed"}),
        ("all", {"open", "talked", "closed"}),
        ("nonsense", {"open", "talked", "closed", "after talked", "other"}),
    ],
)
def test_the_filter_tells_open_from_settled(
    account: Account, boss: Client, chosen: str, found: set[str]
) -> None:
    make_missed(account, "open", client_number="+79990000001")
    closed = make_missed(account, "closed", client_number="+79990000002")
    CallWork.objects.create(call=closed, closed_at=NOW)
    # Work on a call that closes nothing.
    talked = make_missed(account, "talked", client_number="+79990000003")
    CallWork.objects.create(call=talked, note="asked for a price")
    talk_after(talked, 5, Call.Direction.OUTGOING)
    make_call(account, "other")
    rows = boss.get(LIST, {"missed": chosen}).context["cl"].result_list
    assert {call.entry_id for call in rows} == found


def test_a_page_of_missed_calls_costs_the_same_however_many(account: Account, boss: Client) -> None:
    def add(number: int) -> None:
        talk_after(
            make_missed(account, f"t{number}", client_number=f"+7999000000{number}"),
            number + 1,
            Call.Direction.OUTGOING,
        )
        closed = make_missed(account, f"c{number}", client_number="")
        CallWork.objects.create(call=closed, closed_at=NOW)
        make_missed(account, f"o{number}", client_number="")

    def price() -> int:
        with CaptureQueriesContext(connection) as queries:
            boss.get(LIST)
        return len(queries)

    add(0)
    one = price()
    for number in range(1, 6):
        add(number)
    assert price() == one


class TestClosing:
    def test_it_is_asked_why_and_closed_once(self, account: Account, closer: Client) -> None:
        missed = make_missed(account, "m")
        button = f'href="{close(missed)}?next={quote(change(missed), safe="")}"'
        assert button in closer.get(change(missed)).text
        page = closer.get(close(missed)).text
        assert "Close the missed call?" in page
        assert '<textarea name="reason"' in page
        assert not CallWork.objects.exists()
        answer = closer.post(close(missed), {"reason": " spam ", "next": LIST})
        assert answer["Location"] == LIST
        work = CallWork.objects.get()
        assert (work.call, work.closed_reason) == (missed, "spam")
        assert work.closed_by == User.objects.get(username="closer")
        assert told(closer) == ["The missed call is closed."]
        assert LogEntry.objects.get().change_message == "Missed call closed by hand: spam"
        assert button not in closer.get(change(missed)).text
        again = closer.post(close(missed), {"reason": "other"})
        assert "is settled already (closed by hand: spam)." in again.text
        assert CallWork.objects.get().closed_reason == "spam"

    @pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
    def test_without_a_proper_reason_it_stays_open(
        self, account: Account, closer: Client, reason: str
    ) -> None:
        missed = make_missed(account, "m")
        page = closer.post(close(missed), {"reason": reason})
        assert page.status_code == 200
        assert "errorlist" in page.text
        assert not CallWork.objects.exists()

    def test_what_is_settled_is_not_closed_again(self, account: Account, closer: Client) -> None:
        missed = make_missed(account, "m")
        talk_after(missed, 1, Call.Direction.INCOMING)
        page = plain(closer.post(close(missed), {"reason": "x"}))
        assert "is settled already (the client got through after 1 min)." in page
        assert "<textarea" not in page
        assert close(missed) not in closer.get(change(missed)).text
        assert not CallWork.objects.exists()

    def test_a_call_that_was_not_missed_has_nothing_to_close(
        self, account: Account, closer: Client
    ) -> None:
        call = make_call(account, "c")
        assert "This is not a missed call." in closer.post(close(call), {"reason": "x"}).text
        assert close(call) not in closer.get(change(call)).text
        assert not CallWork.objects.exists()

    def test_without_the_right_there_is_no_button_and_no_page(
        self, account: Account, maria: User
    ) -> None:
        missed = make_missed(account, "m")
        client = page_of(maria)
        assert close(missed) not in client.get(change(missed)).text
        assert client.get(close(missed)).status_code == 403
        assert client.post(close(missed), {"reason": "x"}).status_code == 403
        assert not CallWork.objects.exists()

    def test_calls_of_others_are_out_of_reach(self, account: Account) -> None:
        missed = make_missed(account, "m")
        narrow = page_of(make_user("n", "django_mango.view_call", "django_mango.close_missed"))
        assert narrow.get(close(missed)).status_code == 404
        assert narrow.post(close(missed), {"reason": "x"}).status_code == 404
        blind = page_of(make_user("b", "django_mango.close_missed"))
        assert blind.post(close(missed), {"reason": "x"}).status_code in (403, 404)
        assert not CallWork.objects.exists()

    def test_reading_closes_nothing(self, account: Account, closer: Client) -> None:
        missed = make_missed(account, "m")
        assert closer.get(close(missed), {"reason": "x"}).status_code == 200
        assert closer.put(close(missed)).status_code == 405
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(User.objects.get(username="closer"))
        assert strict.post(close(missed), {"reason": "x"}).status_code == 403
        assert not CallWork.objects.exists()
