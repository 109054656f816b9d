"""Taking the app out leaves a working host and no table of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = """
from tests.hosts.base import *
from tests.hosts.base import INSTALLED_APPS as _APPS
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": %(database)r}}
"""
WITHOUT = """
INSTALLED_APPS = [app for app in _APPS if app != "django_mango"]
ROOT_URLCONF = "urls_without"
del MANGO
"""
URLS = """
from django.contrib import admin
from django.urls import path
urlpatterns = [path("admin/", admin.site.urls)]
"""
LOOK = """
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
assert not [t for t in connection.introspection.table_names() if "mango" in t]
boss = get_user_model().objects.create_superuser("boss")
client = Client()
client.force_login(boss)
for url in ("/admin/", "/admin/hostdirectory/client/", "/admin/hostdirectory/client/add/"):
    page = client.get(url)
    assert page.status_code == 200, url
    assert "mango" not in page.content.decode(), url
print("the host works")
"""


def test_the_host_works_after_it(tmp_path: Path) -> None:
    text = SETTINGS % {"database": str(tmp_path / "host.sqlite3")}
    (tmp_path / "settings_with.py").write_text(text)
    (tmp_path / "settings_without.py").write_text(text + WITHOUT)
    (tmp_path / "urls_without.py").write_text(URLS)

    def manage(settings: str, *arguments: str) -> str:
        path = os.pathsep.join([str(ROOT), str(tmp_path)])
        result = subprocess.run(
            [sys.executable, "-W", "error", "-m", "django", *arguments],
            env={**os.environ, "PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": settings},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert result.returncode == 0, result.stderr[-3000:]
        return result.stdout

    manage("settings_with", "migrate", "--verbosity", "0")
    manage("settings_with", "migrate", "django_mango", "zero", "--verbosity", "0")
    manage("settings_without", "check")
    manage("settings_without", "migrate", "--check")
    assert "the host works" in manage("settings_without", "shell", "-c", LOOK)
