"""The example's CRM after telephony was taken out: no app, no setting, no URL line."""

import os

from tests.settings import *  # noqa: F403 - a settings module
from tests.settings import INSTALLED_APPS as ALL_APPS

INSTALLED_APPS = [app for app in ALL_APPS if app != "django_mango"]
ROOT_URLCONF = "tests.removal.urls"
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["REMOVAL_DATABASE"]}
}
del MANGO  # noqa: F821 - it came with the star
