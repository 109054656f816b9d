"""What the demo prints."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from django.urls import reverse
from django.utils import timezone

from django_mango.models import Call
from django_mango.protocol import numbers
from example_project.crm.team import PEOPLE

PAGES = (
    ("contacts", "admin:crm_contact_changelist"),
    ("calls", "admin:django_mango_call_changelist"),
    ("now talking", "admin:django_mango_call_now"),
    ("dial pad", "admin:django_mango_dial_pad"),
    ("who is who", "admin:django_mango_employee_mapping"),
    ("completeness", "admin:django_mango_statsimport_completeness"),
)


def step(text: str) -> None:
    """A headline; shown at once, because the next thing may take seconds."""
    print(f"== {text}", flush=True)


def line(name: str, value: object) -> None:
    """One fact under a headline."""
    print(f"   {name:<12} {value}", flush=True)


def show_call(call: Call) -> None:
    """The call as it was stored."""
    step("Stored")
    line("direction", call.get_direction_display())
    line("outcome", call.get_outcome_display())
    line("client", numbers.for_people(call.client_number))
    line("employee", f"{call.employee} (extension {call.extension})")
    line("started", timezone.localtime(call.started_at).strftime("%Y-%m-%d %H:%M:%S %Z"))
    line("waited", f"{call.wait_seconds} s")
    line("talked", f"{call.talk_seconds} s")
    line("known from", call.sources)


def show_logins(address: str) -> None:
    """Where to look, and as whom."""
    step("The admin")
    line("address", f"{address}admin/")
    line("superuser", "admin, password admin")
    for person in PEOPLE:
        if person.username:
            what = f"{person.username}, password {person.username}"
            line(f"extension {person.extension}", f"{what} ({person.name})")


def show_pages(address: str) -> None:
    """Pages worth a look besides those of the index."""
    for title, path in PAGES:
        line(title, f"{address.rstrip('/')}{reverse(path)}")


def show_environment(environment: Mapping[str, str]) -> None:
    """How to run commands on the demo's database and PBX while it goes on."""
    # The sandbox's key and salt are the defaults of the settings: no need to print a salt.
    wanted = {name: environment[name] for name in ("EXAMPLE_DB", "MANGO_API_URL")}
    settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in wanted.items())
    line("commands", f"{settings} .venv/bin/python example_project/manage.py help")
