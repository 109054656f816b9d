"""PBX accounts: rows from settings, and one client for each."""

from __future__ import annotations

import os
import threading
from datetime import datetime

from django.utils.translation import gettext as _

from .. import conf
from ..client import Client, Gate
from ..models import Account
from .errors import AccountUnknown

_clients: dict[tuple[object, ...], Client] = {}
_guard = threading.Lock()


def account_for(alias: str | None = None) -> Account:
    """The account with this alias; its row appears on first use.

    Without an alias it is ``default``, or the only one configured. Raises
    ``AccountUnknown`` when the settings have none.
    """
    settings = _configured(alias)
    account, _created = Account.objects.get_or_create(
        alias=settings.alias, defaults={"name": settings.name}
    )
    return account


def known_account(alias: str | None = None) -> Account | None:
    """The same without writing: ``None`` where the account has no row yet."""
    return Account.objects.filter(alias=_configured(alias).alias).first()


def _configured(alias: str | None) -> conf.AccountSettings:
    configured = conf.accounts()
    if alias is None:
        alias = conf.DEFAULT_ALIAS
        if alias not in configured and len(configured) == 1:
            alias = next(iter(configured))
    settings = configured.get(alias)
    if settings is None:
        raise AccountUnknown(_unknown(alias, sorted(configured)), "account_unknown")
    return settings


def settings_of(account: Account) -> conf.AccountSettings:
    """What the settings say of an account.

    Raises ``AccountUnknown`` when they do not know it any more.
    """
    settings = conf.account(account.alias)
    if settings is None:
        raise AccountUnknown(_unknown(account.alias, sorted(conf.accounts())), "account_unknown")
    return settings


def client_for(account: Account) -> Client:
    """The client of an account, one per process, so that rate limits are kept.

    Raises ``AccountUnknown`` as ``settings_of``.
    """
    settings = settings_of(account)
    # A forked worker must not share a socket with its parent.
    identity = (os.getpid(), account.pk, settings.credentials, settings.api_url, conf.timeout())
    with _guard:
        client = _clients.get(identity)
        if client is None:
            client = _clients[identity] = Client(
                settings.credentials,
                api_url=settings.api_url,
                timeout=conf.timeout(),
                gate=AccountGate(account.pk),
            )
    return client


class AccountGate(Gate):
    """A gate whose lock-out is shared by all processes through the database (§1.4.1, Q12)."""

    def __init__(self, account_pk: int) -> None:
        super().__init__()
        self._account_pk = account_pk

    def locked_until(self) -> datetime | None:
        return (
            Account.objects.filter(pk=self._account_pk)
            .values_list("blocked_until", flat=True)
            .first()
        )

    def lock(self, until: datetime) -> None:
        Account.objects.filter(pk=self._account_pk).update(blocked_until=until)


def _unknown(alias: str, known: list[str]) -> str:
    if not known:
        return _(
            "No PBX account is configured: set MANGO['API_KEY'] and MANGO['API_SALT'],"
            " or MANGO['ACCOUNTS']."
        )
    return _("There is no PBX account “%(alias)s”; configured: %(known)s.") % {
        "alias": alias,
        "known": ", ".join(known),
    }
