"""Help for the tests of whoever integrates this application.

A whole PBX on a free loopback port, in the test's own process::

    from django_mango.testing import running_sandbox

    with running_sandbox(speed=50, webhook=live_server.url + "/mango/default/") as pbx:
        settings.MANGO = {**settings.MANGO, "API_URL": pbx.url}
        pbx.incoming_call("79161234567", to="101")
        assert pbx.wait_idle()

With pytest, name the module as a plugin in the root ``conftest.py`` and ask for
the fixture; options come from a mark::

    pytest_plugins = ["django_mango.testing"]

    @pytest.mark.mango_sandbox(speed=50, enforce_limits=False)
    def test_call(mango_sandbox): ...

Options are those of ``SandboxOptions``. The key and salt are ``demo-key`` and
``demo-salt`` unless given. pytest itself is needed for the fixture only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .sandbox import Sandbox, SandboxOptions

try:
    import pytest
except ImportError:  # the context manager serves any test runner
    pytest = None  # type: ignore[assignment]  # there is no other way to say "absent"

__all__ = ["Sandbox", "SandboxOptions", "running_sandbox"]


@contextmanager
def running_sandbox(**options: Any) -> Iterator[Sandbox]:
    """A started PBX on a free port, stopped with all its threads at the end.

    Takes the fields of ``SandboxOptions``; raises ``OptionError`` for one that
    makes no sense.
    """
    pbx = Sandbox(SandboxOptions(**{"port": 0, **options}))
    try:
        yield pbx.start()
    finally:
        pbx.stop()


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known, so that ``--strict-markers`` accepts it."""
    config.addinivalue_line(
        "markers", "mango_sandbox(**options): options of the mango_sandbox fixture"
    )


if pytest is not None:

    @pytest.fixture
    def mango_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
        """A started sandbox PBX on a free port, stopped after the test."""
        mark = request.node.get_closest_marker("mango_sandbox")
        with running_sandbox(**(mark.kwargs if mark else {})) as pbx:
            yield pbx
