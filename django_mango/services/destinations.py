"""Where a call may go: a stolen password must not become a telephone bill."""

from __future__ import annotations

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from .. import conf
from ..models import Account, Employee, EmployeeAddress, Line
from ..protocol import numbers
from ..protocol.errors import InputError
from .errors import DestinationRefused, NumberRefused


def destination(text: str, account: Account, employee: Employee) -> numbers.Number:
    """The number to dial for a text of a person, checked against the policy.

    Raises ``NumberRefused`` for what is no number, ``DestinationRefused`` for what
    may not be called: other countries than allowed, premium and emergency
    numbers, our own lines and phones. A colleague's extension may be called.
    """
    region = conf.get("DEFAULT_REGION", str).upper()
    number = numbers.from_text(text, region)
    if number.kind is numbers.Kind.EXTENSION:
        return _colleague(number, account, employee)
    try:
        number = numbers.dialable(text, region)
    except InputError as error:
        if error.reason == "required":
            raise NumberRefused(_("There is no number to call."), "no_number") from error
        raise NumberRefused(
            _("“%(number)s” is not a phone number that can be called.")
            % {"number": _one_line(text)},
            "invalid_number",
        ) from error
    Destinations(account, employee).check(number)
    return number


def _one_line(text: str) -> str:
    """What a person wrote, fit to be quoted in a message."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split())[:64]


def _colleague(number: numbers.Number, account: Account, employee: Employee) -> numbers.Number:
    extension = number.raw.strip()
    owner = (
        EmployeeAddress.objects.filter(
            account=account,
            kind=EmployeeAddress.Kind.EXTENSION,
            value=extension,
            employee__is_active=True,
        )
        .valid_at(timezone.now())
        .first()
    )
    # 101 is the fire brigade in Russia and the most usual extension: the PBX rings the extension.
    if owner is None and numbers.is_emergency(extension, conf.get("DEFAULT_REGION", str).upper()):
        raise DestinationRefused(
            _("Emergency numbers cannot be called from here: use a telephone."), "emergency"
        )
    if owner is None:
        raise NumberRefused(
            _("“%(number)s” is neither a phone number nor a colleague's extension.")
            % {"number": extension},
            "invalid_number",
        )
    if owner.employee_id == employee.pk:
        raise DestinationRefused(_("This is your own extension."), "own_number")
    return number


def _refuse_forbidden(number: numbers.Number) -> None:
    if numbers.is_premium(number):
        raise DestinationRefused(
            _("Calls to premium-rate numbers are not allowed."), "premium_number"
        )
    country = numbers.region_of(number)
    denied = conf.denied_destinations().covers(number.e164, country)
    if denied or not conf.allowed_destinations().covers(number.e164, country):
        raise DestinationRefused(
            _("Calls to this number are not allowed: %(number)s.")
            % {"number": numbers.for_people(number.e164)}
            if denied
            else _("Calls to this country are not allowed: %(number)s.")
            % {"number": numbers.for_people(number.e164)},
            "denied" if denied else "country",
        )


class Destinations:
    """The policy for one caller, for many numbers: our own ones are read once."""

    def __init__(self, account: Account, employee: Employee) -> None:
        self._account = account
        self._employee = employee

    def check(self, number: numbers.Number) -> None:
        """Refuse an E.164 number that may not be called; see ``destination``."""
        _refuse_forbidden(number)
        if number.e164 in self._lines:
            raise DestinationRefused(_("This is a number of our own PBX."), "own_number")
        if number.e164 in self._own:
            raise DestinationRefused(_("This is your own number."), "own_number")

    @cached_property
    def _lines(self) -> frozenset[str]:
        lines = Line.objects.filter(account=self._account).values_list("number", flat=True)
        return frozenset(numbers.from_service(line).e164 for line in lines)

    @cached_property
    def _own(self) -> frozenset[str]:
        own = self._employee.addresses.filter(kind=EmployeeAddress.Kind.NUMBER)
        return frozenset(own.valid_at(timezone.now()).values_list("value", flat=True))


def outgoing_line(text: str, account: Account) -> str:
    """The line to call through, as the service wants it: digits, or the name of a SIP line (Q87).

    Where the lines of the PBX are known, another one is refused here: the service would count
    it as a wrong request (Q12). Empty means the employee's own line.
    """
    wanted = text.strip()
    if not wanted:
        return ""
    lines = list(Line.objects.filter(account=account).values_list("number", "name"))
    if not lines:
        return wanted
    number = numbers.from_text(wanted, conf.get("DEFAULT_REGION", str).upper())
    for line, name in lines:
        if name == wanted and numbers.is_sip(line):
            return wanted
        known = numbers.from_service(line)
        if known.e164 and known.e164 in (number.e164, numbers.from_service(wanted).e164):
            return known.digits
    raise DestinationRefused(
        _("The PBX has no line “%(line)s”.") % {"line": wanted[:64]}, "unknown_line"
    )
