"""The small team and the service of the tests of sending."""

from __future__ import annotations

import pytest

from tests.services.calling_bench import _fresh_clients, pbx, service, team  # noqa: F401


@pytest.fixture(autouse=True)
def _no_client_left_over(_fresh_clients: None) -> None:  # noqa: F811
    """Rate limits are kept per client; each test has its own."""
