"""Who calls, from which telephone, and what he may call from the page he looks at."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import conf
from ..conf import CrmUser
from ..models import Account, Employee, EmployeeAddress
from ..protocol.numbers import Number
from .accounts import account_for, settings_of
from .destinations import Destinations
from .directory import employee_of
from .errors import AccountUnknown, NoExtension, PermissionRefused, UserError

#: More than this nobody chooses from in a list.
_MOST_TELEPHONES = 500


def caller_of(
    user: CrmUser | None, employee: Employee | None, account: Account | str | None
) -> Employee:
    """The employee whose telephone is to ring; refuses who may not."""
    if user is not None and not user.has_perm("django_mango.place_call"):
        raise PermissionRefused(gettext_lazy("You may not place calls."), "permission")
    if employee is None:
        wanted = account_for(account) if isinstance(account, str) else account
        found = employee_of(user, wanted)
        if found is None:
            if wanted is None and len(conf.accounts()) < 2:
                account_for()  # says so when nothing is configured
            raise NoExtension(
                gettext_lazy("You have no extension in the PBX: no telephone of yours would ring."),
                "no_extension",
            )
        return found
    own = user is None or employee.user_id == user.pk
    if not own and not user.has_perm("django_mango.place_call_for_others"):  # type: ignore[union-attr] # a missing user owns all
        raise PermissionRefused(
            gettext_lazy("You may not place calls from the telephones of others."), "permission"
        )
    return employee


def telephone_of(caller: Employee, *, is_user: bool) -> str:
    """The extension that rings first; ``is_user`` says that the caller is whom we talk to.

    Raises ``NoExtension`` when there is none, ``AccountUnknown`` when the settings do not
    know his PBX any more.
    """
    settings_of(caller.account)
    extension = caller.extension_at() if caller.is_active else ""
    if not extension:
        raise NoExtension(
            gettext_lazy("You have no extension in the PBX: no telephone of yours would ring.")
            if is_user
            else gettext_lazy("This employee has no extension: no telephone would ring."),
            "no_extension",
        )
    return extension


class Caller:
    """The person who looks at a page with numbers: asked once, not once per number.

    Costs a fixed number of queries, however many numbers the page has, and nothing
    before the first of them.
    """

    def __init__(self, user: CrmUser, account: Account | None = None) -> None:
        self._user = user
        self._account = account

    @property
    def extension(self) -> str:
        """The telephone that would ring first, empty when none would."""
        return self._telephone[1]

    @property
    def must_choose(self) -> bool:
        """Whether he has no telephone here but may let those of others ring."""
        return not self.extension and self._user.has_perm("django_mango.place_call_for_others")

    @property
    def refusal(self) -> str:
        """Why no number can be called at all now, in the language active at the first asking."""
        return self._telephone[2]

    def refusal_of(self, number: Number) -> str:
        """Why this number cannot be called now; empty when it can."""
        if self.refusal or self._destinations is None:
            return self.refusal
        try:
            self._destinations.check(number)
        except UserError as refusal:
            return str(refusal)
        return ""

    @cached_property
    def _telephone(self) -> tuple[Employee | None, str, str]:
        try:
            employee = caller_of(self._user, None, self._account)
            extension = telephone_of(employee, is_user=True)
        except (AccountUnknown, ImproperlyConfigured):
            # Which settings are missing is for the administrator; the system checks tell him.
            return None, "", _("Telephony is not set up.")
        except UserError as refusal:
            return None, "", str(refusal)
        return employee, extension, _locked_out(employee.account)

    @cached_property
    def _destinations(self) -> Destinations | None:
        employee = self._telephone[0]
        return Destinations(employee.account, employee) if employee else None


def telephones(account: Account | None) -> list[tuple[Employee, str]]:
    """Everybody whose telephone could ring, with his extension, by name: one query."""
    addresses = EmployeeAddress.objects.filter(
        kind=EmployeeAddress.Kind.EXTENSION, employee__is_active=True
    ).valid_at(timezone.now())
    if account is not None:
        addresses = addresses.filter(account=account)
    else:
        addresses = addresses.filter(account__alias__in=conf.accounts())
    found: dict[int, tuple[Employee, str]] = {}
    ordered = addresses.select_related("employee__account").order_by(
        "employee__name", "employee_id", "-valid_from", "pk"
    )
    for address in ordered[:_MOST_TELEPHONES]:
        found.setdefault(address.employee_id, (address.employee, address.value))
    return list(found.values())


def _locked_out(account: Account) -> str:
    until = account.locked_until()
    if until is None:
        return ""
    time = date_format(timezone.localtime(until), "H:i")
    return _("The PBX refuses all calls until %(time)s.") % {"time": time}
