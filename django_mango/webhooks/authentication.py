"""Who signed a notification: the account of its path, or nobody.

Nothing here touches the database, and a wrong alias costs the same work as a wrong key:
from the time an answer takes nobody learns which aliases exist.
"""

from __future__ import annotations

from .. import conf
from ..conf import AccountSettings
from ..models.account import RESERVED_ALIASES
from ..protocol.encoding import SignedForm
from ..protocol.signing import Credentials

_NOBODY = Credentials("nobody", "nobody")
# The document prints some paths as /vpbx/result/...: with no alias configured in the address
# this prefix stands where an alias would (T-04).
_PRINTED_PREFIX = "vpbx"


def alias_of(path: str) -> str | None:
    """The account a path below the mount names, ``None`` when it names none."""
    first = path.strip("/").partition("/")[0]
    if not first or first in RESERVED_ALIASES:
        return None
    if first == _PRINTED_PREFIX and conf.account(first) is None:
        return None
    return first


def signer(alias: str | None, form: SignedForm) -> AccountSettings | None:
    """The account named by the path if the form is signed with its credentials, else ``None``.

    The current credentials and former ones (``PREVIOUS``) are accepted, so that keys can be
    changed without a gap. Raises ``ImproperlyConfigured`` for a half-configured account.
    """
    accounts = conf.accounts()
    account = accounts.get(alias) if alias else _only(accounts)
    accepted = account.accepted if account else ()
    rounds = max((len(one.accepted) for one in accounts.values()), default=1)
    padding = (_NOBODY,) * (rounds - len(accepted))
    # No short cut: every credential is tried, whichever matched.
    genuine = [form.is_from(credentials) for credentials in accepted]
    for credentials in padding:
        form.is_from(credentials)
    return account if any(genuine) else None


def _only(accounts: dict[str, AccountSettings]) -> AccountSettings | None:
    """The account of an address without an alias: ``default``, or the only one."""
    if len(accounts) == 1:
        return next(iter(accounts.values()))
    return accounts.get(conf.DEFAULT_ALIAS)
