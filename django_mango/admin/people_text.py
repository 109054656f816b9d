"""The page "Who is who" in words: sections of people, and what may be chosen for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.utils import quote
from django.contrib.auth import get_user_model
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from ..services.mapping import Row, Sign, Standing, Suggestion
from .tables import Text

#: A section shows so many people and says when there are more.
SHOWN = 200
_TITLES = {
    Standing.SUGGESTED: _("To be confirmed"),
    Standing.AMBIGUOUS: _("Ambiguous"),
    Standing.NOT_IN_CRM: _("In the PBX, not in the CRM"),
    Standing.NOT_IN_PBX: _("In the CRM, not in the PBX"),
    Standing.MATCHED: _("Matched"),
}
_NOTES: dict[Standing, Text] = {
    Standing.SUGGESTED: _("One user fits. Nothing is joined before you save."),
    Standing.AMBIGUOUS: _("Several fit, or one user would have two telephones: choose."),
    Standing.NOT_IN_CRM: _(
        "Nobody fits by e-mail, extension or name. Open the employee and choose the user;"
        " until then his calls have no owner in the CRM."
    ),
    Standing.NOT_IN_PBX: _("These users have no telephone: no call button, no calls of their own."),
    Standing.MATCHED: "",
}
_SIGNS = {
    Sign.EMAIL: pgettext_lazy("of a person", "e-mail"),
    Sign.EXTENSION: pgettext_lazy("of a person", "extension"),
    Sign.NAME: pgettext_lazy("of a person", "name"),
}


@dataclass(frozen=True, slots=True)
class Option:
    """A user that may be chosen."""

    key: str
    words: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Person:
    """One line of a section."""

    employee: Any
    employee_url: str
    extensions: str
    user: Any
    user_url: str
    options: Sequence[Option]

    @property
    def name(self) -> str:
        return f"employee-{self.employee.pk}" if self.employee else ""


@dataclass(frozen=True, slots=True)
class Section:
    """People of one standing."""

    title: str
    note: Text
    rows: Sequence[Person]
    more: str


def sections_of(rows: Iterable[Row], site: AdminSite, account: str) -> list[Section]:
    """The sections that are not empty; ``account`` stands in the titles where there are several."""
    by_standing: dict[Standing, list[Row]] = {}
    for row in rows:
        by_standing.setdefault(row.standing, []).append(row)
    return [
        _section(standing, found, site, account) for standing, found in by_standing.items() if found
    ]


def _section(standing: Standing, rows: list[Row], site: AdminSite, account: str) -> Section:
    title = f"{_TITLES[standing]}: {len(rows)}"
    left = len(rows) - SHOWN
    more = ""
    if left > 0:
        more = ngettext("and %(left)d more", "and %(left)d more", left) % {"left": left}
    people = [_person(row, site) for row in rows[:SHOWN]]
    return Section(f"{account}. {title}" if account else title, _NOTES[standing], people, more)


def _person(row: Row, site: AdminSite) -> Person:
    best = row.best
    return Person(
        employee=row.employee,
        employee_url=_url(site, row.employee) if row.employee else "",
        extensions=", ".join(row.extensions),
        user=row.user,
        user_url=_url(site, row.user) if row.user else "",
        options=[Option(str(one.user.pk), _words(one), one is best) for one in row.suggestions],
    )


def _words(one: Suggestion) -> str:
    signs = ", ".join(str(_SIGNS[sign]) for sign in one.signs)
    full = str(getattr(one.user, "get_full_name", lambda: "")() or "")
    name = f"{full} ({one.user})" if full and full != str(one.user) else str(one.user)
    return gettext("%(user)s: same %(signs)s") % {"user": name, "signs": signs}


def _url(site: AdminSite, obj: Any) -> str:
    if isinstance(obj, get_user_model()) and not site.is_registered(get_user_model()):
        return ""
    opts = obj._meta
    try:
        return reverse(
            f"{site.name}:{opts.app_label}_{opts.model_name}_change", args=[quote(obj.pk)]
        )
    except NoReverseMatch:
        return ""
