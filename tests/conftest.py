"""What every test gets: a network that ends at this machine, and marks for databases."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A machine under load is no failure: examples are judged by what they find, not by their time.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_configure() -> None:
    """Let Ctrl-C reach the processes tests start.

    A shell starts its background jobs, and thereby all they start, deaf to it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, the tests that need another database than the one in use."""
    vendor = os.environ.get("DATABASE", "sqlite")
    for item in items:
        mark = item.get_closest_marker("database")
        if mark and vendor not in mark.args:
            wanted = " or ".join(mark.args)
            item.add_marker(pytest.mark.skip(reason=f"needs DATABASE={wanted}, this is {vendor}"))


@pytest.fixture(autouse=True)
def _no_memory_of_another_test() -> None:
    """A process remembers accounts and employees for seconds, rows of a test live shorter.

    The language of the last page asked for stays active in its thread.
    """
    from django.utils import translation

    from django_mango.services.caching import forget
    from django_mango.services.watching import forget_looks

    forget()
    forget_looks()
    translation.deactivate()


class NetworkForbidden(AssertionError):
    """A test tried to leave this machine."""


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """No test reaches a real PBX, not even by mistake."""
    original = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex")}

    def guarded(name: str) -> Any:
        def call(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
                raise NetworkForbidden(f"tests may not connect to {address[0]!r}")
            return original[name](self, address)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in original:
            patch.setattr(socket.socket, name, guarded(name))
        yield


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


if os.environ.get("DATABASE") == "postgresql":

    @pytest.fixture(autouse=True, scope="session")
    def _no_session_left(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
        """Killed children have sessions until the server notices: they must not keep the database.

        Ends before the database is dropped, because it needs it.
        """
        yield
        from django.db import connection

        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
