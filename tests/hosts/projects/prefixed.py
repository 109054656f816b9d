"""A host whose pages have their language in the address, the default one too."""

from __future__ import annotations

from tests.hosts.base import *  # noqa: F403

ROOT_URLCONF = "tests.hosts.urls.prefixed"
