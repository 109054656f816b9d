"""Style sheet and scripts of pages with telephony, as the media of forms and admins.

Files of our own below ``STATIC_URL``, never inline code: a strict Content-Security-Policy
lets them through. What a script must know stands in attributes of its own tag.
"""

from __future__ import annotations

from typing import Any

from django.forms import Media, Script
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from .. import conf

#: Below ``STATIC_URL``; what our own admins and pages need besides, they add themselves.
CALL_STYLES = "django_mango/call.css"
CALL_SCRIPT = "django_mango/call.js"
STRIP_STYLES = "django_mango/strip.css"
CARDS_SCRIPT = "django_mango/strip_cards.js"
STRIP_SCRIPT = "django_mango/strip.js"


def call_media() -> Media:
    """What call controls need: the style sheet, and the script where its endpoint is mounted.

    Without the script the controls are links to a page that asks and calls.
    """
    endpoint = call_endpoint()
    scripts: list[Any] = [_call_script(endpoint)] if endpoint else []
    return Media(css={"all": [CALL_STYLES]}, js=scripts)


def page_media(site: str = "") -> Media:
    """What every page of the watched admin site ``site`` carries, with or without numbers."""
    return call_media() + strip_media(site)


def strip_media(site: str = "") -> Media:
    """What the strip of running calls needs; nothing where it is switched off or not mounted.

    ``site`` is the name of the admin site its links are to stay on.
    """
    try:
        endpoint = reverse("django_mango:live")
    except NoReverseMatch:
        return Media()
    if not conf.get("STRIP", bool):
        return Media()
    attributes = {
        "data-endpoint": endpoint,
        "data-csrf": reverse("django_mango:csrf"),
        "data-seen": reverse("django_mango:seen"),
        "data-site": site,
    }
    scripts: list[Any] = [
        Script(CARDS_SCRIPT, defer=True),
        Script(STRIP_SCRIPT, defer=True, **attributes),
    ]
    return Media(css={"all": [STRIP_STYLES]}, js=scripts)


def call_endpoint() -> str:
    """The address that places calls, empty where ``django_mango.urls`` is not mounted."""
    try:
        return reverse("django_mango:call")
    except NoReverseMatch:
        return ""


def _call_script(endpoint: str) -> Script:
    """The script in the language of the page: what it may have to say without being answered."""
    return Script(
        CALL_SCRIPT,
        defer=True,
        **{
            "data-endpoint": endpoint,
            "data-csrf": reverse("django_mango:csrf"),
            "data-calling": _("Calling…"),
            "data-lost": _(
                "No answer came. The call may have been placed all the same: look at your phone."
            ),
            "data-stale": _("This page is out of date. Reload it and try again."),
            "data-close": _("Close"),
        },
    )
