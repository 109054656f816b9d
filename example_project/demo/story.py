"""What the demo does with a CRM and a PBX: load people and a month of calls, place one, show all.

Imported after ``django.setup()``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from django_mango import services
from django_mango.models import Call, CallRecord, Command
from example_project.crm.models import Contact

from . import report
from .failure import Failure
from .servers import DAYS

#: Seconds the demo call may take from click to the end of talking.
LONGEST_CALL = 60.0
CALLER = "anna"
CALLED = "Сергей Орлов"


def tell(start_site: Callable[[], str]) -> None:
    """Set the database up, import, call, print what was stored; ``Failure`` says what broke.

    ``start_site`` starts the site and returns its address; notifications arrive there.
    """
    # A report for developers, whatever language the pages have.
    with translation.override("en"):
        report.step("Creating the database and loading the team")
        call_command("migrate", verbosity=0)
        call_command("load_team", verbosity=0)
        address = start_site()
        report.step("Loading employees, groups and lines of the PBX")
        _load_people()
        report.step(f"Importing {DAYS} days of call statistics")
        _import(timedelta(days=DAYS))
        call = _place_call()
        report.step("Importing the last hour: statistics and notifications meet in one call")
        _import(timedelta(hours=1))
        call.refresh_from_db()
        report.show_call(call)
        report.show_logins(address)
        report.show_pages(address)


def _load_people() -> None:
    try:
        call_command("mango_sync", stdout=sys.stdout, stderr=sys.stderr)
    except CommandError as error:
        raise Failure(f"the people of the PBX: {error}") from error


def _import(period: timedelta) -> None:
    now = timezone.now()
    try:
        call_command(
            "mango_import_stats",
            since=now - period,
            until=now,
            stdout=sys.stdout,
            stderr=sys.stderr,
        )
    except CommandError as error:
        raise Failure(f"the import: {error}") from error
    records, calls = CallRecord.objects.count(), Call.objects.count()
    if not records or not calls:
        raise Failure("the import brought no calls")
    report.line("stored now", f"{records} rows of statistics, {calls} calls")


def _place_call() -> Call:
    user = User.objects.get(username=CALLER)
    contact = Contact.objects.get(name=CALLED)
    report.step(f"{user.get_full_name()} calls {contact.name}, {contact.mobile}")
    try:
        command = services.place_call(user, contact.mobile, target=contact)
    except services.UserError as error:
        raise Failure(f"the call was not placed: {error}") from error
    report.line("command", services.outcome_text(command))
    deadline = time.monotonic() + LONGEST_CALL
    while time.monotonic() < deadline:
        command = Command.objects.select_related("call__employee").get(pk=command.pk)
        if command.status in (Command.Status.REFUSED, Command.Status.FAILED):
            raise Failure(services.outcome_text(command))
        if command.call and command.call.is_final:
            return command.call
        time.sleep(0.3)
    raise Failure(f"the call had not ended after {LONGEST_CALL:.0f} seconds ({command.status})")
