"""Telephone numbers: what a text is, and its one normal form (§11.5, Q61, Q62).

Numbers of the service are E.164 digits without plus; numbers people write are
anything. The two readers differ on purpose: ``4741234567`` from the service is
Norway, typed by a Russian manager it is Lipetsk without the eight.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

from .errors import InputError


class Kind(StrEnum):
    """What a text in a number field is."""

    E164 = "e164"
    EXTENSION = "extension"
    SIP = "sip"
    ANONYMOUS = "anonymous"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Number:
    """A text of a number field, classified.

    ``e164`` has its plus and is empty unless ``kind`` is E164. ``extension`` is
    the part after "доб." or "ext", kept as a hint and never dialled.
    """

    raw: str
    kind: Kind
    e164: str = ""
    extension: str = ""

    @property
    def digits(self) -> str:
        """The form the service wants: E.164 without plus (§11.5)."""
        return self.e164.removeprefix("+")


_ANONYMOUS = frozenset(
    {"", "anonymous", "unknown", "unavailable", "private", "restricted", "none", "null", "-1"}
)
_LONGEST_EXTENSION = 6
_EXTENSION_MARK = re.compile(r"(?:доб(?:авочный)?|вн(?:утр)?)\.?\s*[:№#]?\s*(\d{1,7})\s*$", re.I)
_SIP_SCHEME = re.compile(r"\A(?:\s*sips?:)+")
_PREMIUM = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST})


@lru_cache(maxsize=20_000)
def from_service(text: str, region: str = "RU") -> Number:
    """Classify a number as the service sends it: digits, ``sip:``, an extension, nothing."""
    raw = text.strip()
    if raw.lower() in _ANONYMOUS:
        return Number(text, Kind.ANONYMOUS)
    if is_sip(raw):
        return Number(text, Kind.SIP)
    digits = raw.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return _from_text(text, region)
    if len(digits) <= _LONGEST_EXTENSION and raw == digits:
        return Number(text, Kind.EXTENSION)
    national = _parse(digits, region) if raw == digits else None
    if national and _has_trunk_prefix(digits, region) and phonenumbers.is_valid_number(national):
        return _e164(text, national)
    international = _parse(f"+{digits}", None)
    if international and phonenumbers.is_valid_number(international):
        return _e164(text, international)
    if national and phonenumbers.is_valid_number(national):
        return _e164(text, national)
    # Numbering plans outrun every table: a number of the right length is a real caller.
    if international and _is_possible(international):
        return _e164(text, international)
    return Number(text, Kind.UNKNOWN)


@lru_cache(maxsize=20_000)
def from_text(text: str, region: str = "RU") -> Number:
    """Classify a number as people write it: ``8 (916) 123-45-67 доб. 12``."""
    raw = text.strip()
    if raw.lower() in _ANONYMOUS:
        return Number(text, Kind.ANONYMOUS)
    if is_sip(raw):
        return Number(text, Kind.SIP)
    if raw.isascii() and raw.isdigit() and len(raw) <= _LONGEST_EXTENSION:
        return Number(text, Kind.EXTENSION)
    return _from_text(text, region)


def dialable(text: str, region: str = "RU") -> Number:
    """The number to dial, or ``InputError`` saying in one word what is wrong with the text."""
    number = from_text(text, region)
    if number.kind is Kind.ANONYMOUS:
        raise InputError("number", "required")
    if number.kind is not Kind.E164:
        raise InputError("number", "invalid_number", text.strip()[:64])
    return number


def is_sip(text: str) -> bool:
    """Whether the text is a SIP address, with or without the scheme (§11.5)."""
    lowered = text.lower()
    return lowered.startswith(("sip:", "sips:")) or ("@" in lowered and " " not in lowered)


def canonical_sip(text: str) -> str:
    """SIP address for comparison: no scheme, no parameters, lower case."""
    return _SIP_SCHEME.sub("", text.lower().partition(";")[0]).strip()


def is_premium(number: Number) -> bool:
    """Whether a call costs more than a call (premium rate, shared cost)."""
    parsed = _parse(number.e164, None)
    return parsed is not None and phonenumbers.number_type(parsed) in _PREMIUM


def is_emergency(digits: str, region: str = "RU") -> bool:
    """Whether a short number reaches an emergency service in the region."""
    return bool(phonenumbers.is_emergency_number(digits, region))


def region_of(number: Number) -> str:
    """ISO code of the country a number belongs to, empty when unknown."""
    parsed = _parse(number.e164, None)
    return (phonenumbers.region_code_for_number(parsed) or "") if parsed else ""


def for_people(e164: str) -> str:
    """International format with blanks, as shown on a page: ``+7 916 123-45-67``."""
    parsed = _parse(e164, None)
    if parsed is None:
        return e164
    return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)


def _from_text(text: str, region: str) -> Number:
    marked = _EXTENSION_MARK.search(text)
    parsed = _parse(text[: marked.start()] if marked else text, region)
    if parsed is None or not phonenumbers.is_valid_number(parsed):
        return Number(text, Kind.UNKNOWN)
    extension = marked.group(1) if marked else (parsed.extension or "")
    return _e164(text, parsed, extension)


def _e164(text: str, parsed: PhoneNumber, extension: str = "") -> Number:
    bare = PhoneNumber(
        country_code=parsed.country_code,
        national_number=parsed.national_number,
        italian_leading_zero=parsed.italian_leading_zero,
        number_of_leading_zeros=parsed.number_of_leading_zeros,
    )
    return Number(
        text, Kind.E164, phonenumbers.format_number(bare, PhoneNumberFormat.E164), extension
    )


def _parse(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _has_trunk_prefix(digits: str, region: str) -> bool:
    return region == "RU" and len(digits) == 11 and digits.startswith("8")


def _is_possible(parsed: PhoneNumber) -> bool:
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    return bool(reason == ValidationResult.IS_POSSIBLE)
