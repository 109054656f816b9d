"""The example's CRM with telephony, on the database telephony will be taken out of."""

import os

from tests.settings import *  # noqa: F403 - a settings module

DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["REMOVAL_DATABASE"]}
}
