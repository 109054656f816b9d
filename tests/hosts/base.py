"""What the host projects have in common: a CRM with contacts, telephony by settings alone."""

from __future__ import annotations

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as _APPS
from tests.settings import MANGO as _MANGO

INSTALLED_APPS = [*_APPS, "tests.hosts.directory"]
MANGO = {**_MANGO, "PHONE_FIELDS": {"hostdirectory.Client": ["phone", "mobile"]}}
