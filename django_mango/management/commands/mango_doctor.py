"""``manage.py mango_doctor``: what works, what does not, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ...services.doctor import examine
from ...services.findings import Finding, Level
from ...services.user_doctor import examine_user
from ..base import FAILED, NOT_TRIED, MangoCommand

_WORDS = {
    Level.OK: gettext_lazy("ok"),
    Level.WARNING: gettext_lazy("warning"),
    Level.PROBLEM: gettext_lazy("problem"),
}


class Command(MangoCommand):
    summary = gettext_lazy(
        "Say what works and what does not; with --user, why somebody sees no calls or no button."
    )
    # The settings are examined here, in words; they must not stop the examination.
    requires_system_checks: Any = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", metavar="USERNAME", help=_("examine this user of the CRM"))

    def handle(
        self, *args: Any, user: str | None = None, verbosity: int = 1, **options: Any
    ) -> None:
        findings = examine_user(_user_named(user)) if user is not None else examine()
        self.work_begins()
        problems = self._tell(findings, verbosity)
        if problems:
            raise CommandError(
                ngettext("%(count)d problem.", "%(count)d problems.", problems)
                % {"count": problems},
                returncode=FAILED,
            )

    def _tell(self, findings: Iterable[Finding], verbosity: int) -> int:
        problems = 0
        for one in findings:
            problems += one.level is Level.PROBLEM
            if verbosity == 0 and one.level is Level.OK:
                continue
            self.stdout.write(f"[{_WORDS[one.level]}] {one.text}")
            if one.remedy:
                self.stdout.write(f"    {one.remedy}")
        return problems


def _user_named(name: str) -> Any:
    """The user of this name, a switched-off one too: that may be the answer."""
    model = get_user_model()
    user = model._default_manager.filter(**{model.USERNAME_FIELD: name}).first()
    if user is None:
        raise CommandError(_("There is no user “%(name)s”.") % {"name": name}, returncode=NOT_TRIED)
    return user
