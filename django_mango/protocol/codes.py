"""Result codes of the service: what they mean and how unknown ones are read (§Codes, Q19).

One list serves answers to commands, ends of calls and recordings. The rows are
in ``codes_table``; this module holds the rules.
"""

from __future__ import annotations

from functools import lru_cache

from .codes_table import MEANINGS, Meaning
from .times import integer_or_none

DONE = 1000
_UNKNOWN = Meaning("unknown result", "неизвестный результат", True)
# Reasons the older document prints as text (T-10, Q30).
_REASON_WORDS = {"busy": 1121, "remotehangup": 1120}
_LARGEST_REASON = 999_999


def meaning(code: int, language: str = "en") -> str:
    """The official meaning of ``code``, of its class where the code is unknown.

    ``language`` is a language tag: anything that begins with ``ru`` gives
    Russian, everything else English.
    """
    row = MEANINGS.get(nearest(code), _UNKNOWN)
    return row.russian if language.lower().startswith("ru") else row.english


@lru_cache(maxsize=1024)
def nearest(code: int) -> int:
    """The known code that speaks for ``code``; 0 when nothing does (§Codes).

    A known code speaks for itself. An unknown one is read as its nearest class:
    2219 as 2210, 1090 as 1000. Only codes the document names as classes stand
    in, so 5250 is "server error" and not "the service ALLOW_GROUPS is not connected".
    """
    if code in MEANINGS:
        return code
    for width in (10, 100, 1000):
        candidate = code // width * width
        if candidate in MEANINGS and MEANINGS[candidate].is_class:
            return candidate
    return 0


def is_success(code: int) -> bool:
    """Whether ``code`` as the result of a command says that it was carried out (§2.1.1).

    1000, 1001 (done with a remark) and unknown codes of their class are. So are
    the ends of a call, 11xx and 13xx: such an answer says that the command was
    done and how the call it touched ended; the outcome of the call is told by its
    facts, never by this code. 12xx are contact centre session errors: no success.
    """
    return code // 1000 == 1 and nearest(code) // 100 != 12


@lru_cache(maxsize=1024, typed=True)
def reason_code(text: str | int) -> int | None:
    """The code of a ``disconnect_reason`` as sent: number, text of digits or a word (Q30, Q60).

    ``Busy`` is 1121, ``RemoteHangup`` 1120, in any case of letters. Codes missing
    in the list are kept as they are (Q47); nothing, zero and other words give ``None``.
    """
    number = integer_or_none(text)
    if number is not None:
        return number if 0 < number <= _LARGEST_REASON else None
    return _REASON_WORDS.get(text.strip().lower()) if isinstance(text, str) else None
