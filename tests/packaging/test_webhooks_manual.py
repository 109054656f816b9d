"""The page on notifications says what the code does: statuses, signals, verdicts, options."""

import re
from pathlib import Path

from django.core.management import load_command_class
from django.dispatch import Signal

from django_mango import signals
from django_mango.protocol.notifications import canonical_kind
from django_mango.webhooks import views

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "webhooks.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_signals_are_those_there_are():
    existing = {name for name, value in vars(signals).items() if isinstance(value, Signal)}
    assert set(re.findall(r"^\| `(\w+)` \| `\w+` \|", TEXT, re.MULTILINE)) == existing


def test_the_statuses_are_those_of_the_view():
    documented = set(re.findall(r"^(\d{3}) ", views.__doc__, re.MULTILINE))
    assert set(re.findall(r"^\| (\d{3}) \|", TEXT, re.MULTILINE)) == documented


def test_every_option_of_a_command_exists():
    used = re.findall(r"(mango_\w+)((?: [-\w=:.]+)*)", TEXT)
    checked = 0
    for name, arguments in used:
        options = re.findall(r"--[a-z-]+", arguments)
        if not options:
            continue
        parser = load_command_class("django_mango", name).create_parser("manage.py", name)
        known = {option for action in parser._actions for option in action.option_strings}
        assert set(options) <= known, name
        checked += 1
    assert checked >= 5


def test_every_path_is_a_notification():
    paths = set(re.findall(r"`((?:events|result)/[a-z/]+)`", TEXT))
    assert len(paths) >= 8
    assert all(canonical_kind(path) == path for path in paths)
