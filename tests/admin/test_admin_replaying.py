"""Notifications processed again from the journal, and what they say in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from django_mango.admin import replaying
from django_mango.models import Account, Call, Notification
from django_mango.services import receive

from .conftest import SUPERVISOR, make_user, page_of, told

LIST = "/admin/django_mango/notification/"
PAGE = "/admin/django_mango/notification/process-again/"
REPLAY = "django_mango.replay_notification"


def take(account: Account, kind: str, **body: Any) -> Notification:
    return receive(account, kind, f"default/{kind}", json.dumps(body).encode())


def ringing(account: Account, entry: str) -> Notification:
    """A call event whose call is lost, as if a crash had come before processing."""
    sides = {"from": {"number": "79161234567"}, "to": {"extension": "101"}}
    one = take(
        account,
        "events/call",
        entry_id=entry,
        call_id=f"leg {entry}",
        timestamp=1_700_000_000,
        seq=1,
        call_state="Appeared",
        location="abonent",
        **sides,
    )
    Call.objects.all().delete()
    Notification.objects.update(processed_at=None)
    return one


def broken(account: Account) -> Notification:
    return receive(account, "events/call", "default/events/call", b"{broken")


def choose(client: Client, *rows: Notification, **more: Any) -> Any:
    keys = [one.pk for one in rows]
    return client.post(LIST, {"action": "process_again", "_selected_action": keys, **more})


@pytest.fixture
def supervisor(account: Account) -> Client:
    return page_of(make_user("supervisor", *SUPERVISOR, REPLAY))


@pytest.mark.django_db(transaction=True)
class TestProcessing:
    def test_several_rows_are_confirmed_and_processed(
        self, account: Account, supervisor: Client
    ) -> None:
        rows = [ringing(account, "a"), ringing(account, "b"), broken(account)]
        answer = choose(supervisor, *rows)
        assert answer["Location"].startswith(PAGE)
        page = supervisor.get(answer["Location"])
        assert "3 notifications are processed" in page.text
        assert not Call.objects.exists()
        answer = supervisor.post(answer["Location"], {"next": page.context["next"]})
        assert answer["Location"] == LIST
        assert set(Call.objects.values_list("entry_id", flat=True)) == {"a", "b"}
        assert Notification.objects.filter(error="").exclude(processed_at=None).count() == 2
        assert told(supervisor) == [
            "2 notifications were processed.",
            "1 notification still fails; its page says why.",
        ]
        assert LogEntry.objects.filter(change_message="Processed again.").count() == 2

    def test_the_page_of_a_notification_has_the_button(
        self, account: Account, supervisor: Client
    ) -> None:
        one = ringing(account, "a")
        own = reverse("admin:django_mango_notification_change", args=[one.pk])
        page = supervisor.get(own).text
        assert f"{PAGE}?ids={one.pk}&amp;next=" in page
        supervisor.post(f"{PAGE}?ids={one.pk}", {"next": own})
        assert Call.objects.get().entry_id == "a"
        assert "Processed again." in supervisor.get(own.replace("change", "history")).text

    def test_each_row_commits_by_itself_where_requests_are_transactions(
        self, account: Account, supervisor: Client
    ) -> None:
        one, bad = ringing(account, "a"), broken(account)
        databases = connections.settings["default"]
        databases["ATOMIC_REQUESTS"] = True
        try:
            url = choose(supervisor, one, bad)["Location"]
            with CaptureQueriesContext(connection) as queries:
                supervisor.post(url)
        finally:
            databases["ATOMIC_REQUESTS"] = False
        assert Call.objects.get().entry_id == "a"
        assert not [query for query in queries if query["sql"].startswith("SAVEPOINT")]

    def test_reading_processes_nothing(self, account: Account, supervisor: Client) -> None:
        one = ringing(account, "a")
        assert supervisor.get(PAGE, {"ids": one.pk}).status_code == 200
        assert supervisor.put(f"{PAGE}?ids={one.pk}").status_code == 405
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(User.objects.get(username="supervisor"))
        assert strict.post(f"{PAGE}?ids={one.pk}").status_code == 403
        assert not Call.objects.exists()


def test_the_right_is_needed_and_so_is_the_journal(account: Account, maria: User) -> None:
    one = ringing(account, "a")
    viewer = page_of(maria)
    assert "process_again" not in viewer.get(LIST).text
    assert PAGE not in viewer.get(f"{LIST}{one.pk}/change/").text
    assert choose(viewer, one).status_code == 200
    for client in (viewer, page_of(make_user("blind", REPLAY))):
        assert client.get(PAGE, {"ids": one.pk}).status_code == 403
        assert client.post(f"{PAGE}?ids={one.pk}").status_code == 403
    assert not Call.objects.exists()


@pytest.mark.parametrize("ids", ["", "x", "0", "²", "1" * 30, "-1", "999999"])
def test_nothing_to_process_is_said(supervisor: Client, ids: str) -> None:
    page = supervisor.get(PAGE, {"ids": ids}).text
    assert "There is nothing left to process." in page
    assert "<button" not in page.split('id="content-main"')[1]
    assert supervisor.post(f"{PAGE}?ids={ids}")["Location"] == LIST
    assert told(supervisor) == ["There is nothing left to process."]


def test_more_than_a_request_can_take_is_for_the_command(
    account: Account, supervisor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [broken(account), take(account, "events/sms", command_id="s", reason=1000)]
    monkeypatch.setattr(replaying, "AT_ONCE", 1)
    assert choose(supervisor, *rows)["Location"] == LIST
    assert "Choose at most 1 notifications" in told(supervisor)[0]


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:x"])
def test_one_is_never_sent_to_another_site(
    account: Account, supervisor: Client, target: str
) -> None:
    one = broken(account)
    assert supervisor.post(f"{PAGE}?ids={one.pk}", {"next": target})["Location"] == LIST


class TestWords:
    def test_the_journal_says_what_came(self, account: Account, supervisor: Client) -> None:
        take(account, "events/dtmf", entry_id="e", call_id="c", dtmf="12", location="ivr.1", seq=1)
        take(account, "events/sms", command_id="s", timestamp=1, reason="1000")
        take(account, "events/new/thing", x="<script>alert(1)</script>")
        page = supervisor.get(LIST).text
        for words in ("keys 12 in the menu ivr.1", "SMS delivered", ">events/new/thing<"):
            assert words in page

    def test_hostile_keys_are_only_text(self, account: Account, supervisor: Client) -> None:
        one = take(account, "events/dtmf", entry_id="e", call_id="c", dtmf="<script>1", seq=1)
        for page in (LIST, f"{LIST}{one.pk}/change/", f"{PAGE}?ids={one.pk}"):
            text = supervisor.get(page).text
            assert "<script>1" not in text
            assert "&lt;script&gt;1" in text

    def test_a_very_long_text_is_named_by_its_kind_in_the_list(
        self, account: Account, supervisor: Client
    ) -> None:
        one = take(account, "events/sms", command_id="s", reason=1000, padding="x" * 10_000)
        assert "SMS delivered" not in supervisor.get(LIST).text
        assert "delivery of an SMS" in supervisor.get(LIST).text
        assert "SMS delivered" in supervisor.get(f"{LIST}{one.pk}/change/").text

    def test_the_price_does_not_grow_with_the_rows(
        self, account: Account, supervisor: Client
    ) -> None:
        def price() -> int:
            with CaptureQueriesContext(connection) as queries:
                supervisor.get(LIST)
            return len(queries)

        take(account, "events/sms", command_id="first", reason=1000)
        one = price()
        for number in range(8):
            take(account, "events/sms", command_id=f"s{number}", reason=1000)
        assert price() == one

    @pytest.mark.parametrize(
        ("chosen", "found"),
        [
            ("events/dtmf", {"events/dtmf"}),
            ("events/sms", {"events/sms"}),
            ("events/", {"events/new/thing"}),
            ("result/", {"result/callback"}),
        ],
    )
    def test_kinds_are_filtered(
        self, account: Account, supervisor: Client, chosen: str, found: set[str]
    ) -> None:
        take(account, "events/dtmf", entry_id="e", dtmf="1")
        take(account, "events/sms", command_id="s", reason=1000)
        take(account, "events/new/thing")
        take(account, "result/callback", command_id="c", result=1000)
        rows = supervisor.get(LIST, {"kind": chosen}).context["cl"].result_list
        assert {one.kind for one in rows} == found
