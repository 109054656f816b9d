from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from django_mango.conf import DEFAULT_ALIAS

from ...loading import load_team


class Command(BaseCommand):
    help = "Create the demo's users, employees, customers and deals. May be repeated."

    def handle(self, **options: Any) -> None:
        load_team(DEFAULT_ALIAS)
        if options["verbosity"]:
            self.stdout.write("The team is there: admin, maria, anna, petr (password = name).")
