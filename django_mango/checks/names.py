"""Names nobody reads, in whatever dict of the settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from django.core.checks import CheckMessage, messages
from django.utils.translation import gettext as _


def unknown_names(
    given: Mapping[str, Any], known: Iterable[str], where: str
) -> Iterator[CheckMessage]:
    names = sorted(known)
    for name in given:
        if name in names:
            continue
        close = get_close_matches(str(name).upper(), names, 1)
        yield messages.Warning(
            _("%(where)s has a key nobody reads: %(name)s.") % {"where": where, "name": repr(name)},
            hint=(_("Did you mean %(name)s?") % {"name": repr(close[0])}) if close else None,
            id="django_mango.W001",
        )
