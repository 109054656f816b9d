"""What every endpoint for scripts has: JSON refusals, whatever the host's middleware."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from django_mango.models import Account

pytestmark = pytest.mark.django_db

CSRF = "/mango/api/csrf"
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"


@pytest.fixture
def client_of_anna(db: None) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create(username="anna"))
    return client


def test_the_endpoints_stand_before_the_notifications() -> None:
    assert reverse("django_mango:csrf") == CSRF


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", CSRF), ("get", "/mango/api/nothing/here"), ("post", "/mango/api/events/call")],
)
def test_strangers_get_401_and_no_redirect(settings: Any, method: str, path: str) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, LOGIN_REQUIRED]
    settings.LOGIN_URL = "/nowhere/"
    answer = getattr(Client(), method)(path)
    assert answer.status_code == 401
    assert answer.json()["code"] == "login"
    assert answer["Content-Type"] == "application/json"


def test_a_site_without_users_refuses_as_well(settings: Any, rf: Any) -> None:
    from django_mango.api.answers import csrf

    assert csrf(rf.get(CSRF)).status_code == 401


def test_refusals_are_in_the_language_of_the_page() -> None:
    assert "logged out" in Client().get(CSRF, {"language": "en-GB"}).json()["text"]
    assert "Войдите" in Client().get(CSRF, {"language": "ru"}).json()["text"]
    assert "logged out" in Client().get(CSRF, {"language": "xx"}).json()["text"]


def test_no_cache_keeps_an_answer(client_of_anna: Client) -> None:
    control = client_of_anna.get(CSRF)["Cache-Control"]
    assert "private" in control
    assert "no-store" in control


@pytest.mark.parametrize("in_session", [False, True])
def test_the_token_opens_a_post(client_of_anna: Client, settings: Any, in_session: bool) -> None:
    settings.CSRF_USE_SESSIONS = in_session
    settings.CSRF_COOKIE_HTTPONLY = True
    address = "/mango/api/nothing"
    assert client_of_anna.post(address).json()["code"] == "csrf"
    token = client_of_anna.get(CSRF).json()["csrf"]
    answer = client_of_anna.post(address, headers={"X-CSRFToken": token})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_token_is_checked_without_the_hosts_middleware(
    client_of_anna: Client, settings: Any
) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Csrf" not in name]
    assert client_of_anna.post("/mango/api/nothing").json()["code"] == "csrf"
    token = client_of_anna.get(CSRF).json()["csrf"]
    answer = client_of_anna.post("/mango/api/nothing", headers={"X-CSRFToken": token})
    assert answer.status_code == 404


def test_other_methods_are_named(client_of_anna: Client) -> None:
    answer = client_of_anna.put(CSRF)
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD"
    assert answer.json()["code"] == "method"


def test_no_account_can_be_called_so() -> None:
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError):
        Account(alias="api").full_clean()
