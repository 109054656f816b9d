"""Settings of the example: everything telephony needs is INSTALLED_APPS, MANGO and one URL line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent

# A demo on the loopback address; a real project keeps its own secret.
SECRET_KEY = os.environ.get("EXAMPLE_SECRET_KEY", "the example runs on this machine only")
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_mango",
    "example_project.crm",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

ROOT_URLCONF = "example_project.urls"
STATIC_URL = "static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("EXAMPLE_DB", str(BASE_DIR / "var" / "example.sqlite3")),
        "OPTIONS": {
            # Notifications, clicks and imports write at the same time: a transaction takes the
            # write lock at its first statement and waits for it, readers are never in the way.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}

LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", _("Russian")), ("en", _("English"))]
TIME_ZONE = "Europe/Moscow"
USE_I18N = True
USE_TZ = True

# The defaults fit `manage.py mango_sandbox`; keys of a real PBX come from the environment.
MANGO: dict[str, Any] = {
    "PHONE_FIELDS": {"crm.Company": ["phone"], "crm.Contact": ["phone", "mobile"]},
    "CARD_OF": "example_project.crm.telephony.card_of",
    "API_KEY": os.environ.get("MANGO_API_KEY") or "demo-key",
    "API_SALT": os.environ.get("MANGO_API_SALT") or "demo-salt",
    "API_URL": os.environ.get("MANGO_API_URL") or "http://127.0.0.1:8765/vpbx/",
}
