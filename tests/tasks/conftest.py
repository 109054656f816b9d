"""An account with a PBX of its own, and processes that find both."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from django_mango.models import Account
from django_mango.sandbox import Sandbox
from django_mango.testing import running_sandbox


@pytest.fixture
def account() -> Account:
    return Account.objects.create(alias="default")


@pytest.fixture
def pbx() -> Iterator[Sandbox]:
    mango = django_settings.MANGO
    with running_sandbox(
        calls=60,
        days=2,
        statistics_delay=0,
        api_key=mango["API_KEY"],
        api_salt=mango["API_SALT"],
        enforce_limits=False,
    ) as running:
        yield running


@pytest.fixture
def child(pbx: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes started here get this test's database and PBX."""
    settings.SETTINGS_MODULE = "tests.tasks.settings"
    monkeypatch.setenv("CHILD_DATABASE", str(connection.settings_dict["NAME"]))
    monkeypatch.setenv("CHILD_API_URL", pbx.url)


def until(happens: Callable[[], bool], patience: float = 60.0) -> bool:
    """Wait for what another process does; false when it never comes."""
    end = time.monotonic() + patience
    while not happens():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
