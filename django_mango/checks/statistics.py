"""Whether statistics are loaded: the only check that asks a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, messages
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, router
from django.utils.translation import gettext as _

from .. import conf
from ..models import Account, StatsImport
from ..services.staleness import import_staleness, staleness_text


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
        messages.Warning(
            f"{one.account}: {staleness_text(one)}",
            hint=_("See whether the scheduled import runs: docs/scheduling.md."),
            id="django_mango.W008",
        )
        for one in found
        if one.is_stale
    ]
