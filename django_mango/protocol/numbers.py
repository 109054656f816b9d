"""Telephone numbers: what a text is, and its one normal form (§11.5, Q61, Q62).

Numbers of the service are E.164 digits without plus; numbers people write are
anything. The two readers differ on purpose: ``4741234567`` from the service is
Norway, typed by a Russian manager it is Lipetsk without the eight.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

from .errors import InputError
from .spelling import spellings


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
#: Longer texts are notes, or sent to fill the memory: read each time.
_LONGEST_REMEMBERED = 256
#: A plus, then an eight on its own: the trunk prefix after a plus that has no business there.
_PLUS_EIGHT = re.compile(r"\+ ?\(?8(?!\d)")
_RUSSIA_AND_KAZAKHSTAN = 7
_TEN_AFTER_SEVEN = re.compile(r"7[347-9][0-9]{9}")
_COMPACT = re.compile(r"\+\d{10,15}")
#: Two numbers with a blank between them have so many digits at least.
_FEWEST_OF_TWO = 17
_SIP_SCHEME = re.compile(r"\A(?:\s*sips?:)+")
#: Personal numbers (+44 70) are billed like premium ones, and are what swindlers like best.
_PREMIUM = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.PERSONAL_NUMBER,
    }
)
#: The table calls them Russian, the bill does not: Abkhazia (840, 940), satellites (954).
_NOT_OF_RUSSIA = ("+7840", "+7940", "+7954")


@lru_cache(maxsize=20_000)
def from_service(text: str, region: str = "RU") -> Number:
    """Classify a number as the service sends it: digits, ``sip:``, an extension, nothing."""
    # Whatever the numbering plan holds, ten digits after a seven are a number of Russia or
    # Kazakhstan, where no trunk prefix can be meant. An import meets one in each second call.
    if region == "RU" and _TEN_AFTER_SEVEN.fullmatch(text):
        return Number(text, Kind.E164, f"+{text}")
    return by_numbering_plan(text, region)


def by_numbering_plan(text: str, region: str) -> Number:
    """``from_service`` without its short way for the numbers of most callers."""
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


def from_text(text: str, region: str = "RU") -> Number:
    """Classify a number as people write it: ``8 (916) 123-45-67 доб. 12``."""
    return (_remembered if len(text) <= _LONGEST_REMEMBERED else _classified)(text, region)


def _classified(text: str, region: str) -> Number:
    raw = text.strip()
    if raw.lower() in _ANONYMOUS:
        return Number(text, Kind.ANONYMOUS)
    if is_sip(raw):
        return Number(text, Kind.SIP)
    if raw.isascii() and raw.isdigit() and len(raw) <= _LONGEST_EXTENSION:
        return Number(text, Kind.EXTENSION)
    return _from_text(text, region)


_remembered = lru_cache(maxsize=20_000)(_classified)


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
    """Whether a call costs more than a call (premium rate, shared cost, personal number)."""
    parsed = _parse(number.e164, None)
    return parsed is not None and phonenumbers.number_type(parsed) in _PREMIUM


def is_emergency(digits: str, region: str = "RU") -> bool:
    """Whether a short number reaches an emergency service in the region."""
    return bool(phonenumbers.is_emergency_number(digits, region))


def region_of(number: Number) -> str:
    """ISO code of the country whose tariff a number has, empty when unknown."""
    if number.e164.startswith(_NOT_OF_RUSSIA):
        return ""
    parsed = _parse(number.e164, None)
    return (phonenumbers.region_code_for_number(parsed) or "") if parsed else ""


def for_people(e164: str) -> str:
    """International format with blanks, as shown on a page: ``+7 916 123-45-67``."""
    parsed = _parse(e164, None)
    if parsed is None:
        return e164
    return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)


def _from_text(text: str, region: str) -> Number:
    """The one number of a text; with several of them it is no number."""
    found = all_in(text, region)
    if len(found) != 1:
        return Number(text, Kind.UNKNOWN)
    return replace(found[0], raw=text)


def all_in(text: str, region: str = "RU") -> tuple[Number, ...]:
    """The whole numbers in a text of a person, in order, each once; their ``raw`` is their part.

    Whatever is no whole number (an internal extension, a word, a date, half a
    number) is left out, never guessed.
    """
    return (_all_remembered if len(text) <= _LONGEST_REMEMBERED else _found_in)(text, region)


def _found_in(text: str, region: str) -> tuple[Number, ...]:
    found: dict[str, Number] = {}
    for one in spellings(text):
        parts = _apart(one.text, region)
        for part, parsed in parts:
            number = _e164(part, parsed, one.extension if part is parts[-1][0] else "")
            found.setdefault(number.e164, number)
    return tuple(found.values())


_all_remembered = lru_cache(maxsize=20_000)(_found_in)


def _apart(text: str, region: str) -> list[tuple[str, PhoneNumber]]:
    """The number a run of digits is, or the two it is with nothing but a blank between them."""
    whole = _read(text, region)
    if whole:
        return [(text, whole)]
    if sum(character.isdigit() for character in text) < _FEWEST_OF_TWO:
        return []
    pairs = []
    for blank in re.finditer(" +", text):
        parts = text[: blank.start()], text[blank.end() :]
        read = [_read(part, region) for part in parts]
        pairs += [[(parts[0], read[0]), (parts[1], read[1])]] if read[0] and read[1] else []
    return pairs[0] if len(pairs) == 1 else []


def _read(text: str, region: str) -> PhoneNumber | None:
    """A run of digits and signs as the number it spells in full."""
    if not text or _PLUS_EIGHT.match(text):
        return None
    parsed = _parse(text, region)
    if parsed and phonenumbers.is_valid_number(parsed):
        return None if _is_abroad_without_prefix(text, parsed, region) else parsed
    if parsed and _COMPACT.fullmatch(text) and _is_possible(parsed):
        return parsed  # written by a machine; numbering plans outrun every table
    digits = re.sub(r"\D", "", text)
    if digits.startswith("00"):
        parsed = _parse(f"+{digits[2:]}", None)
        return parsed if parsed and phonenumbers.is_valid_number(parsed) else None
    return None


def _is_abroad_without_prefix(text: str, parsed: PhoneNumber, region: str) -> bool:
    """Whether ten bare digits would be a number of the other country with the code 7.

    They are rather a taxpayer's number or a home number that lost a digit.
    """
    if parsed.country_code != _RUSSIA_AND_KAZAKHSTAN or "+" in text:
        return False
    bare = re.sub(r"\D", "", text) == str(parsed.national_number)
    return bare and phonenumbers.region_code_for_number(parsed) != region


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
