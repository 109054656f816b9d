"""The page on installation is carried out, word for word, in a new project of somebody else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from django_mango.testing import running_sandbox

ROOT = Path(__file__).resolve().parent.parent.parent
MODELS = """
from django.db import models

class Contact(models.Model):
    name = models.CharField(max_length=200)
    phone = models.CharField(max_length=40, blank=True)
    mobile = models.CharField(max_length=40, blank=True)
"""
CLIENT = """
from crm.models import Contact
Contact.objects.create(name="Orlov", phone="8 (916) 123-45-67")
Contact.objects.bulk_create([Contact(name="Belova", mobile="+7 903 765-43-21")])
"""
JOIN = """
from django.contrib.auth.models import User
from django_mango.models import Employee
Employee.objects.filter(addresses__value="101").update(user=User.objects.get(username="anna"))
"""


class Host:
    """A project as ``startproject`` makes it, with one application that knows nothing of us."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self.directory = directory
        # What the tests' own settings use must not leak into a project of somebody else.
        kept = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
        self.environment = {**kept, "PYTHONPATH": str(ROOT), **environment}
        self._run("-m", "django", "startproject", "crmsite", ".")
        self.manage("startapp", "crm")
        (directory / "crm" / "models.py").write_text(MODELS, encoding="utf-8")
        self.append("settings.py", 'INSTALLED_APPS += ["crm"]')
        self.manage("makemigrations", "crm")
        self.manage("migrate")

    def append(self, name: str, text: str) -> None:
        with (self.directory / "crmsite" / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{text}\n")

    def manage(self, *arguments: str) -> str:
        """What a command prints; it must succeed."""
        return self._run("manage.py", *arguments)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", *arguments],
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout


@pytest.mark.parametrize("page", ["install.md", "install.ru.md"])
def test_from_nothing_to_the_first_call(page: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    settings, urls = re.findall(r"^```python\n(.*?)^```", text, re.S | re.M)[:2]
    with running_sandbox(calls=20, days=2, enforce_limits=False) as pbx:
        host = Host(tmp_path, {"MANGO_API_URL": pbx.url})
        host.append("settings.py", settings)
        host.append("urls.py", urls)
        host.manage("migrate")
        assert "no issues" in host.manage("check")
        host.manage("createsuperuser", "--noinput", "--username", "anna", "--email", "a@b.example")
        host.manage("shell", "-c", CLIENT)
        assert "employees 7 (new 7" in host.manage("mango_sync")
        assert "Added: 1" in host.manage("mango_index_numbers")
        host.manage("shell", "-c", JOIN)
        assert "+7 916 123-45-67" in host.manage("mango_call", "89161234567", "--user", "anna")
        assert_only_warnings(host.manage("mango_doctor", "--user", "anna"))
        assert pbx.notifications, "the telephone of the PBX did not ring"


def assert_only_warnings(printed: str) -> None:
    assert "[problem]" not in printed
    assert "[ok]" in printed
