"""The runs of digits in a text of a person that may be telephone numbers; no numbering plan.

``моб. 8 (916) 123-45-67, раб. 8 495 540-44-44 доб. 12`` has two, the second with an
extension. A letter inside or against a run of digits (a Cyrillic ``О`` for a zero)
makes it no number: what was meant is not guessed. Digits are never joined across
a comma, a slash or a new line: ``495-44-44/123`` is no number of ten digits.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

#: Longer texts are notes; numbers stand at their beginning or nowhere.
_LONGEST_TEXT = 2000
_BLANKS = re.compile(r"(\s+)")
_WIDE_SIGNS = {"＋": "+", "﹢": "+", "（": "(", "）": ")", "．": ".", "／": "/"}
_LETTER = r"[^\W\d_]"

_TOKEN = re.compile(
    rf"""
    (?P<extension>
        (?:доб(?:ав{_LETTER}*)?|вн(?:утр{_LETTER}*)?|ext(?:n|ension)?|[xх#])
        [\s.:=№#]*  (?P<hint>\d{{1,7}}) (?!\d)
    )
  | (?P<date> \d{{1,2}}\.\d{{1,2}}\.(?:19|20)\d\d (?![.\d]) | (?:19|20)\d\d-\d\d-\d\d (?![-\d]) )
  | (?P<run> (?:[+(\[][ ]*)* \d (?: [ ()\[\].~-]* \d )* )
  | (?P<word> {_LETTER}+ | [№²³¹\u2460-\u24ff] )
    """,
    re.X | re.I,
)

#: Words people write against a number without a blank: ``тел89161234567``.
_LABEL = re.compile(
    r"т|тел|телефон|моб|мобильный|сот|раб|дом|факс|tel|phone|ph|mob|mobile|cell|fax|callto"
    r"|whatsapp|viber|telegram|wa|тг|tg",
    re.I,
)
#: What follows these is a number of another kind.
_NO_PHONE = re.compile(
    r"инн|кпп|огрн|огрнип|снилс|бик|окпо|кс|рс|сч[её]т|паспорт|заказ|договор|№|inn|id|order|invoice"
    r"|iban|swift|vin|sku",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Spelling:
    """A run of digits as written, and the digits after "доб." or "ext", if any.

    ``text`` has ASCII digits, blanks and signs only, and is empty for a run that
    letters have spoilt.
    """

    text: str
    extension: str = ""


def spellings(text: str) -> list[Spelling]:
    """Every run of digits in ``text``, in order; an extension belongs to the run before it."""
    found: list[Spelling] = []
    plain = plain_text(text)
    word = ""
    word_end = -1
    for token in _TOKEN.finditer(plain):
        if token["word"]:
            # "тел. № 8..." is still a phone.
            word = token["word"] if not (token["word"] == "№" and _LABEL.fullmatch(word)) else word
            word_end = token.end()
            continue
        if token["extension"] and found:
            found[-1] = Spelling(found[-1].text, found[-1].extension or token["hint"])
        elif token["run"]:
            touched = token.start() == word_end and not _LABEL.fullmatch(word)
            spoilt = touched or _NO_PHONE.fullmatch(word) or _is_spoilt(plain, token)
            found.append(Spelling("" if spoilt else token["run"].replace("~", " ")))
        word = ""
    return found


def plain_text(text: str) -> str:
    """The text with ASCII digits, blanks and signs, without invisible characters and e-mails.

    Numbers copied from a phone or a web page come with direction marks, no-break
    blanks and typographic dashes; full-width digits come from keyboards of the East.
    """
    plain = "".join(map(_plain_character, text[:_LONGEST_TEXT]))
    return "".join(part for part in _BLANKS.split(plain) if "@" not in part)


def _plain_character(character: str) -> str:
    if character.isascii():
        return " " if character == "\t" else character
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Zs":
        return " "
    if category in {"Cf", "Mn"}:  # direction marks, soft hyphens, joiners, variation selectors
        return ""
    if category == "Pd" or character in "−⁃":
        return "-"
    return _WIDE_SIGNS.get(character, character)


def _is_spoilt(plain: str, run: re.Match[str]) -> bool:
    """Whether the run stands against a letter or grows out of another number's plus."""
    after = _TOKEN.match(plain, run.end())
    if after and after["word"] and not _LABEL.fullmatch(after["word"]):
        return True
    return run["run"][0] == "+" and run.start() > 0 and plain[run.start() - 1].isdigit()
