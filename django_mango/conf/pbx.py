"""PBX accounts and their keys; a secret shows in no repr."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from ..protocol.signing import Credentials
from .known import API_URL, DEFAULT_ALIAS, KNOWN
from .reading import raw


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """What the settings say of one PBX. Secrets do not show in the repr."""

    alias: str
    credentials: Credentials
    previous: tuple[Credentials, ...] = field(default=(), repr=False)
    name: str = ""
    api_url: str = API_URL

    @property
    def accepted(self) -> tuple[Credentials, ...]:
        """Credentials a notification may be signed with: the current first."""
        return (self.credentials, *self.previous)


def accounts() -> dict[str, AccountSettings]:
    """All PBX accounts by alias.

    ``ACCOUNTS`` is a dict or a callable returning one; without it the top-level
    ``API_KEY`` and ``API_SALT`` make the account ``default``. Raises
    ``ImproperlyConfigured`` for half-configured ones.
    """
    given = raw()
    declared = given.get("ACCOUNTS")
    if callable(declared):
        declared = declared()
    if declared is None:
        if not given.get("API_KEY") and not given.get("API_SALT"):
            return {}
        declared = {DEFAULT_ALIAS: given}
    if not isinstance(declared, Mapping):
        raise ImproperlyConfigured(f"MANGO['ACCOUNTS'] must be: {KNOWN['ACCOUNTS'].hint}.")
    return {alias: _account(alias, values, given) for alias, values in declared.items()}


def account(alias: str) -> AccountSettings | None:
    """The settings of one account, ``None`` when there is no such alias."""
    return accounts().get(alias)


def _account(alias: str, values: object, given: Mapping[str, Any]) -> AccountSettings:
    if not isinstance(values, Mapping):
        raise ImproperlyConfigured(f"MANGO['ACCOUNTS']['{alias}'] must be a dict.")
    url = str(values.get("API_URL") or given.get("API_URL") or API_URL)
    return AccountSettings(
        alias=alias,
        credentials=_credentials(alias, values),
        previous=tuple(_credentials(alias, old) for old in values.get("PREVIOUS", ())),
        name=str(values.get("NAME", "")),
        api_url=url if url.endswith("/") else f"{url}/",
    )


def _credentials(alias: str, values: Mapping[str, Any]) -> Credentials:
    key, salt = values.get("API_KEY"), values.get("API_SALT")
    if not (isinstance(key, str) and key and isinstance(salt, str) and salt):
        raise ImproperlyConfigured(
            f"The PBX account '{alias}' needs both API_KEY and API_SALT: either"
            " MANGO['API_KEY'] and MANGO['API_SALT'], or both inside MANGO['ACCOUNTS']."
        )
    return Credentials(key, salt)
