"""System checks of the settings: cheap, without network and database, never showing a secret.

Every id has its paragraph in ``docs/checks.md``. Apps and projects silence one by
``SILENCED_SYSTEM_CHECKS`` as usual.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.admin import AdminSite
from django.core import checks
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004  # Django's own names
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_slug
from django.db import DatabaseError, router
from django.urls import LocalePrefixPattern, URLPattern, URLResolver, get_resolver
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from . import conf
from .models import StatsImport
from .models.account import Account, validate_alias
from .services import background
from .services.phone_settings import problems
from .services.staleness import import_staleness, staleness_text

TAG = "django_mango"
#: Keys that hold a function or its dotted path.
_HOOKS = (
    "CARD_OF",
    "CLIENTS_OF",
    "EXTENSION_OF",
    "NOTIFICATIONS",
    "TEAM_OF",
    "VISIBLE_CLIENTS",
)
_CHECKED_APART = {"ACCOUNTS", "API_KEY", "API_SALT", "API_URL", "PREVIOUS", "TIMEOUT"}
_ACCOUNT_KEYS = ("API_KEY", "API_SALT", "API_URL", "NAME", "PREVIOUS")


def register() -> None:
    """Make the checks known to Django; called once the app is ready."""
    checks.register(check_settings, TAG)
    checks.register(check_urls, TAG, checks.Tags.urls)
    # Not by our own tag: `check --tag django_mango` asks no database on any Django.
    checks.register(check_statistics, checks.Tags.database)


def check_settings(
    app_configs: Sequence[AppConfig] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """Everything that can be said from ``settings`` alone."""
    found = list(_check_time_zones())
    mango = getattr(settings, "MANGO", {})
    if not isinstance(mango, Mapping):
        return [*found, Error(_("The setting MANGO must be a dict."), id="django_mango.E001")]
    parts: tuple[Callable[[Mapping[str, Any]], Iterable[CheckMessage]], ...] = (
        _check_names,
        _check_types,
        _check_timeout,
        _check_regions,
        _check_hooks,
        _check_tasks,
        _check_admin_sites,
        _check_phone_fields,
        _check_excluded,
        _check_accounts,
    )
    return [*found, *(message for part in parts for message in part(mango))]


def check_urls(
    app_configs: Sequence[AppConfig] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """Whether notifications of the PBX can arrive, and arrive without a redirect."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return []
    mounts = list(_mounts(get_resolver().url_patterns))
    if not mounts:
        return [
            Warning(
                _("No URL receives the notifications of the PBX."),
                hint=_("Add path('mango/', include('django_mango.urls')) to the URLconf."),
                id="django_mango.W004",
            )
        ]
    if not all(mounts):
        return []
    return [
        Warning(
            _("Notifications of the PBX arrive inside i18n_patterns: a redirect loses them."),
            hint=_("Move include('django_mango.urls') out of i18n_patterns."),
            id="django_mango.W007",
        )
    ]


def check_statistics(
    app_configs: Sequence[AppConfig] | None = None,
    databases: Sequence[str] | None = None,
    **_kwargs: Any,
) -> list[CheckMessage]:
    """Whether statistics are loaded; only asked with ``check --database default``.

    ``migrate`` asks as well, before there are tables: then there is nothing to say.
    """
    if router.db_for_read(StatsImport) not in (databases or ()):
        return []
    try:
        found = [import_staleness(one) for one in Account.objects.filter(alias__in=conf.accounts())]
    except (DatabaseError, ImproperlyConfigured):
        return []
    return [
        Warning(
            f"{one.account}: {staleness_text(one)}",
            hint=_("See whether the scheduled import runs: docs/scheduling.md."),
            id="django_mango.W008",
        )
        for one in found
        if one.is_stale
    ]


def _check_time_zones() -> Iterator[CheckMessage]:
    if not settings.USE_TZ:
        yield Error(
            _("Telephony needs USE_TZ = True: calls are kept as moments, not as wall-clock times."),
            id="django_mango.E008",
        )


def _check_names(mango: Mapping[str, Any]) -> Iterator[CheckMessage]:
    yield from _unknown(mango, conf.KNOWN, "MANGO")


def _check_types(mango: Mapping[str, Any]) -> Iterator[CheckMessage]:
    for name in sorted((conf.KNOWN.keys() & mango.keys()) - _CHECKED_APART - {*_HOOKS}):
        known, value = conf.KNOWN[name], mango[name]
        wrong = not isinstance(value, known.types)
        wrong = wrong or (isinstance(value, bool) and bool not in known.types)
        if isinstance(value, (int, float)) and not wrong:
            # No number of these settings makes sense below zero, and no size at zero.
            wrong = value < 0 or (name.endswith("_BYTES") and value == 0)
        if wrong:
            yield Error(
                _("MANGO['%(name)s'] has a wrong value.") % {"name": name},
                hint=_("It must be: %(what)s.") % {"what": known.hint},
                id="django_mango.E002",
            )


def _check_timeout(_mango: Mapping[str, Any]) -> Iterator[CheckMessage]:
    try:
        conf.timeout()
    except ImproperlyConfigured:
        yield Error(
            _("MANGO['TIMEOUT'] must be (connect, read) in seconds, both above zero."),
            hint=_("Without a time-out a request may wait for ever."),
            id="django_mango.E005",
        )


def _check_regions(mango: Mapping[str, Any]) -> Iterator[CheckMessage]:
    codes = [mango.get("DEFAULT_REGION", conf.KNOWN["DEFAULT_REGION"].default)]
    for name in ("ALLOWED_DESTINATIONS", "DENIED_DESTINATIONS"):
        given = mango.get(name)
        codes += [one for one in given if one != "*"] if isinstance(given, (list, tuple)) else []
    for code in codes:
        if not isinstance(code, str) or _is_prefix(code):
            continue
        if code.upper() not in phonenumbers.SUPPORTED_REGIONS:
            yield Warning(
                _("%(code)s is no country of the telephone network.") % {"code": repr(code)},
                hint=_("Use ISO codes of two letters: RU, KZ, GB; or prefixes: '+7495'."),
                id="django_mango.W005",
            )


def _is_prefix(text: str) -> bool:
    return text.startswith("+") and text[1:].isascii() and text[1:].isdigit()


def _check_hooks(_mango: Mapping[str, Any]) -> Iterator[CheckMessage]:
    for name in _HOOKS:
        try:
            if name != "NOTIFICATIONS" or conf.fixed_notifications() is None:
                conf.hook(name)
        except ImproperlyConfigured as error:
            yield Error(
                str(error),
                hint=_("Give a function, or its dotted path: 'project.telephony.function'."),
                id="django_mango.E010",
            )


def _check_tasks(mango: Mapping[str, Any]) -> Iterator[CheckMessage]:
    named = mango.get("TASKS", background.INLINE)
    if not isinstance(named, str):
        return  # said by the check of types
    try:
        hook = background.hook()
        is_wrong = hook is not None and not callable(hook)
    except ImportError:
        is_wrong = True
    if is_wrong:
        yield Error(
            _("MANGO['TASKS']: %(name)s cannot be used.") % {"name": repr(named)},
            hint=_(
                'It must be "inline"; "django" (Django 6.0, or the package django-tasks); "celery"'
                " (the package celery); or the dotted path of a function of yours."
            ),
            id="django_mango.E012",
        )


def _check_admin_sites(mango: Mapping[str, Any]) -> Iterator[CheckMessage]:
    paths = mango.get("ADMIN_SITES", conf.KNOWN["ADMIN_SITES"].default)
    for path in paths if isinstance(paths, (list, tuple)) else ():
        try:
            site = import_string(path) if isinstance(path, str) else None
        except ImportError:
            site = None
        if not isinstance(site, AdminSite):
            yield Error(
                _("MANGO['ADMIN_SITES']: %(path)s is no admin site.") % {"path": repr(path)},
                hint=_("Give the dotted path of the AdminSite object: 'project.admin.site'."),
                id="django_mango.E006",
            )


def _check_phone_fields(mango: Mapping[str, Any]) -> Iterator[CheckMessage]:
    if not isinstance(mango.get("PHONE_FIELDS", {}), Mapping):
        return  # the table of types has said so
    for problem in problems():
        yield Error(
            _("MANGO['PHONE_FIELDS']: %(problem)s.") % {"problem": problem},
            hint=_("For example {'crm.Contact': ['phone', 'company__phone', 'crm.phones.of']}."),
            id="django_mango.E011",
        )


def _check_excluded(mango: Mapping[str, Any]) -> Iterator[CheckMessage]:
    labels = mango.get("ATTACH_EXCLUDE", ())
    for label in labels if isinstance(labels, (list, tuple)) else ():
        try:
            apps.get_model(str(label))
        except (LookupError, ValueError):
            yield Warning(
                _("MANGO['ATTACH_EXCLUDE']: there is no model %(model)s.") % {"model": repr(label)},
                hint=_("Name it as 'app.Model'; what is misspelt keeps its call buttons."),
                id="django_mango.W009",
            )


def _check_accounts(mango: Mapping[str, Any]) -> Iterator[CheckMessage]:
    yield from _check_address("MANGO['API_URL']", mango.get("API_URL"))
    declared = mango.get("ACCOUNTS")
    if callable(declared):
        return  # it may ask the database, which is not there yet when checks run
    if declared is None and not mango.get("API_KEY") and not mango.get("API_SALT"):
        yield Warning(
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
        yield Error(
            _("MANGO['ACCOUNTS'] must be a dict by alias, or a callable returning one."),
            id="django_mango.E007",
        )


def _check_account(alias: object, values: object) -> Iterator[CheckMessage]:
    where = f"MANGO['ACCOUNTS'][{alias!r}]"
    yield from _check_alias(alias)
    if not isinstance(values, Mapping):
        yield Error(_("%(where)s must be a dict.") % {"where": where}, id="django_mango.E007")
        return
    yield from _unknown(values, _ACCOUNT_KEYS, where)
    yield from _check_keys(alias, values)
    yield from _check_address(f"{where}['API_URL']", values.get("API_URL"))


def _check_twins(declared: Mapping[Any, Any]) -> Iterator[CheckMessage]:
    first: dict[str, object] = {}
    for alias, values in declared.items():
        key = values.get("API_KEY") if isinstance(values, Mapping) else None
        if isinstance(key, str) and key and first.setdefault(key, alias) != alias:
            yield Warning(
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
        yield Error(
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
        yield Error(
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
        yield Error(
            _("%(where)s is no web address.") % {"where": where},
            hint=_("The service's own is %(url)s") % {"url": conf.API_URL},
            id="django_mango.E009",
        )
    elif parts.scheme == "http" and not _is_loopback(parts.hostname):
        yield Warning(
            _("%(where)s is not https: numbers and recordings can be read on the way.")
            % {"where": where},
            id="django_mango.W003",
        )


def _unknown(given: Mapping[str, Any], known: Iterable[str], where: str) -> Iterator[CheckMessage]:
    names = sorted(known)
    for name in given:
        if name in names:
            continue
        close = get_close_matches(str(name).upper(), names, 1)
        yield Warning(
            _("%(where)s has a key nobody reads: %(name)s.") % {"where": where, "name": repr(name)},
            hint=(_("Did you mean %(name)s?") % {"name": repr(close[0])}) if close else None,
            id="django_mango.W001",
        )


def _mounts(
    patterns: Iterable[URLPattern | URLResolver], has_language: bool = False
) -> Iterator[bool]:
    """Every mount of notifications: whether a language stands before it."""
    for one in patterns:
        if not isinstance(one, URLResolver):
            continue
        prefix = one.pattern
        language = has_language or (
            isinstance(prefix, LocalePrefixPattern) and prefix.prefix_default_language
        )
        if one.app_name == TAG:
            yield language
        else:
            yield from _mounts(one.url_patterns, language)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
