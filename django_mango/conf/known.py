"""Every key of ``MANGO``: its default, what is accepted, what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_ALIAS = "default"
API_URL = "https://app.mango-office.ru/vpbx/"
#: How much of calls that go on appears by itself.
NOTIFICATIONS = ("on", "silent", "off")


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
