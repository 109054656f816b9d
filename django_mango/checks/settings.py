"""Everything of the setting ``MANGO`` and its neighbours, the accounts apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import phonenumbers
from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.checks import CheckMessage, messages
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from .. import conf
from ..services import background
from ..services.phone_settings import problems
from .accounts import check_accounts
from .names import unknown_names

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


def check_settings(
    app_configs: Sequence[AppConfig] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """Everything that can be said from ``settings`` alone."""
    found = list(_check_time_zones())
    mango = getattr(settings, "MANGO", {})
    if not isinstance(mango, Mapping):
        return [
            *found,
            messages.Error(_("The setting MANGO must be a dict."), id="django_mango.E001"),
        ]
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
        check_accounts,
    )
    return [*found, *(message for part in parts for message in part(mango))]


def _check_time_zones() -> Iterator[CheckMessage]:
    if not settings.USE_TZ:
        yield messages.Error(
            _("Telephony needs USE_TZ = True: calls are kept as moments, not as wall-clock times."),
            id="django_mango.E008",
        )


def _check_names(mango: Mapping[str, Any]) -> Iterator[CheckMessage]:
    yield from unknown_names(mango, conf.KNOWN, "MANGO")


def _check_types(mango: Mapping[str, Any]) -> Iterator[CheckMessage]:
    for name in sorted((conf.KNOWN.keys() & mango.keys()) - _CHECKED_APART - {*_HOOKS}):
        known, value = conf.KNOWN[name], mango[name]
        wrong = not isinstance(value, known.types)
        wrong = wrong or (isinstance(value, bool) and bool not in known.types)
        if isinstance(value, (int, float)) and not wrong:
            # No number of these settings makes sense below zero, and no size at zero.
            wrong = value < 0 or (name.endswith("_BYTES") and value == 0)
        if wrong:
            yield messages.Error(
                _("MANGO['%(name)s'] has a wrong value.") % {"name": name},
                hint=_("It must be: %(what)s.") % {"what": known.hint},
                id="django_mango.E002",
            )


def _check_timeout(_mango: Mapping[str, Any]) -> Iterator[CheckMessage]:
    try:
        conf.timeout()
    except ImproperlyConfigured:
        yield messages.Error(
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
            yield messages.Warning(
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
            yield messages.Error(
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
        yield messages.Error(
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
            yield messages.Error(
                _("MANGO['ADMIN_SITES']: %(path)s is no admin site.") % {"path": repr(path)},
                hint=_("Give the dotted path of the AdminSite object: 'project.admin.site'."),
                id="django_mango.E006",
            )


def _check_phone_fields(mango: Mapping[str, Any]) -> Iterator[CheckMessage]:
    if not isinstance(mango.get("PHONE_FIELDS", {}), Mapping):
        return  # the table of types has said so
    for problem in problems():
        yield messages.Error(
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
            yield messages.Warning(
                _("MANGO['ATTACH_EXCLUDE']: there is no model %(model)s.") % {"model": repr(label)},
                hint=_("Name it as 'app.Model'; what is misspelt keeps its call buttons."),
                id="django_mango.W009",
            )
