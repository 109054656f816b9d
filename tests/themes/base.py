"""What the projects of all themes have in common: the small CRM, telephony, one database file."""

from __future__ import annotations

import os
from typing import Any

from tests.settings import *  # noqa: F403 - a settings module
from tests.settings import DATABASES as _DATABASES
from tests.settings import INSTALLED_APPS as PLAIN_APPS
from tests.settings import MANGO as PLAIN_MANGO

DATABASES: dict[str, dict[str, Any]] = _DATABASES
if "THEME_CHILD" in os.environ:  # opens pages without a server and a test around it
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
ROOT_URLCONF = "tests.themes.urls"
# The related path has no field in the forms and lists of its model.
MANGO = {
    **PLAIN_MANGO,
    "PHONE_FIELDS": {
        "crm.Company": ["phone"],
        "crm.Contact": ["phone", "mobile"],
        "crm.Deal": ["contact__mobile"],
    },
    "API_URL": os.environ.get("THEME_API_URL", PLAIN_MANGO["API_URL"]),
}
X_FRAME_OPTIONS = "SAMEORIGIN"
SILENCED_SYSTEM_CHECKS = ["security.W019"]


def apps_with(*theme: str) -> list[str]:
    """The apps of a project that wears a theme; themes come first, as they all demand."""
    return [*theme, *PLAIN_APPS]
