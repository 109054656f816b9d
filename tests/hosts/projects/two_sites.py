"""A host whose salespeople have an admin site of their own; no site is named ``admin``."""

from __future__ import annotations

from tests.hosts.base import *  # noqa: F403
from tests.hosts.base import MANGO as _MANGO

ROOT_URLCONF = "tests.hosts.urls.two_sites"
HOST_SITES = ["tests.hosts.sites.office", "tests.hosts.sites.sales"]
MANGO = {**_MANGO, "ADMIN_SITES": HOST_SITES}
HOST_SITE = "sales"
