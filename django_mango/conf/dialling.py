"""Where calls may go, as the settings say it."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

from .reading import get, raw


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
    given = raw().get("ALLOWED_DESTINATIONS")
    if given is None:
        return Destinations(frozenset({get("DEFAULT_REGION", str).upper()}), ())
    return _destinations("ALLOWED_DESTINATIONS", given)


def denied_destinations() -> Destinations:
    """What may never be called, even where its country is allowed."""
    return _destinations("DENIED_DESTINATIONS", raw().get("DENIED_DESTINATIONS", ()))


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
