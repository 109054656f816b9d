"""The settings dict ``MANGO``, read late and typed, and the protocols of hooks.

Nothing is read at import time, so ``override_settings`` works. Precedence: an
argument, then the account's own value, then ``MANGO``, then the default.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from .protocol.signing import Credentials

DEFAULT_ALIAS = "default"
API_URL = "https://app.mango-office.ru/vpbx/"


#: How much of calls that go on appears by itself.
NOTIFICATIONS = ("on", "silent", "off")


class CrmUser(Protocol):
    """What we ask of a user of the host, whatever its model."""

    pk: Any

    @property
    def is_active(self) -> bool: ...

    @property
    def is_authenticated(self) -> bool: ...

    def has_perm(self, perm: str, obj: Any = None) -> bool: ...


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of ``MANGO``: its default and what is accepted."""

    default: object
    types: tuple[type, ...]
    hint: str


_NUMBER: tuple[type, ...] = (int, float)

#: Every key of ``MANGO``; the system checks and the manual are made from this table.
KNOWN: Mapping[str, Setting] = {
    "API_KEY": Setting("", (str,), "the unique code of the PBX"),
    "API_SALT": Setting("", (str,), "the key for signatures"),
    "PREVIOUS": Setting(
        (), (list, tuple), "former {API_KEY, API_SALT} pairs still accepted in notifications"
    ),
    "ACCOUNTS": Setting(
        None, (dict, type(None), object), "a dict by alias, or a callable returning one"
    ),
    "API_URL": Setting(API_URL, (str,), "base address of the service, ends with /vpbx/"),
    "TIMEOUT": Setting((5.0, 30.0), (list, tuple), "(connect, read) in seconds"),
    "DEFAULT_REGION": Setting("RU", (str,), "ISO code of the home country"),
    "PHONE_FIELDS": Setting(
        {}, (dict,), "a dict of lists by model: {'crm.Contact': ['phone', 'mobile']}"
    ),
    "CLIENTS_OF": Setting(
        None,
        (str, type(None), object),
        "a function, or its dotted path, that finds the objects numbers belong to; default: the"
        " phone index",
    ),
    "VISIBLE_CLIENTS": Setting(
        None,
        (str, type(None), object),
        "a function, or its dotted path, that leaves of a query set of clients those a user may"
        " view; default: all, for who may view the model",
    ),
    "ADMIN_SITES": Setting(
        ("django.contrib.admin.site",), (list, tuple), "dotted paths of admin sites"
    ),
    "ATTACH_EXCLUDE": Setting(
        (), (list, tuple), "models whose admin pages stay without call controls: 'app.Model'"
    ),
    "ALLOWED_DESTINATIONS": Setting(
        None,
        (list, tuple, type(None)),
        "ISO codes of countries and prefixes with a plus that may be called, ['*'] for all;"
        " default: the home country",
    ),
    "DENIED_DESTINATIONS": Setting(
        (), (list, tuple), "ISO codes and prefixes with a plus that may never be called"
    ),
    "CALLS_PER_HOUR": Setting(
        60, (int, type(None)), "how many calls a user may place within an hour, None for any number"
    ),
    "CALLS_PER_DAY": Setting(
        400,
        (int, type(None)),
        "how many calls a user may place within 24 hours, None for any number",
    ),
    "TEAM_OF": Setting(
        None,
        (str, type(None), object),
        "a function, or its dotted path, that gives the users of a user's team;"
        " default: who shares a group with him",
    ),
    "EXTENSION_OF": Setting(
        None,
        (str, type(None), object),
        "a function, or its dotted path, that gives the extension of a user, '' without one",
    ),
    "UNMAPPED_CALLS_TO": Setting(
        "", (str,), "name of the user who looks after calls of people who are nobody in the CRM"
    ),
    "CALL_GUARD_SECONDS": Setting(
        10, _NUMBER, "a second click within so many seconds shows the running call"
    ),
    "COLLEAGUE_GUARD_SECONDS": Setting(
        60,
        _NUMBER,
        "how long a colleague's click on one client counts until its call is seen",
    ),
    "COMMAND_TIMEOUT_SECONDS": Setting(
        120, _NUMBER, "a command without an outcome is given up after so many seconds"
    ),
    "STATS_OVERLAP_SECONDS": Setting(
        21_600, _NUMBER, "a scheduled import begins so much earlier; longer than any call"
    ),
    "STATS_SETTLE_SECONDS": Setting(
        300, _NUMBER, "calls newer than this may be missing in statistics"
    ),
    "STATS_MAX_WAIT_SECONDS": Setting(600, _NUMBER, "how long a statistics report is waited for"),
    "STATS_ALERT_SECONDS": Setting(
        93_600, _NUMBER, "statistics older than this raise the alarm; 0: never"
    ),
    "TASKS": Setting(
        "inline", (str,), "who does background work: inline, django, celery or a dotted path"
    ),
    "SIGNAL_MAX_AGE_SECONDS": Setting(
        86_400, _NUMBER, "an import announces only calls that ended within so many seconds"
    ),
    "STRIP": Setting(
        True, (bool,), "whether pages show calls that go on, to who may see or place calls"
    ),
    "STRIP_POLL_SECONDS": Setting(
        2, _NUMBER, "how often a page asks for news while a call goes on"
    ),
    "NOTIFICATIONS": Setting(
        "on",
        (str, object),
        "'on', 'silent' or 'off' for who has not chosen; or a function of the user, or its"
        " dotted path, that gives one of them",
    ),
    "CARD_OF": Setting(
        None,
        (str, type(None), object),
        "a function, or its dotted path, that gives lines for the card of an incoming call",
    ),
    "CACHE_SECONDS": Setting(5, _NUMBER, "how long a process remembers employees and accounts"),
    "STALE_CALL_SECONDS": Setting(
        7_200, _NUMBER, "a call without news for so long is closed, its end was lost"
    ),
    "WEBHOOK_MAX_BYTES": Setting(1_048_576, (int,), "largest notification accepted"),
}

Value = TypeVar("Value")


def get(name: str, kind: type[Value]) -> Value:
    """The value of one key of ``MANGO`` or its default; ``kind`` is what the caller expects.

    Raises ``ImproperlyConfigured`` when the value has another type.
    """
    known = KNOWN[name]
    value = _raw().get(name, known.default)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ImproperlyConfigured(f"MANGO['{name}'] must be: {known.hint}.")
    return value


def seconds(name: str) -> timedelta:
    """A key that holds seconds, as a duration."""
    value = _raw().get(name, KNOWN[name].default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ImproperlyConfigured(f"MANGO['{name}'] must be a number of seconds, 0 or more.")
    return timedelta(seconds=value)


def count(name: str) -> int | None:
    """A key that holds a number of things, or ``None`` for any number of them."""
    value = _raw().get(name, KNOWN[name].default)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ImproperlyConfigured(f"MANGO['{name}'] must be a whole number or None.")
    return value


def timeout() -> tuple[float, float]:
    """(connect, read) time-outs in seconds; both always apply."""
    value = _raw().get("TIMEOUT", KNOWN["TIMEOUT"].default)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = (value, value)
    try:
        connect, read = (float(part) for part in value)
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured("MANGO['TIMEOUT'] must be (connect, read) seconds.") from error
    if connect <= 0 or read <= 0:
        raise ImproperlyConfigured("MANGO['TIMEOUT'] must be positive seconds.")
    return connect, read


@dataclass(frozen=True, slots=True)
class Destinations:
    """Countries (ISO codes, ``*`` for all) and prefixes of E.164 numbers, with plus."""

    countries: frozenset[str]
    prefixes: tuple[str, ...]

    def covers(self, e164: str, country: str) -> bool:
        """Whether a number of this country is among them."""
        return (
            "*" in self.countries
            or country in self.countries
            or any(e164.startswith(prefix) for prefix in self.prefixes)
        )


def allowed_destinations() -> Destinations:
    """What may be called; without a setting the home country."""
    given = _raw().get("ALLOWED_DESTINATIONS")
    if given is None:
        return Destinations(frozenset({get("DEFAULT_REGION", str).upper()}), ())
    return _destinations("ALLOWED_DESTINATIONS", given)


def denied_destinations() -> Destinations:
    """What may never be called, even where its country is allowed."""
    return _destinations("DENIED_DESTINATIONS", _raw().get("DENIED_DESTINATIONS", ()))


def _destinations(name: str, given: object) -> Destinations:
    if not isinstance(given, (list, tuple, set, frozenset)):
        raise ImproperlyConfigured(
            f"MANGO['{name}'] must be a list of ISO codes and of prefixes such as '+7495'."
        )
    texts = [str(one).strip() for one in given]
    return Destinations(
        frozenset(one.upper() for one in texts if not one.startswith("+")),
        tuple(one for one in texts if one.startswith("+")),
    )


class TeamHook(Protocol):
    """``MANGO["TEAM_OF"]``: the users, or their keys, whose calls a user of the team may see."""

    def __call__(self, user: Any, /) -> Iterable[Any]: ...


class ExtensionHook(Protocol):
    """``MANGO["EXTENSION_OF"]``: the extension a user has in the host's own data."""

    def __call__(self, user: Any, /) -> str | None: ...


class NotificationsHook(Protocol):
    """``MANGO["NOTIFICATIONS"]`` as a function: "on", "silent" or "off" for a user."""

    def __call__(self, user: Any, /) -> str: ...


class CardHook(Protocol):
    """``MANGO["CARD_OF"]``: (title, text) lines of the card of an incoming call.

    ``clients`` are the host's objects the number belongs to, as far as ``user`` may view them.
    """

    def __call__(
        self, user: Any, call: Any, clients: Sequence[Any], /
    ) -> Iterable[tuple[str, str]]: ...


def fixed_notifications() -> str | None:
    """What ``NOTIFICATIONS`` says for everybody, ``None`` where a function decides."""
    value = _raw().get("NOTIFICATIONS", KNOWN["NOTIFICATIONS"].default)
    return str(value) if value in NOTIFICATIONS else None


def notifications_of(user: Any) -> str:
    """What a user is shown who has not chosen: ``on``, ``silent`` or ``off``."""
    fixed = fixed_notifications()
    if fixed is not None:
        return fixed
    decide: NotificationsHook | None = hook("NOTIFICATIONS")
    chosen = decide(user) if decide is not None else "on"
    return chosen if chosen in NOTIFICATIONS else "on"


def card_hook() -> CardHook | None:
    """The hook of ``CARD_OF``, imported where it is a dotted path."""
    found: CardHook | None = hook("CARD_OF")
    return found


def extension_hook() -> ExtensionHook | None:
    """The hook of ``EXTENSION_OF``, imported where it is a dotted path."""
    found: ExtensionHook | None = hook("EXTENSION_OF")
    return found


def team_hook() -> TeamHook | None:
    """The hook of ``TEAM_OF``, imported where it is a dotted path."""
    found: TeamHook | None = hook("TEAM_OF")
    return found


class ClientsHook(Protocol):
    """``MANGO["CLIENTS_OF"]``: the objects each number (E.164 with plus) belongs to.

    Called once for a page of calls. Numbers that belong to nobody may be left out.
    """

    def __call__(self, numbers: Collection[str], /) -> Mapping[str, Iterable[Any]]: ...


class VisibleClientsHook(Protocol):
    """``MANGO["VISIBLE_CLIENTS"]``: of these objects of one model those ``user`` may view.

    Called once for a model and a page of calls, with a query set, and gives one.
    """

    def __call__(self, user: Any, objects: Any, /) -> Any: ...


def clients_hook() -> ClientsHook | None:
    """The hook of ``CLIENTS_OF``."""
    found: ClientsHook | None = hook("CLIENTS_OF")
    return found


def visible_clients_hook() -> VisibleClientsHook | None:
    """The hook of ``VISIBLE_CLIENTS``."""
    found: VisibleClientsHook | None = hook("VISIBLE_CLIENTS")
    return found


def hook(name: str) -> Any:
    """The callable a key of ``MANGO`` holds or names by its dotted path; ``None`` without one.

    Raises ``ImproperlyConfigured`` where it cannot be imported or called.
    """
    found = _raw().get(name, KNOWN[name].default)
    if isinstance(found, str) and found:
        try:
            found = import_string(found)
        except ImportError as error:
            raise ImproperlyConfigured(
                f"MANGO['{name}'] names {found!r}, which cannot be imported."
            ) from error
    if found in (None, ""):
        return None
    if not callable(found):
        raise ImproperlyConfigured(f"MANGO['{name}'] must be: {KNOWN[name].hint}.")
    return found


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
    raw = _raw()
    declared = raw.get("ACCOUNTS")
    if callable(declared):
        declared = declared()
    if declared is None:
        if not raw.get("API_KEY") and not raw.get("API_SALT"):
            return {}
        declared = {DEFAULT_ALIAS: raw}
    if not isinstance(declared, Mapping):
        raise ImproperlyConfigured(f"MANGO['ACCOUNTS'] must be: {KNOWN['ACCOUNTS'].hint}.")
    return {alias: _account(alias, values, raw) for alias, values in declared.items()}


def account(alias: str) -> AccountSettings | None:
    """The settings of one account, ``None`` when there is no such alias."""
    return accounts().get(alias)


def _account(alias: str, values: object, raw: Mapping[str, Any]) -> AccountSettings:
    if not isinstance(values, Mapping):
        raise ImproperlyConfigured(f"MANGO['ACCOUNTS']['{alias}'] must be a dict.")
    url = str(values.get("API_URL") or raw.get("API_URL") or API_URL)
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


def _raw() -> Mapping[str, Any]:
    value = getattr(settings, "MANGO", {})
    if not isinstance(value, Mapping):
        raise ImproperlyConfigured("The setting MANGO must be a dict.")
    return value


#: Hands a background job, its name and its arguments as JSON, to the host's own queue.
TasksHook = Callable[[str, Mapping[str, Any]], object]

#: ``ACCOUNTS`` may be computed: one PBX per tenant, for example.
AccountsHook = Callable[[], Mapping[str, Mapping[str, Any]]]
