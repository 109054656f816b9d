"""When the strip asks the server, and what it makes of the answers, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from django_mango.models import CallWork

from .conftest import eventually
from .strip_page import LIST, Desk, Visit, assert_rests, note_field, ringing, running, strip, talk


class TestAsking:
    def test_a_hidden_tab_asks_nothing(
        self, team: dict[str, User], desk: Desk, visit: Visit, expect: Any
    ) -> None:
        anna = visit(team["anna"])
        page = anna.open(LIST)
        eventually(lambda: anna.asked("/api/live") >= 2, page)
        hide(page, True)
        desk("anna", "e1")
        assert_rests(anna, page)
        hide(page, False)
        expect(ringing(page)).to_be_visible()

    def test_unchanged_answers_have_no_body(
        self, team: dict[str, User], visit: Visit, expect: Any
    ) -> None:
        page = visit(team["anna"]).open(LIST)
        with page.expect_response(lambda response: response.status == 304) as answer:
            pass
        assert "/api/live" in answer.value.url

    def test_logged_out_it_stops_without_a_word(
        self, team: dict[str, User], desk: Desk, visit: Visit, expect: Any
    ) -> None:
        talk(desk)
        anna = visit(team["anna"])
        page = anna.open(LIST)
        expect(running(page)).to_be_visible()
        anna.context.clear_cookies()
        expect(strip(page)).to_be_hidden()
        assert_rests(anna, page)
        anna.forgive("401")

    def test_a_server_that_fails_is_asked_less_and_less(
        self, team: dict[str, User], desk: Desk, visit: Visit, expect: Any
    ) -> None:
        talk(desk)
        anna = visit(team["anna"])
        page = anna.open(LIST)
        expect(running(page)).to_be_visible()
        page.route("**/api/live*", lambda route: route.abort())
        expect(strip(page)).to_be_hidden()  # after some: nobody knows what goes on
        page.unroute("**/api/live*")
        expect(running(page)).to_be_visible()
        assert 4 <= len(anna.problems) <= 8
        anna.forgive("ERR_FAILED")

    @pytest.mark.parametrize(
        "answer",
        [
            {"status": 200, "content_type": "text/html", "body": "<h1>Back soon</h1>"},
            {"status": 200, "content_type": "application/json", "body": '{"mode": "on", "runn'},
            {"status": 429, "body": ""},
        ],
    )
    def test_a_strange_answer_is_not_the_last_one(
        self,
        team: dict[str, User],
        desk: Desk,
        visit: Visit,
        expect: Any,
        answer: dict[str, Any],
    ) -> None:
        anna = visit(team["anna"])
        page = anna.open(LIST)
        expect(strip(page)).to_be_hidden()
        served = []

        def serve(route: Any) -> None:
            route.fulfill(**answer)
            served.append(route)

        page.route("**/api/live*", serve)
        eventually(lambda: bool(served), page)
        page.unroute("**/api/live*")
        talk(desk)
        expect(running(page)).to_be_visible()
        if answer["status"] == 429:
            eventually(lambda: any("429" in one for one in anna.problems), page)
            anna.forgive("429")

    @pytest.mark.parametrize("in_session", [False, True])
    def test_csrf_tokens_out_of_reach(
        self, in_session: bool, team: dict[str, User], desk: Desk, visit: Visit, expect: Any,
        settings: Any,
    ) -> None:  # fmt: skip
        settings.CSRF_COOKIE_HTTPONLY = True
        settings.CSRF_USE_SESSIONS = in_session
        call = talk(desk)
        page = visit(team["anna"]).open(LIST)
        running(page).get_by_role("button", name="Note").click()
        field = note_field(page)
        field.fill("x")
        field.press("Control+Enter")
        expect(field).to_have_count(0)
        assert CallWork.objects.get(call=call).note == "x"


def hide(page: Any, hidden: bool) -> None:
    """What the browser does when another tab covers this one; headless ones never do."""
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )
