"""Settings of the test suite: one small host project, on the database named by ``DATABASE``.

``DATABASE`` is ``sqlite`` (default), ``postgresql`` or ``mariadb``; the servers are
found by ``DATABASE_HOST``, ``DATABASE_PORT``, ``DATABASE_USER``, ``DATABASE_PASSWORD``
and ``DATABASE_NAME``. SQLite is a file in write-ahead mode, as in the example project,
because an in-memory database has other locks than the one users run.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from pathlib import Path
from typing import Any

BASE_DIR = Path(__file__).resolve().parent


def _databases() -> dict[str, dict[str, Any]]:
    vendor = os.environ.get("DATABASE", "sqlite")
    if vendor == "sqlite":
        # The process id keeps simultaneous test runs of one machine apart.
        name = Path(tempfile.gettempdir()) / f"django-mango-test-{os.getpid()}.sqlite3"
        return {
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": name,
                "TEST": {"NAME": name},
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "timeout": 20,
                    # Tests may lose their data in a power cut.
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
                },
            }
        }
    server: dict[str, Any] = {
        "NAME": os.environ.get("DATABASE_NAME", "django_mango"),
        "HOST": os.environ.get("DATABASE_HOST", "127.0.0.1"),
        "PORT": os.environ.get("DATABASE_PORT", ""),
        "USER": os.environ.get("DATABASE_USER", "mango"),
        "PASSWORD": os.environ.get("DATABASE_PASSWORD", ""),
    }
    if vendor == "postgresql":
        return {"default": {"ENGINE": "django.db.backends.postgresql", **server}}
    if vendor == "mariadb":
        _without_compiler()
        server["OPTIONS"] = {"charset": "utf8mb4"}
        server["TEST"] = {"CHARSET": "utf8mb4"}
        return {"default": {"ENGINE": "django.db.backends.mysql", **server}}
    raise RuntimeError(f"DATABASE={vendor}: expected sqlite, postgresql or mariadb")


def _without_compiler() -> None:
    """Let PyMySQL stand in for mysqlclient, which needs a compiler to be installed."""
    if importlib.util.find_spec("MySQLdb") is None:
        import pymysql

        # The version whose interface it has; Django asks for it.
        pymysql.version_info = (2, 2, 8, "final", 0)
        pymysql.install_as_MySQLdb()


DATABASES = _databases()

SECRET_KEY = "only for tests"
DEBUG = False
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]

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

ROOT_URLCONF = "tests.urls"
STATIC_URL = "static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
LANGUAGES = [("ru", "Русский"), ("en", "English")]
# Not UTC, so that a time shown or stored in the wrong zone fails a test.
TIME_ZONE = "Europe/Moscow"
USE_TZ = True
USE_I18N = True

# Hashing a password properly takes longer than the test that needs a user.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

MANGO = {
    "PHONE_FIELDS": {"crm.Company": ["phone"], "crm.Contact": ["phone", "mobile"]},
    "API_KEY": "test-key",
    "API_SALT": "test-salt",
    # The discard port: a test that forgets its fake PBX gets a refused connection.
    "API_URL": "http://127.0.0.1:9/vpbx/",
}
