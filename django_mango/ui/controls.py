"""Call controls: a native button for the script, beside it a link that needs none.

Exactly one of the two is shown: the script, where it runs, marks the page and the style
sheet does the rest, so that controls which appear later need no further work. The link
leads to a page that asks and calls. Nothing here is a form, for none may stand inside
another one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from ..protocol import numbers
from ..protocol.numbers import Number
from ..services.callers import Caller
from .clicks import Click
from .media import call_endpoint

_KEPT = "_mango_controls"
#: Fewer digits are no attempt at a telephone number.
_DIGITS = re.compile(r"(?:\D*\d){3}")


class Controls:
    """The controls of one page, for the user who looks at it.

    Whose telephone rings and what may be called is asked once, so that a page with many
    numbers costs no more queries than a page with one.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._user: Any = getattr(request, "user", None)

    @property
    def wanted(self) -> bool:
        """Whether this visitor is told of calling at all; strangers are not."""
        return bool(self._user is not None and self._user.is_active and self._user.pk)

    def of(
        self,
        number: Number,
        *,
        target: Model | None = None,
        href: str = "",
        in_admin: bool = False,
        small: bool = False,
        named: bool = False,
    ) -> SafeString:
        """The control of one number; ``href`` is the page that asks, for pages without script.

        A ``small`` one, for lists, shows its icon and keeps its words for screen readers; a
        ``named`` one shows its number, where several stand side by side.
        """
        if not self.wanted:
            return SafeString("")
        shown = numbers.for_people(number.e164)
        face = _Face(shown if named else _("Call"), _("Call %(number)s") % {"number": shown}, small)
        refusal = self._caller.refusal_of(number)
        if refusal and href and self._caller.must_choose:
            hint = _("%(number)s: choose whose phone rings") % {"number": shown}
            return face.leading_on(hint, href)
        if refusal:
            return face.switched_off(refusal if shown in refusal else f"{shown}: {refusal}")
        click = Click.on(number.e164, target, in_admin=in_admin)
        seal = click.seal(self._user) if self._endpoint else ""
        return face.switched_on(self._hint(shown, number.extension), seal, href)

    def unasked(self, number: Number, *, target: Model, href: str) -> SafeString:
        """A small control for lists of calls: no query, all is checked at the click."""
        shown = numbers.for_people(number.e164)
        name = _("Call %(number)s") % {"number": shown}
        click = Click.on(number.e164, target, in_admin=True)
        seal = click.seal(self._user) if self._endpoint else ""
        return _Face(_("Call"), name, small=True).switched_on(name, seal, href)

    def of_several(
        self, found: Sequence[Number], text: str = "", *, small: bool = False, **options: Any
    ) -> SafeString:
        """The controls of all numbers of one field, whose ``text`` may hold none that is whole.

        A text that looks like a number and is none gets a control that says so.
        """
        if not found:
            is_attempt = self.wanted and bool(_DIGITS.match(text))
            return self._unreadable(text, small) if is_attempt else SafeString("")
        several = len(found) > 1
        one_by_one = [self.of(one, small=small, named=several, **options) for one in found]
        return mark_safe("".join(one_by_one))  # noqa: S308 - each is safe already

    def _unreadable(self, text: str, small: bool) -> SafeString:
        text = " ".join(text.split())[:64]
        reason = _("“%(number)s” is not a phone number that can be called.") % {"number": text}
        face = _Face(_("Call"), _("Call %(number)s") % {"number": text}, small)
        return face.switched_off(self._caller.refusal or reason)

    def _hint(self, shown: str, extension: str) -> str:
        telephone = self._caller.extension
        if not extension:
            return _("%(number)s, your phone %(extension)s rings first") % {
                "number": shown,
                "extension": telephone,
            }
        return _(
            "%(number)s, your phone %(extension)s rings first; then ask for extension %(further)s"
        ) % {"number": shown, "extension": telephone, "further": extension}

    @cached_property
    def _caller(self) -> Caller:
        return Caller(self._user)

    @cached_property
    def _endpoint(self) -> str:
        return call_endpoint()


class _Face:
    """What a control looks like: a decorative icon, its words, its name for screen readers."""

    def __init__(self, words: str, name: str, small: bool) -> None:
        self._name = name
        self._looks = "mango-call mango-call--small" if small else "mango-call"
        self._inside = format_html(
            '<span class="mango-icon" aria-hidden="true">{}</span>'
            '<span class="mango-call__text">{}</span>',
            "\N{BLACK TELEPHONE}\N{VARIATION SELECTOR-15}",
            words,
        )

    def switched_on(self, hint: str, seal: str, href: str) -> SafeString:
        """``hint`` says what will happen; without ``seal`` or ``href`` that half is left out."""
        button = link = SafeString("")
        if seal:
            button = format_html(
                '<button type="button" class="{} mango-call--button" data-mango-click="{}"'
                ' title="{}" aria-label="{}">{}</button>',
                self._looks,
                seal,
                hint,
                self._name,
                self._inside,
            )
        if href:
            link = format_html(
                '<a class="{} mango-call--link" href="{}" title="{}" aria-label="{}">{}</a>',
                self._looks,
                href,
                hint,
                self._name,
                self._inside,
            )
        return button + link

    def leading_on(self, hint: str, href: str) -> SafeString:
        """Only a link, with and without script: the page has more to ask."""
        return format_html(
            '<a class="{}" href="{}" title="{}" aria-label="{}">{}</a>',
            self._looks,
            href,
            hint,
            self._name,
            self._inside,
        )

    def unsealed(self, hint: str, number: str) -> SafeString:
        """Only a button, for a number anybody may read in the page."""
        return format_html(
            '<button type="button" class="{} mango-call--button" data-mango-number="{}"'
            ' title="{}" aria-label="{}">{}</button>',
            self._looks,
            number,
            hint,
            self._name,
            self._inside,
        )

    def switched_off(self, reason: str) -> SafeString:
        """Not ``disabled``: the reason must be reachable by keyboard and screen reader."""
        return format_html(
            '<button type="button" class="{} mango-call--off" aria-disabled="true"'
            ' title="{}" aria-label="{}">{}</button>',
            self._looks,
            reason,
            self._name,
            self._inside,
        )


def number_control(number: Number, *, small: bool = False, named: bool = False) -> SafeString:
    """A button for a number on a page of nobody in particular: forms, pages without a request.

    Its number stands open in the page, and everything is checked at the click. Without the
    script it does not show.
    """
    shown = numbers.for_people(number.e164)
    face = _Face(shown if named else _("Call"), _("Call %(number)s") % {"number": shown}, small)
    return face.unsealed(shown, number.e164)


def controls_of(request: HttpRequest) -> Controls:
    """The controls of this request, the same ones for all that renders a part of its page."""
    kept: Controls | None = getattr(request, _KEPT, None)
    if kept is None:
        kept = Controls(request)
        setattr(request, _KEPT, kept)
    return kept
