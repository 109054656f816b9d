"""The PBX accounts of the settings: their names, keys and addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.utils.translation import gettext as _

from .. import conf
from ..models.account import Account, validate_alias
from .names import unknown_names

_ACCOUNT_KEYS = ("API_KEY", "API_SALT", "API_URL", "NAME", "PREVIOUS")


def check_accounts(mango: Mapping[str, Any]) -> Iterator[CheckMessage]:
    yield from _check_address("MANGO['API_URL']", mango.get("API_URL"))
    declared = mango.get("ACCOUNTS")
    if callable(declared):
        return  # it may ask the database, which is not there yet when checks run
    if declared is None and not mango.get("API_KEY") and not mango.get("API_SALT"):
        yield messages.Warning(
            _("No PBX account is configured: no call can be placed or received."),
            hint=_("Set MANGO['API_KEY'] and MANGO['API_SALT'] from the personal account."),
            id="django_mango.W002",
        )
    elif declared is None:
        yield from _check_keys(conf.DEFAULT_ALIAS, mango)
    elif isinstance(declared, Mapping):
        for alias, values in declared.items():
            yield from _check_account(alias, values)
        yield from _check_twins(declared)
    else:
        yield messages.Error(
            _("MANGO['ACCOUNTS'] must be a dict by alias, or a callable returning one."),
            id="django_mango.E007",
        )


def _check_account(alias: object, values: object) -> Iterator[CheckMessage]:
    where = f"MANGO['ACCOUNTS'][{alias!r}]"
    yield from _check_alias(alias)
    if not isinstance(values, Mapping):
        yield messages.Error(
            _("%(where)s must be a dict.") % {"where": where}, id="django_mango.E007"
        )
        return
    yield from unknown_names(values, _ACCOUNT_KEYS, where)
    yield from _check_keys(alias, values)
    yield from _check_address(f"{where}['API_URL']", values.get("API_URL"))


def _check_twins(declared: Mapping[Any, Any]) -> Iterator[CheckMessage]:
    first: dict[str, object] = {}
    for alias, values in declared.items():
        key = values.get("API_KEY") if isinstance(values, Mapping) else None
        if isinstance(key, str) and key and first.setdefault(key, alias) != alias:
            yield messages.Warning(
                _("The accounts %(one)s and %(two)s are one PBX: its calls would be kept twice.")
                % {"one": repr(first[key]), "two": repr(alias)},
                id="django_mango.W006",
            )


def _check_alias(alias: object) -> Iterator[CheckMessage]:
    longest = Account._meta.get_field("alias").max_length or 50
    try:
        validate_slug(alias)
        validate_alias(str(alias))
    except ValidationError:
        valid = False
    else:
        valid = isinstance(alias, str) and len(alias) <= longest
    if not valid:
        yield messages.Error(
            _("%(alias)s cannot be the alias of a PBX account.") % {"alias": repr(alias)},
            hint=_(
                "Use letters, digits, hyphens and underscores, %(longest)d at most;"
                " not api, events, result or ping, which begin paths of our own."
            )
            % {"longest": longest},
            id="django_mango.E004",
        )


def _check_keys(alias: object, values: Mapping[str, Any]) -> Iterator[CheckMessage]:
    previous = values.get("PREVIOUS", ())
    pairs = [values, *(previous if isinstance(previous, (list, tuple)) else [None])]
    for position, pair in enumerate(pairs):
        if isinstance(pair, Mapping) and all(
            isinstance(pair.get(name), str) and pair[name] for name in ("API_KEY", "API_SALT")
        ):
            continue
        where = _("its present keys") if position == 0 else _("its former keys (PREVIOUS)")
        yield messages.Error(
            _("The PBX account %(alias)s: %(where)s need both API_KEY and API_SALT, as texts.")
            % {"alias": repr(alias), "where": where},
            hint=_("Both stand in the personal account: Integrations, API connector."),
            id="django_mango.E003",
        )


def _check_address(where: str, address: object) -> Iterator[CheckMessage]:
    if address is None:
        return
    parts = urlsplit(address) if isinstance(address, str) else None
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        yield messages.Error(
            _("%(where)s is no web address.") % {"where": where},
            hint=_("The service's own is %(url)s") % {"url": conf.API_URL},
            id="django_mango.E009",
        )
    elif parts.scheme == "http" and not _is_loopback(parts.hostname):
        yield messages.Warning(
            _("%(where)s is not https: numbers and recordings can be read on the way.")
            % {"where": where},
            id="django_mango.W003",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
