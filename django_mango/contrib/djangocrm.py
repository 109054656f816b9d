"""DjangoCRM's own telephony places its calls through Mango Office.

DjangoCRM names a class in its setting ``VOIP``, makes it with ``OPTIONS`` and calls
``make_query(from_number, to_number)``, which answers JSON text with a ``status``::

    VOIP = [
        {
            "BACKEND": "django_mango.contrib.djangocrm.MangoBackend",
            "PROVIDER": "Mango Office",
            "IP": "*",
            "OPTIONS": {"key": MANGO["API_KEY"], "secret": MANGO["API_SALT"]},
        }
    ]

The number of a connection is the extension of the employee. Rights, destinations, caps and the
guard against double clicks are those of the app: DjangoCRM calls by a GET, so the guard matters.
"""

from __future__ import annotations

import hmac
import json

from django.utils import timezone
from django.utils.translation import gettext as _

from .. import conf
from ..models import Account, Command, EmployeeAddress
from ..protocol import numbers
from ..services import (
    InsideTransaction,
    NoExtension,
    PermissionRefused,
    UserError,
    account_for,
    outcome_level,
    outcome_text,
    place_call,
    request_call,
)
from ..services.refusals import note_refusal


class MangoBackend:
    """What DjangoCRM's ``VOIP`` setting names as ``BACKEND``; holds no secret."""

    def __init__(self, key: str = "", secret: str = "", **_options: object) -> None:
        """``key`` and ``secret`` name an account of ``MANGO``; without a key it is the only one."""
        self._alias = _alias_of(key, secret)
        self._is_known = bool(self._alias) or not key

    def make_query(self, from_number: str, to_number: str, sip: str | None = None) -> str:
        """Ring the telephone ``from_number`` first, then call ``to_number``; a JSON text.

        ``{"status": "success"}``, or ``{"status": "error", "message": ...}`` with one line for
        people. Never raises for what a person can put right.
        """
        try:
            command = self._call(str(from_number), str(to_number))
        except UserError as error:
            return _answer("error", str(error))
        text = outcome_text(command)
        # A lost answer is no success either: whoever reads "expect a call" would wait in vain.
        return _answer("success" if outcome_level(command) == "success" else "error", text)

    def _call(self, from_number: str, to_number: str) -> Command:
        if not self._is_known:
            raise UserError(_("No account of MANGO has this key and secret."), "account_unknown")
        account = account_for(self._alias or None)
        employee = _address(account, from_number).employee
        # Rights and caps are those of the user behind the telephone: with nobody there is neither.
        user = employee.user
        if user is None:
            refusal = PermissionRefused(
                _("The extension “%(extension)s” is no user's yet: see “Who is who”.")
                % {"extension": from_number.strip()[:64]},
                "permission",
            )
            note_refusal(refusal, None, to_number, employee=employee)
            raise refusal
        try:
            return place_call(user, to_number, employee=employee, account=account)
        except InsideTransaction:
            # Under ATOMIC_REQUESTS: sent as soon as the page is committed.
            return request_call(user, to_number, employee=employee, account=account)


def _alias_of(key: str, secret: str) -> str:
    for alias, settings in conf.accounts().items():
        for known in settings.accepted:
            same = (
                hmac.compare_digest(known.api_key.encode(), key.encode()),
                hmac.compare_digest(known.api_salt.encode(), secret.encode()),
            )
            if all(same):
                return alias
    return ""


def _address(account: Account, text: str) -> EmployeeAddress:
    """The address of an active employee a connection of DjangoCRM names."""
    number = numbers.from_text(text, conf.get("DEFAULT_REGION", str).upper())
    forms = {text.strip(), number.e164, numbers.canonical_sip(text)} - {""}
    found = (
        EmployeeAddress.objects.filter(account=account, value__in=forms, employee__is_active=True)
        .valid_at(timezone.now())
        .select_related("employee__user", "employee__account")
        .first()
    )
    if found is None:
        raise NoExtension(
            _("Nobody of the PBX has the extension “%(extension)s”.")
            % {"extension": text.strip()[:64]},
            "no_extension",
        )
    return found


def _answer(status: str, message: str) -> str:
    return json.dumps({"status": status, "message": message}, ensure_ascii=False)
