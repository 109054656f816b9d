"""DjangoCRM calls through us the way it calls every provider."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils.module_loading import import_string

from django_mango.models import Command, Employee, EmployeeAddress
from tests.services.calling_bench import CLIENT, KEY, SALT, Service, Team, mango, reply

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django_mango.contrib.djangocrm.MangoBackend"


def get_callback(from_number: str, to_number: str, **options: Any) -> dict[str, Any]:
    """As DjangoCRM does it: the class by its path, the options as they stand in the setting."""
    backend = import_string(BACKEND)(**{"key": KEY, "secret": SALT, **options})
    answer = backend.make_query(from_number, to_number)
    assert isinstance(answer, str)
    value = json.loads(answer)
    assert isinstance(value, dict)
    return value


def test_a_call(team: Team, pbx: Service) -> None:
    assert get_callback("101", "8 (916) 123-45-67")["status"] == "success"
    command = Command.objects.get()
    assert (command.user, command.number) == (team.anna, CLIENT)
    assert pbx.requests[0].payload["from"] == {"extension": "101", "number": ""}


def test_a_page_loaded_again_is_no_second_call(team: Team, pbx: Service) -> None:
    for _again in range(2):
        assert get_callback("101", CLIENT)["status"] == "success"
    assert len(pbx.requests) == 1


@pytest.mark.parametrize(
    ("from_number", "to_number", "options"),
    [
        ("999", CLIENT, {}),
        ("", CLIENT, {}),
        ("101", "not a number", {}),
        ("101", "+44 20 7946 0958", {}),
        ("101", CLIENT, {"key": "another"}),
        ("101", CLIENT, {"secret": "another"}),
        ("101", CLIENT, {"secret": "другой"}),
    ],
)
def test_what_cannot_be_is_one_line(
    team: Team,
    pbx: Service,
    from_number: str,
    to_number: str,
    options: dict[str, str],
) -> None:
    answer = get_callback(from_number, to_number, **options)
    assert answer["status"] == "error"
    assert answer["message"]
    assert "\n" not in answer["message"]
    assert KEY not in answer["message"]
    assert pbx.requests == []


def test_a_refusal_of_the_pbx_is_told_in_words(team: Team, pbx: Service) -> None:
    pbx.answers(reply({"result": 3310}))
    answer = get_callback("101", CLIENT)
    assert answer["status"] == "error"
    assert "3310" in answer["message"]


def test_the_right_is_that_of_the_user_behind_the_telephone(
    team: Team,
    pbx: Service,
) -> None:
    team.anna.user_permissions.clear()
    assert get_callback("101", CLIENT)["status"] == "error"


def test_a_telephone_of_nobody_has_no_right_and_no_cap(team: Team, pbx: Service) -> None:
    desk = Employee.objects.create(account=team.account, name="Стойка")
    EmployeeAddress.objects.create(employee=desk, value="200")
    answer = get_callback("200", CLIENT)
    assert answer["status"] == "error"
    assert "200" in answer["message"]
    assert pbx.requests == []
    refused = Command.objects.get()
    assert (refused.problem, refused.error, refused.employee) == ("not_allowed", "permission", desk)


def test_under_atomic_requests_it_is_sent_with_the_commit(
    team: Team,
    pbx: Service,
) -> None:
    with transaction.atomic():
        assert get_callback("101", CLIENT)["status"] == "success"
        assert pbx.requests == []
    assert len(pbx.requests) == 1


def test_one_of_several_accounts_is_named_by_its_keys(
    team: Team,
    pbx: Service,
) -> None:
    other = {"API_KEY": "k2", "API_SALT": "s2"}
    both = {"default": mango(pbx.url), "other": other}
    with override_settings(MANGO={"ACCOUNTS": both}):
        assert get_callback("101", CLIENT)["status"] == "success"
        assert get_callback("101", CLIENT, key="k2", secret="s2")["status"] == "error"


def test_nothing_secret_is_kept() -> None:
    backend = import_string(BACKEND)(key=KEY, secret=SALT)
    assert KEY not in repr(vars(backend))
    assert SALT not in repr(vars(backend))
