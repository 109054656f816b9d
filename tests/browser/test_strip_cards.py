"""The cards of the strip in a real browser, on the plain admin, under a strict policy.

Every visitor's pages must end without a console error and without a violation: ``visit``
looks after that.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from django_mango.models import Call, CallParty, CallWork, Command, Preference
from django_mango.sandbox import Sandbox
from tests.api.conftest import leg

from .conftest import eventually
from .strip_page import (
    LIST,
    ORLOV,
    Desk,
    Visit,
    assert_rests,
    call_mobile,
    card_page,
    note_field,
    ringing,
    running,
    strip,
    talk,
)

NUMBER = "+7 916 123-45-67"

#: What a server says that has no news.
UNCHANGED = {"X-Mango-Poll": "0.3", "X-Mango-Now": "0"}
#: Collects each step the strip shows, however short: a machine under load looks seldom.
STEPS = """() => {
    window.steps = [];
    new MutationObserver(() => {
        const step = document.querySelector(".mango-strip__step");
        const words = step && step.firstChild ? step.firstChild.textContent.trim() : "";
        if (words && words !== window.steps.at(-1)) window.steps.push(words);
    }).observe(document.querySelector(".mango-strip"),
               { childList: true, subtree: true, characterData: true });
}"""


def end(call: Call) -> None:
    now = timezone.now()
    CallParty.objects.filter(call=call).update(ended_at=now)
    Call.objects.filter(pk=call.pk).update(
        state="finished", outcome="answered", ended_at=now, is_final=True, legs=[]
    )


class TestMyCall:
    def test_both_steps_then_hang_up(
        self, team: dict[str, User], pbx: Sandbox, visit: Visit, expect: Any
    ) -> None:
        anna = visit(team["anna"], language="ru")
        page = anna.open(card_page())
        expect(strip(page)).to_be_hidden()
        page.evaluate(STEPS)
        call_mobile(page)
        expect(running(page)).to_contain_text("звоним вам")
        expect(running(page)).to_contain_text("Снимите трубку телефона 101")
        expect(running(page)).to_contain_text("идёт разговор")
        assert page.evaluate("window.steps") == ["звоним вам", "звоним клиенту", "идёт разговор"]
        expect(running(page).locator(".mango-strip__who")).to_have_text(ORLOV)
        running(page).get_by_role("button", name="Положить трубку").click()
        expect(strip(page)).to_be_hidden()
        assert Command.objects.filter(kind="hangup").count() == 1
        eventually(lambda: Call.objects.get().state == "finished")

    def test_it_survives_navigation_reload_and_a_second_tab(
        self, team: dict[str, User], pbx: Sandbox, visit: Visit, expect: Any
    ) -> None:
        anna = visit(team["anna"])
        page = anna.open(card_page())
        call_mobile(page)
        expect(running(page)).to_contain_text("talking")
        page.goto(anna.base + "/admin/crm/company/")
        expect(running(page)).to_contain_text(ORLOV)
        page.reload()
        expect(running(page)).to_contain_text("talking")
        second = anna.open(LIST)
        expect(running(second)).to_contain_text("talking")
        running(second).get_by_role("button", name="Hang up").click()
        expect(strip(second)).to_be_hidden()
        page.bring_to_front()
        expect(strip(page)).to_be_hidden()

    def test_the_timer_counts_and_is_not_read_out(
        self, team: dict[str, User], desk: Desk, visit: Visit, expect: Any
    ) -> None:
        talk(desk)
        page = visit(team["anna"]).open(LIST)
        timer = running(page).get_by_role("timer")
        expect(timer).to_have_text("00:02")
        expect(timer).to_have_attribute("aria-live", "off")

    def test_the_card_of_the_client_opens(
        self, team: dict[str, User], desk: Desk, visit: Visit, expect: Any
    ) -> None:
        talk(desk)
        page = visit(team["anna"]).open(LIST)
        running(page).get_by_role("link", name="Open card").click()
        expect(page).to_have_url(f"{page.url.split('/admin')[0]}{card_page()}")
        expect(running(page)).to_be_visible()

    def test_hiding_leaves_a_small_one_in_all_tabs(
        self, team: dict[str, User], desk: Desk, visit: Visit, expect: Any
    ) -> None:
        talk(desk)
        anna = visit(team["anna"])
        page = anna.open(LIST)
        running(page).get_by_role("button", name="Hide").click()
        expect(running(page).get_by_role("button", name="Hang up")).to_be_hidden()
        other = anna.open(LIST)
        expect(running(other).get_by_role("button", name="Hang up")).to_be_hidden()
        running(other).get_by_role("button", name="Show").click()
        expect(running(other).get_by_role("button", name="Hang up")).to_be_visible()

    def test_the_keyboard_is_enough(
        self, team: dict[str, User], pbx: Sandbox, visit: Visit, expect: Any
    ) -> None:
        anna = visit(team["anna"])
        page = anna.open(card_page())
        call_mobile(page)
        button = running(page).get_by_role("button", name="Hang up")
        button.focus()
        expect(running(page)).to_contain_text("talking")  # the card changed below the focus
        expect(button).to_be_focused()
        page.keyboard.press("Enter")
        expect(strip(page)).to_be_hidden()

    def test_what_cannot_be_ended_is_told_and_may_be_tried_again(
        self, team: dict[str, User], desk: Desk, visit: Visit, expect: Any
    ) -> None:
        talk(desk)
        anna = visit(team["anna"])
        page = anna.open(LIST)
        button = running(page).get_by_role("button", name="Hang up")
        expect(button).to_be_visible()
        page.route("**/api/live*", lambda route: route.fulfill(status=304, headers=UNCHANGED))
        Call.objects.update(legs=[leg("102", "Connected")])  # transferred a moment ago
        button.click()
        expect(running(page)).to_contain_text("There is nothing to hang up")
        expect(button).to_be_enabled()
        page.unroute("**/api/live*")
        expect(button).to_have_count(0)
        anna.forgive("409")

    def test_calls_of_others_do_not_show(
        self, team: dict[str, User], desk: Desk, visit: Visit, expect: Any
    ) -> None:
        talk(desk)
        maria = visit(team["maria"])
        page = maria.open(LIST)
        eventually(lambda: maria.asked("/api/live") >= 3, page)
        expect(strip(page)).to_be_hidden()


class TestIncoming:
    def test_a_card_for_all_who_ring_gone_when_one_answers(
        self, team: dict[str, User], pbx: Sandbox, visit: Visit, expect: Any
    ) -> None:
        anna, petr = visit(team["anna"], language="ru"), visit(team["petr"], language="ru")
        hers, his = anna.open(LIST), petr.open(LIST)
        pbx.incoming_call("79161234567", to="101")
        expect(ringing(hers)).to_contain_text(ORLOV)
        expect(ringing(hers)).to_contain_text("звонит ваш телефон 101")
        expect(hers.get_by_role("alert")).to_contain_text(f"Входящий звонок: {ORLOV} {NUMBER}")
        expect(ringing(hers)).to_have_count(0)
        expect(running(hers)).to_contain_text("идёт разговор")
        expect(strip(his)).to_be_hidden()

    def test_it_vanishes_where_a_colleague_answered(
        self, team: dict[str, User], desk: Desk, visit: Visit, expect: Any
    ) -> None:
        call = desk("anna", "e1", legs=[leg("101"), leg("102")])
        anna = visit(team["anna"])
        page = anna.open(LIST)
        expect(ringing(page)).to_contain_text(ORLOV)
        CallParty.objects.filter(call=call).update(ended_at=timezone.now())
        Call.objects.update(state="talking", legs=[leg("102", "Connected")])
        expect(strip(page)).to_be_hidden()

    def test_hiding_it_is_for_all_tabs_and_for_this_call_only(
        self, team: dict[str, User], desk: Desk, visit: Visit, expect: Any
    ) -> None:
        desk("anna", "e1")
        anna = visit(team["anna"])
        page = anna.open(LIST)
        ringing(page).get_by_role("button", name="Hide").focus()
        page.keyboard.press("Escape")
        expect(strip(page)).to_be_hidden()
        page.reload()
        eventually(lambda: anna.asked("/api/live") >= 4, page)
        expect(strip(page)).to_be_hidden()
        desk("anna", "e2", client_number="+79037654321")
        expect(ringing(page).locator("visible=true")).to_have_count(1)

    def test_an_unknown_number_leads_to_a_form(
        self, team: dict[str, User], desk: Desk, visit: Visit, expect: Any
    ) -> None:
        desk("anna", "e1", client_number="+79990001122")
        page = visit(team["anna"]).open(LIST)
        ringing(page).get_by_role("link", name="Save as: contact").click()
        expect(page.locator("#id_phone")).to_have_value("+79990001122")

    def test_missed_until_seen(
        self, team: dict[str, User], desk: Desk, visit: Visit, expect: Any
    ) -> None:
        now = timezone.now()
        desk("anna", "e1", state="finished", outcome="missed", is_missed=True, ended_at=now,
             is_final=True, part={"ended_at": now})  # fmt: skip
        anna = visit(team["anna"])
        page = anna.open(LIST)
        missed = page.locator(".mango-strip__card--missed")
        expect(missed).to_contain_text(ORLOV)
        missed.get_by_role("button", name="Seen").click()
        expect(strip(page)).to_be_hidden()
        eventually(lambda: Preference.objects.exclude(missed_seen_at=None).exists(), page)
        page.reload()
        expect(strip(page)).to_be_hidden()

    def test_silent_shows_and_says_nothing_off_asks_nothing(
        self, team: dict[str, User], desk: Desk, visit: Visit, expect: Any
    ) -> None:
        desk("anna", "e1")
        Preference.objects.create(user=team["anna"], notifications="silent")
        anna = visit(team["anna"])
        page = anna.open(LIST)
        expect(ringing(page)).to_be_visible()
        expect(page.get_by_role("alert").first).to_have_text("")
        page.goto(f"{anna.base}/admin/django_mango/call/my/")
        page.get_by_label("off: nothing appears by itself").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Your choices are saved.")).to_be_visible()
        with page.expect_response("**/api/live*"):
            page.goto(anna.base + LIST)
        assert_rests(anna, page)
        expect(strip(page)).to_be_hidden()


class TestNote:
    def test_a_draft_survives_navigation_and_is_saved(
        self, team: dict[str, User], desk: Desk, visit: Visit, expect: Any
    ) -> None:
        call = talk(desk)
        anna = visit(team["anna"])
        page = anna.open(LIST)
        running(page).get_by_role("button", name="Note").click()
        note_field(page).fill("Wants an offer")
        page.goto(anna.base + card_page())
        field = note_field(page)
        expect(field).to_have_value("Wants an offer")
        page.reload()
        expect(field).to_have_value("Wants an offer")
        assert not CallWork.objects.exists()
        field.press("Control+Enter")
        expect(field).to_have_count(0)
        work = CallWork.objects.get(call=call)
        assert (work.note, work.noted_by) == ("Wants an offer", team["anna"])

    def test_it_outlives_the_call(
        self, team: dict[str, User], desk: Desk, visit: Visit, expect: Any
    ) -> None:
        call = talk(desk)
        page = visit(team["anna"]).open(LIST)
        running(page).get_by_role("button", name="Note").click()
        field = note_field(page)
        field.fill("Half a sent")
        end(call)
        expect(page.locator(".mango-strip__card--note")).to_contain_text("The call has ended.")
        expect(field).to_have_value("Half a sent")
        field.press_sequentially("ence")
        page.reload()
        expect(field).to_have_value("Half a sentence")
        page.get_by_role("button", name="Save", exact=True).last.click()
        expect(strip(page)).to_be_hidden()
        assert CallWork.objects.get(call=call).note == "Half a sentence"

    def test_two_writers_lose_nothing(
        self, team: dict[str, User], desk: Desk, visit: Visit, expect: Any
    ) -> None:
        call = talk(desk)
        anna = visit(team["anna"])
        page = anna.open(LIST)
        running(page).get_by_role("button", name="Note").click()
        field = note_field(page)
        field.fill("Hers")
        CallWork.objects.create(call=call, note="His")
        field.press("Control+Enter")
        expect(field).to_have_value("His\n\nHers")
        field.press("Control+Enter")
        expect(field).to_have_count(0)
        assert CallWork.objects.get().note == "His\n\nHers"
        anna.forgive("409")

    def test_drafts_of_one_user_are_not_shown_to_the_next(
        self, team: dict[str, User], desk: Desk, visit: Visit, expect: Any
    ) -> None:
        talk(desk)
        anna = visit(team["anna"])
        page = anna.open(LIST)
        running(page).get_by_role("button", name="Note").click()
        note_field(page).fill("Secret")
        anna.log_in(team["petr"])
        page.reload()
        eventually(lambda: anna.asked("/api/live") >= 4, page)
        expect(strip(page)).to_be_hidden()
