"""Which keys ``mango_sandbox`` takes, and that no salt is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import override_settings

from django_mango.management.commands import mango_sandbox
from django_mango.sandbox import SandboxOptions, cli
from tests.commands.conftest import Ran

Run = Callable[..., Ran]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[SandboxOptions]:
    """The options a sandbox was started with; it ends at once instead of on a signal."""
    options: list[SandboxOptions] = []

    def run(given: SandboxOptions, out: Any = None) -> int:
        options.append(given)
        print("ready", file=out, flush=True)
        return 0

    monkeypatch.setattr(cli, "run", run)
    return options


TWO = {
    "ACCOUNTS": {
        "north": {"API_KEY": "key-n", "API_SALT": "salt-n"},
        "south": {"API_KEY": "key-s", "API_SALT": "salt-s"},
    }
}


@pytest.mark.parametrize(
    ("mango", "arguments", "keys"),
    [
        ({"API_KEY": "k", "API_SALT": "s"}, (), ("k", "s")),
        ({}, (), ("demo-key", "demo-salt")),
        (TWO, ("--account", "south"), ("key-s", "salt-s")),
        ({"API_KEY": "k", "API_SALT": "s"}, ("--api-key", "x", "--api-salt", "y"), ("x", "y")),
    ],
)
def test_the_keys_come_from_the_settings(
    run: Run,
    started: list[SandboxOptions],
    mango: dict[str, Any],
    arguments: tuple[str, ...],
    keys: tuple[str, str],
) -> None:
    with override_settings(MANGO=mango):
        assert run("mango_sandbox", *arguments) == Ran(0, "ready\n", "", "")

    (options,) = started
    assert (options.api_key, options.api_salt) == keys
    assert options.webhook == ""
    assert options.port == SandboxOptions().port


@pytest.mark.parametrize("arguments", [(), ("--account", "west")])
def test_an_account_is_not_guessed(
    run: Run, started: list[SandboxOptions], arguments: tuple[str, ...]
) -> None:
    with override_settings(MANGO=TWO):
        done = run("mango_sandbox", *arguments)

    assert done.code == 2
    assert "north, south" in done.error
    assert started == []


@pytest.mark.parametrize(
    "arguments", [("--host", "0.0.0.0"), ("--speed", "0"), ("--webhook", "ftp://x")]
)
def test_options_that_make_no_sense_are_2(
    run: Run, started: list[SandboxOptions], arguments: tuple[str, ...]
) -> None:
    done = run("mango_sandbox", *arguments)

    assert (done.code, done.out) == (2, "")
    assert arguments[0] in done.error


def test_the_help_shows_every_option_and_no_salt(capsys: Any) -> None:
    parser = mango_sandbox.Command().create_parser("manage.py", "mango_sandbox")

    text = parser.format_help()

    for option in ("--host", "--port", "--seed", "--calls", "--days", "--speed", "--chaos"):
        assert option in text
    assert "test-salt" not in text
