"""One themed project in a process of its own: open its pages, print them as JSON.

DJANGO_SETTINGS_MODULE=tests.themes.site_unfold python child.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import django
from django.core.management import call_command


def main() -> None:
    django.setup()
    from django.test import Client
    from django.urls import reverse

    from tests.themes import world

    call_command("migrate", verbosity=0)
    rows = world.build()
    world.dress()
    firm, contact, deal = rows["company"], rows["contact"], rows["deal"]
    pages = {
        "contacts": ("boss", reverse("admin:crm_contact_changelist")),
        "contact": ("boss", reverse("admin:crm_contact_change", args=[contact.pk])),
        "companies": ("boss", reverse("admin:crm_company_changelist")),
        "company": ("boss", reverse("admin:crm_company_change", args=[firm.pk])),
        "deals": ("boss", reverse("admin:crm_deal_changelist")),
        "deal": ("boss", reverse("admin:crm_deal_change", args=[deal.pk])),
        "confirm": (
            "boss",
            reverse("admin:django_mango_call_place", args=["crm", "contact", contact.pk]),
        ),
        "calls": ("boss", reverse("admin:django_mango_call_changelist")),
        "imports": ("boss", reverse("admin:django_mango_statsimport_changelist")),
        "completeness": ("boss", reverse("admin:django_mango_statsimport_completeness")),
        "viewed contacts": ("viewer", reverse("admin:crm_contact_changelist")),
        "viewed contact": ("viewer", reverse("admin:crm_contact_change", args=[contact.pk])),
        "viewed company": ("viewer", reverse("admin:crm_company_change", args=[firm.pk])),
        "viewed deal": ("viewer", reverse("admin:crm_deal_change", args=[deal.pk])),
    }
    found = {}
    for name, (user, url) in pages.items():
        client = Client()
        client.force_login(rows[user])
        answer = client.get(url)
        found[name] = {"status": answer.status_code, "html": answer.content.decode()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
