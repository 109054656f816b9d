"""The settings dict ``MANGO``, read late and typed, and the protocols of hooks.

Nothing is read at import time, so ``override_settings`` works. Precedence: an
argument, then the account's own value, then ``MANGO``, then the default.
"""

from .dialling import Destinations, allowed_destinations, denied_destinations
from .hooks import (
    AccountsHook,
    CardHook,
    ClientsHook,
    CrmUser,
    ExtensionHook,
    NotificationsHook,
    TasksHook,
    TeamHook,
    VisibleClientsHook,
    card_hook,
    clients_hook,
    extension_hook,
    fixed_notifications,
    notifications_of,
    team_hook,
    visible_clients_hook,
)
from .known import (
    API_URL,
    DEFAULT_ALIAS,
    KNOWN,
    NOTIFICATIONS,
    Setting,
)
from .pbx import AccountSettings, account, accounts
from .reading import (
    count,
    get,
    hook,
    seconds,
    timeout,
)

__all__ = [
    "API_URL",
    "DEFAULT_ALIAS",
    "KNOWN",
    "NOTIFICATIONS",
    "AccountSettings",
    "AccountsHook",
    "CardHook",
    "ClientsHook",
    "CrmUser",
    "Destinations",
    "ExtensionHook",
    "NotificationsHook",
    "Setting",
    "TasksHook",
    "TeamHook",
    "VisibleClientsHook",
    "account",
    "accounts",
    "allowed_destinations",
    "card_hook",
    "clients_hook",
    "count",
    "denied_destinations",
    "extension_hook",
    "fixed_notifications",
    "get",
    "hook",
    "notifications_of",
    "seconds",
    "team_hook",
    "timeout",
    "visible_clients_hook",
]
