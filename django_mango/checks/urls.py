"""Whether the URLconf lets notifications of the PBX arrive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, messages
from django.urls import LocalePrefixPattern, URLPattern, URLResolver, get_resolver
from django.utils.translation import gettext as _

#: The namespace of ``django_mango.urls``.
_OURS = "django_mango"


def check_urls(
    app_configs: Sequence[AppConfig] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """Whether notifications of the PBX can arrive, and arrive without a redirect."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return []
    mounts = list(_mounts(get_resolver().url_patterns))
    if not mounts:
        return [
            messages.Warning(
                _("No URL receives the notifications of the PBX."),
                hint=_("Add path('mango/', include('django_mango.urls')) to the URLconf."),
                id="django_mango.W004",
            )
        ]
    if not all(mounts):
        return []
    return [
        messages.Warning(
            _("Notifications of the PBX arrive inside i18n_patterns: a redirect loses them."),
            hint=_("Move include('django_mango.urls') out of i18n_patterns."),
            id="django_mango.W007",
        )
    ]


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
        if one.app_name == _OURS:
            yield language
        else:
            yield from _mounts(one.url_patterns, language)
