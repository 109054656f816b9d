"""One command of a host's life: ``python child.py install|uninstall|look``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import django
from django.core.management import call_command


def install() -> None:
    from django.contrib.auth.models import User

    from example_project.crm.models import Contact

    call_command("migrate", verbosity=0)
    User.objects.create_superuser("boss")
    Contact.objects.create(name="Sergey Orlov", mobile="8 (916) 123-45-67")
    assert look() > 0


def look() -> int:
    """How often the host's pages speak of telephony."""
    from django.contrib.auth.models import User
    from django.test import Client
    from django.urls import reverse

    from example_project.crm.models import Contact

    client = Client()
    client.force_login(User.objects.get())
    contact = Contact.objects.get()
    found = 0
    for url in (
        reverse("admin:index"),
        reverse("admin:crm_contact_changelist"),
        reverse("admin:crm_contact_change", args=[contact.pk]),
        reverse("admin:crm_contact_history", args=[contact.pk]),
    ):
        page = client.get(url)
        assert page.status_code == 200, url
        found += page.content.decode().count("mango")
    return found


def main() -> None:
    django.setup()
    if sys.argv[1] == "install":
        install()
    elif sys.argv[1] == "uninstall":
        call_command("migrate", "django_mango", "zero", verbosity=0)
    else:
        call_command("check", fail_level="WARNING")
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)
        call_command("migrate", verbosity=0)
        assert look() == 0
        assert not [name for name in sys.modules if name.startswith("django_mango")]


if __name__ == "__main__":
    main()
