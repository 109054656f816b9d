"""Whose telephone: the options ``--user``, ``--extension`` and ``--account``."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from ..models import Employee, EmployeeAddress
from ..services import account_for
from .base import NOT_TRIED


def add_person(group: Any) -> None:
    """``--user`` and ``--extension`` in an argparse group."""
    group.add_argument("--user", metavar="USERNAME", help=_("the CRM user who acts"))
    group.add_argument(
        "--extension", metavar="EXT", help=_("the employee with this extension, as the site itself")
    )


def add_account(parser: Any) -> None:
    """``--account``."""
    parser.add_argument(
        "--account",
        metavar="ALIAS",
        help=_("alias of the PBX account; needed where several are configured"),
    )


def user_named(username: str) -> Any:
    """The active CRM user of this name."""
    model = get_user_model()
    user = model._default_manager.filter(**{model.USERNAME_FIELD: username}).first()
    if user is None or not user.is_active:
        raise CommandError(
            _("There is no active user “%(name)s”.") % {"name": username}, returncode=NOT_TRIED
        )
    return user


def employee_with(extension: str, alias: str | None) -> Employee:
    """The active employee who has this extension now."""
    account = account_for(alias)
    address = (
        EmployeeAddress.objects.filter(
            account=account,
            kind=EmployeeAddress.Kind.EXTENSION,
            value=extension,
            employee__is_active=True,
        )
        .valid_at(timezone.now())
        .select_related("employee__account")
        .first()
    )
    if address is None:
        raise CommandError(
            _("Nobody of the PBX account “%(account)s” has the extension %(extension)s now.")
            % {"account": account.alias, "extension": extension},
            returncode=NOT_TRIED,
        )
    return address.employee
