"""``mango_sync``: what it says and its exit codes."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from django_mango.models import Employee
from django_mango.testing import running_sandbox

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("mango_sync", *arguments, stdout=out, stderr=out)
    return out.getvalue()


@pytest.fixture
def company(settings: Any) -> Any:
    with running_sandbox(enforce_limits=False) as pbx:
        settings.MANGO = {"API_KEY": "demo-key", "API_SALT": "demo-salt", "API_URL": pbx.url}
        yield pbx


def test_it_loads_and_says_what_is_left_to_do(company: Any) -> None:
    told = run()
    assert "default: employees 7 (new 7, changed 0, gone 0), groups 2, lines 3" in told
    assert "0 suggested, 7 without a suggestion" in told


def test_trying(company: Any) -> None:
    assert "Nothing is changed" in run("--dry-run")
    assert not Employee.objects.exists()


def test_quiet(company: Any) -> None:
    assert run("--verbosity", "0") == ""
    assert Employee.objects.count() == 7


def test_a_refusal_is_1_and_wrong_settings_are_2(settings: Any, company: Any) -> None:
    settings.MANGO = {**settings.MANGO, "API_KEY": "wrong"}
    with pytest.raises(CommandError) as refused:
        run()
    assert refused.value.returncode == 1
    assert "\n" not in str(refused.value)
    with pytest.raises(CommandError) as unknown:
        run("--account", "nowhere")
    assert unknown.value.returncode == 2
    with pytest.raises(CommandError) as both:
        run("--account", "default", "--all-accounts")
    assert both.value.returncode in (1, 2)


def test_one_bad_account_harms_no_other(settings: Any, company: Any) -> None:
    good = settings.MANGO
    settings.MANGO = {"ACCOUNTS": {"a": {**good, "API_KEY": "wrong"}, "b": good}}
    with pytest.raises(CommandError) as failed:
        run("--all-accounts")
    assert failed.value.returncode == 1
    assert "a" in str(failed.value)
    assert Employee.objects.filter(account__alias="b").count() == 7
