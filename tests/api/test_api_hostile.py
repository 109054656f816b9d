"""What no page of ours would ever send: answered in JSON, never by an error of the server."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from django_mango.models import Account, Call, Command, Preference
from django_mango.sandbox import Sandbox
from tests.admin.conftest import account, anna, make_call, page_of, pbx

__all__ = ["account", "anna", "pbx"]

pytestmark = pytest.mark.django_db(transaction=True)

API = "/mango/api/"
NUMBER = "+79161234567"
HUGE = "9" * 6000


@pytest.mark.parametrize("idle", ["nan", "inf", "-inf", "1e400", "-5", "x", ""])
def test_any_idle_time_is_answered(anna: User, idle: str) -> None:
    answer = page_of(anna).get(f"{API}live", {"idle": idle})
    assert answer.status_code == 200
    assert 0 < float(answer["X-Mango-Poll"]) < 60


@pytest.mark.parametrize("until", ["nan", "inf", "-inf", "1e300", "", "x", "-1e11", "-62135596800"])
def test_no_moment_breaks_what_was_seen(anna: User, until: str) -> None:
    answer = page_of(anna).post(f"{API}seen", {"until": until})
    assert answer.status_code in (200, 400)
    assert page_of(anna).get(f"{API}live").status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        {"number": NUMBER, "employee": HUGE},
        {"number": NUMBER, "employee": "٣" * 4},
        {"number": NUMBER, "employee": "-1"},
        {"number": "\0"},
        {"number": HUGE},
        {"number": f"{'x' * 3000}{NUMBER}"},
        {"number": "‮" + "<script>" * 100},
        {"click": HUGE},
        {"click": "WzFd:1:1"},
        {},
    ],
)
def test_what_is_no_number_or_nobody_is_refused(
    anna: User, pbx: Sandbox, form: dict[str, str]
) -> None:
    answer = page_of(anna).post(f"{API}call", form, headers={"Accept": "application/json"})
    assert answer.status_code == 400, answer.content
    assert answer.json()["text"]
    assert not Command.objects.exclude(problem=Command.Problem.NOT_ALLOWED).exists()
    page = page_of(anna).post(f"{API}call", form, headers={"Accept": "text/html"})
    assert page.status_code == 400
    assert b"<script>" not in page.content


@pytest.mark.parametrize("note", ["a\0b", "x" * 10_001, "\0", "￿\U0001f600"])
def test_any_note_is_written_or_refused(anna: User, account: Account, note: str) -> None:
    call = make_call(account, "hostile")
    Call.objects.filter(pk=call.pk).update(employee=None)
    answer = page_of(anna).post(f"{API}calls/{call.pk}/note", {"note": note, "version": "\0"})
    assert answer.status_code in (200, 400, 403, 404, 409)


@pytest.mark.parametrize("path", ["calls/{}/hang-up", "calls/{}/note"])
@pytest.mark.parametrize("pk", ["0", "9" * 18, "9" * 40, "9" * 5000])
def test_no_key_is_too_large(anna: User, path: str, pk: str) -> None:
    answer = page_of(anna).post(API + path.format(pk), {})
    assert answer.status_code in (403, 404)
    assert answer["Content-Type"] == "application/json"


def test_a_mode_nobody_offers_is_refused(anna: User) -> None:
    for mode in ("loud", "\0", HUGE):
        assert page_of(anna).post(f"{API}notifications", {"mode": mode}).status_code == 400
    assert not Preference.objects.exclude(notifications="").exists()


@pytest.mark.parametrize(
    "path", ["csrf", "call", "live", "calls/1/hang-up", "calls/1/note", "seen", "notifications"]
)
def test_strangers_are_told_so_in_json(client: Client, db: Any, path: str) -> None:
    for method in (client.get, client.post):
        answer = method(API + path, headers={"Accept": "text/html"})
        assert answer.status_code in (401, 405)
        assert answer["Content-Type"] == "application/json"
